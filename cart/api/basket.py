"""Whose cart a request of an app is about: a person's own, or a guest's by a signed token in a header."""

from functools import cached_property
from typing import Any
from uuid import UUID

from django.core import signing

from cart.actions import merge_guest_cart
from milkdelivery.core.api.places import PlaceQuery, known_pincode
from milkdelivery.core.models import Pincode
from milkdelivery.core.web import CART_TOKEN_HEADER, actor_of
from milkdelivery.shopping import CART_AGE, CART_COOKIE, CART_SALT, Shopping

HEADERS_READ = {
    CART_TOKEN_HEADER: "A guest's cart, as `token` of an earlier answer named it. Sent by somebody who is signed in, "
    "that cart joins their own."
}

# The same signature as of the browser's cookie: a cart may move between the two.
_signer = signing.get_cookie_signer(salt=CART_COOKIE + CART_SALT)


class AppShopping(Shopping):
    """The shop as an app sees it: no cookies; the cart's token comes in a header, the pincode in the query."""

    @cached_property
    def token(self) -> UUID | None:
        """The cart token that was sent, if its signature is ours."""
        try:
            return UUID(_signer.unsign(self._request.headers.get(CART_TOKEN_HEADER, ""), max_age=CART_AGE))
        except (signing.BadSignature, ValueError):
            return None

    @cached_property
    def pincode(self) -> Pincode | None:
        """What the query says, or else the address used last. Raises ValidationError for one that we don't know."""
        asked = PlaceQuery(data={"pincode": self._request.GET["pincode"]} if "pincode" in self._request.GET else {})
        asked.is_valid(raise_exception=True)
        code = asked.validated_data.get("pincode")
        return known_pincode(self.book, code) if code else self._pincode_of_last_address()

    @property
    def signed_token(self) -> str | None:
        """What the app is to send next time; None for somebody who is signed in, and for a guest without a cart."""
        return _signer.sign(str(self.token)) if self.user is None and self.token else None


def shopping_of_app(request: Any) -> AppShopping:
    """The caller's shopping. A guest's cart that somebody signed in brings along joins their own."""
    shopping = AppShopping(request)
    if shopping.user is not None and shopping.token is not None:
        merge_guest_cart(shopping.token, customer_id=shopping.user.pk, by=actor_of(request))
        shopping.forget_cart()
    return shopping
