"""Icons are rendered once in each place where they stand.

An include of an icon with nothing but words written out in the template can't say anything else at the next look, but
in another language. A page has some twenty of them, and made anew they take a tenth of its time.
"""

from __future__ import annotations

from django.template import Context, Library
from django.template.base import FilterExpression, Parser, Token, Variable
from django.template.loader_tags import IncludeNode, do_include
from django.utils.safestring import SafeString
from django.utils.translation import get_language

CONSTANT = frozenset({"components/icon.html"})
"""Templates that say the same whenever they are told the same."""

register = Library()


class ConstantInclude(IncludeNode):
    """An include that is rendered at the first look. It is kept with its template, so it ends with it."""

    def __init__(self, found: IncludeNode) -> None:
        super().__init__(found.template, extra_context=found.extra_context, isolated_context=True)
        self._kept: dict[tuple[str | None, bool], SafeString] = {}

    def render(self, context: Context) -> SafeString:
        key = (get_language(), context.autoescape)
        if key not in self._kept:
            self._kept[key] = super().render(context)
        return self._kept[key]


@register.tag("include")
def include(parser: Parser, token: Token) -> IncludeNode:
    """As Django's own, and kept where nothing in it can change."""
    node = do_include(parser, token)
    is_alone = node.isolated_context and node.template.var in CONSTANT
    if is_alone and all(_is_written_out(value) for value in node.extra_context.values()):
        return ConstantInclude(node)
    return node


def _is_written_out(value: FilterExpression) -> bool:
    """Whether a template says it itself: words, a number, True or False."""
    is_name = isinstance(value.var, Variable) and value.var.literal is None and value.token not in ("True", "False")
    return not is_name and not value.filters
