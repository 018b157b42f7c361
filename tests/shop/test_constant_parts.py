"""Icons are rendered once; everything that a template is told at the time is not."""

from __future__ import annotations

from typing import Any

import pytest
from django.template import Context, Template, engines
from django.template.loader_tags import IncludeNode
from django.utils import translation

from milkdelivery.constant_parts import ConstantInclude


def compiled(source: str) -> Template:
    found: Any = engines["django"].from_string(source)
    template: Template = found.template
    return template


def test_an_icon_written_out_is_rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    source = '{% include "components/icon.html" with name="pin" small=True only %}'
    template = compiled(source)
    (node,) = template.nodelist
    assert isinstance(node, ConstantInclude)
    first = template.render(Context())
    assert 'class="icon icon--s"' in first
    assert "#pin" in first
    monkeypatch.setattr(IncludeNode, "render", lambda *_: pytest.fail("it was rendered again"))
    assert template.render(Context()) == first


@pytest.mark.parametrize(
    "words",
    [
        "with name=name only",  # told by the page
        "with name=name|lower only",
        'with name="pin"|add:name only',
        'with name="pin" label=name only',
        'with name="pin"',  # sees what the page sees
    ],
)
def test_what_a_page_tells_an_icon_counts_at_every_look(words: str) -> None:
    template = compiled(f'{{% include "components/icon.html" {words} %}}')
    seen = [template.render(Context({"name": name, "label": name})) for name in ("sun", "moon")]
    assert "sun" in seen[0]
    assert "moon" in seen[1]


def test_other_components_are_never_kept() -> None:
    source = '{% include "components/brand.html" with href="/" name="Milk" only %}'
    (node,) = compiled(source).nodelist
    assert not isinstance(node, ConstantInclude)


def test_each_language_has_its_own() -> None:
    source = '{% load i18n %}{% include "components/icon.html" with name="pin" label=_("Cart") only %}'
    template = compiled(source)
    seen = []
    for language in ("en", "hi"):
        with translation.override(language):
            seen.append(template.render(Context()))
    assert "Cart" in seen[0]
    assert "Cart" not in seen[1]
