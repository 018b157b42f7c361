"""The form of an order that somebody gives by telephone: the shop's checkout, filled in by staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import uuid4

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Address, User
from cart.forms import NEW, CheckoutForm
from milkdelivery.core.models import Region
from milkdelivery.core.queries import RegionBook
from milkdelivery.core.rules import MAX_LINES, MAX_QUANTITY
from orders.models import OrderLine
from payments.gateways import top_up_methods
from payments.models import LedgerAccount, Payment

QUANTITY = "qty_"
LONGEST_KEY = 19
"""Digits: what a key of the database holds for certain."""
COD, WALLET = Payment.Method.COD, Payment.Method.WALLET


class CallForm(CheckoutForm):
    """Where to, when and how it is paid. `user` is the household, None for a new one."""

    token = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        user: User | None,
        addresses: Sequence[Address],
        book: RegionBook,
        home: Region,
        purse: LedgerAccount | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, user=user, addresses=addresses, book=book, home=home, purse=purse, **kwargs)
        self.fields["if_short"].choices = OrderLine.IfShort.choices  # type: ignore[attr-defined]
        self.fields["if_short"].required = True
        self.fields["payment_method"].choices = self._ways_to_pay()  # type: ignore[attr-defined]
        self.fields["payment_method"].label = gettext_lazy("How it is paid")
        self.fields["instructions"].help_text = ""
        self.fields["if_short"].error_messages["required"] = _("Ask what they want where something runs out.")
        if "name" in self.fields:
            self.fields["name"].label = gettext_lazy("Name")
            self.fields["name"].error_messages["required"] = gettext_lazy("Ask for the name.")
        if "contact" in self.fields:
            self.fields["contact"].label = gettext_lazy("Phone number or e-mail address")
            self.fields["contact"].error_messages["required"] = gettext_lazy(
                "Ask for a phone number or an e-mail address."
            )
            self.fields["contact"].help_text = gettext_lazy("The confirmation goes there.")

    def begin_anew(self) -> None:
        """The name of the order did not survive its way: it gets another, and nothing is placed before it was looked
        over."""
        self.data = {**{name: self.data[name] for name in self.data}, "token": fresh_token()}
        del self.errors["token"]
        self.add_error(None, _("This page was not whole when it came back. Look it over and press the button again."))

    @property
    def closed_day(self) -> date | None:
        """The day that was chosen, where it can't be ordered for any more."""
        if self.chosen_when is None:
            return None
        slot, day = self.chosen_when
        is_open = any(day == other.date for other in self.book.open_days(slot))
        return None if is_open and slot.region_id == self.region.pk else day

    def _ways_to_pay(self) -> list[tuple[str, Any]]:
        """Any way that waits for the household is a link: it may choose another one there."""
        known = {name for name, _label in self.fields["payment_method"].choices}  # type: ignore[attr-defined]
        ways: list[tuple[str, Any]] = []
        if COD in known:
            ways.append((COD.value, _("Cash at the door")))
        if WALLET in known and self.purse is not None:
            ways.append((WALLET.value, _("Wallet: %(amount)s") % {"amount": self.purse.spendable.format()}))
        if by_link := link_method():
            ways.append((by_link, _("Send a link to pay")))
        return ways


def is_key(text: str) -> bool:
    """Whether it may name a record."""
    return text.isascii() and text.isdecimal() and len(text) < LONGEST_KEY


def link_method() -> str:
    """What the payment of a link begins with; "" where nothing can be paid by one."""
    return next(iter(top_up_methods()), "")


def fresh_token() -> str:
    """The name of one order: pressed twice, it is placed once."""
    return str(uuid4())


class Pieces:
    """What was typed for each pack: numbers, and what is no number."""

    def __init__(self, typed: Mapping[int, str]) -> None:
        self.typed = dict(typed)
        self.errors: dict[int, str] = {}
        self.numbers: dict[int, int] = {}
        for variant_id, text in typed.items():
            self._read(variant_id, text.strip())

    @classmethod
    def of(cls, data: QueryDict) -> Pieces:
        """Of a form, as many packs as an order holds."""
        names = [name for name in data if name.startswith(QUANTITY)][:MAX_LINES]
        keys = [(name, name.removeprefix(QUANTITY)) for name in names]
        return cls({int(key): str(data[name])[:10] for name, key in keys if is_key(key)})

    def _read(self, variant_id: int, text: str) -> None:
        if text in ("", "0"):
            return
        count = int(text) if text.isascii() and text.isdecimal() else -1
        if 1 <= count <= MAX_QUANTITY:
            self.numbers[variant_id] = count
        else:
            self.errors[variant_id] = _("Choose between 1 and %(most)d pieces.") % {"most": MAX_QUANTITY}

    def with_more(self, more: Mapping[int, int]) -> Pieces:
        """With these besides: of what is there already, at least so many."""
        typed = dict(self.typed)
        for variant_id, count in more.items():
            if variant_id not in self.errors:
                typed[variant_id] = str(min(MAX_QUANTITY, max(count, self.numbers.get(variant_id, 0))))
        return Pieces(typed)

    def with_one(self, variant_id: int) -> Pieces:
        """With one more of a pack."""
        return self.with_more({variant_id: self.numbers.get(variant_id, 0) + 1})

    def without(self, variant_id: int) -> Pieces:
        """Without a pack."""
        return Pieces({pk: text for pk, text in self.typed.items() if pk != variant_id})


def typed_fields(data: QueryDict) -> dict[str, Any]:
    """What stands in a form's fields, to be shown again unchecked."""
    names = [*CallForm.base_fields, "find"]
    return {name: str(data[name]).replace("\0", "") for name in names if name in data}


__all__ = ["NEW", "QUANTITY", "CallForm", "Pieces", "fresh_token", "is_key", "link_method", "typed_fields"]
