"""Somebody in front of the shop: what they see, and the forms they send."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

from django.test import Client

from catalog.models import Variant

DOOR = {"flat": "4B", "line1": "80 Feet Road", "city": "Bengaluru", "society": "Lake View"}
GUEST = {"name": "Asha Rao", "contact": "asha@example.com"}


@dataclass
class Visitor:
    client: Client

    @classmethod
    def in_another_tab(cls, visitor: Visitor) -> Visitor:
        """The same browser once more, with the cookies it has now."""
        other = cls(Client())
        other.client.cookies.update(visitor.client.cookies)
        return other

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(path, **options)

    def post(self, path: str, data: dict[str, Any], **options: Any) -> Any:
        return self.client.post(path, data, **options)

    def htmx(self, path: str, data: dict[str, Any], *, target: str = "") -> Any:
        headers = {"HX-Request": "true", **({"HX-Target": target} if target else {})}
        return self.client.post(path, data, headers=headers)

    def put(self, variant: Variant, quantity: int | str) -> Any:
        """Have so many pieces of the variant in the cart."""
        return self.post("/cart/set/", {"variant": variant.pk, "quantity": quantity})

    def checkout_fields(self, **typed: Any) -> dict[str, Any]:
        """What the checkout form would send: what it holds, and what is typed into it."""
        return {**form_of(self.get("/checkout/")), **typed}

    def order(self, **typed: Any) -> Any:
        return self.post("/checkout/", self.checkout_fields(**typed))

    def order_as_guest(self, **typed: Any) -> Any:
        return self.order(**{**GUEST, **DOOR, **typed})


def text_of(response: Any) -> str:
    """What people read, in one line."""
    without_tags = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(unescape(without_tags).split())


def form_of(response: Any, form_id: str = "checkout") -> dict[str, str]:
    """The values that a form of the page holds."""
    page = response.content.decode()
    form = page[page.index(f'id="{form_id}"') :]
    fields: dict[str, str] = {}
    for tag in re.findall(r"<input [^>]*>", form[: form.index("</form>")]):
        name, value = _attribute(tag, "name"), _attribute(tag, "value")
        is_choice = 'type="radio"' in tag
        if name and name != "csrfmiddlewaretoken" and (not is_choice or " checked" in tag):
            fields[name] = value
    return fields


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf' {name}="([^"]*)"', tag)
    return unescape(found[1]) if found else ""
