"""A household's wallet: what is in it, what came and went, and from where on to be told that it runs low."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.views.profile import INVALID, OwnPage
from milkdelivery.core.errors import DomainError
from milkdelivery.core.fields import MoneyFormField
from milkdelivery.core.money import Money
from milkdelivery.core.web import actor_of
from milkdelivery.shopping import shopping_of
from payments import actions
from payments.gateways import top_up_methods
from payments.models import LedgerAccount
from payments.queries import Line, held_of_person, statement, wallets_of
from payments.views.statement import ABOUT_ORDERS, statement_file, words_of

PER_PAGE = 25
LONGEST_CURSOR = 18


class MarkForm(forms.Form):
    """Below what the household wants to hear of it; empty: never."""

    def __init__(self, *args: object, currency: str, **kwargs: object) -> None:
        super().__init__(*args, **{"label_suffix": "", "use_required_attribute": False, **kwargs})  # type: ignore[arg-type]
        self.currency = currency
        self.fields["low_below"] = MoneyFormField(
            currency=currency,
            required=False,
            min_value=0,
            label=gettext_lazy("Tell me when there is less than"),
            help_text=gettext_lazy("Leave it empty to hear nothing."),
        )
        self.fields["low_below"].widget.attrs.update(inputmode="decimal")

    def mark(self) -> Money:
        return self.cleaned_data["low_below"] or Money.zero(self.currency)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the statement with its words."""

    line: Line
    words: str
    order_number: str


class WalletBase(OwnPage):
    """A wallet of the person, in the currency that was asked for, or that is at home where they shop."""

    section = "wallet"
    folder = "payments"

    @cached_property
    def wallets(self) -> dict[str, LedgerAccount]:
        return {wallet.currency: wallet for wallet in wallets_of(self.person.pk)}

    @cached_property
    def currency(self) -> str:
        wanted = self.request.GET.get("currency") or self.request.POST.get("currency") or ""
        home = shopping_of(self.request).region.currency
        return wanted if wanted in self.wallets else home if home in self.wallets else next(iter(self.wallets), home)

    @property
    def wallet(self) -> LedgerAccount | None:
        return self.wallets.get(self.currency)

    def address(self, name: str = "payments:wallet") -> str:
        home = shopping_of(self.request).region.currency
        return reverse(name) + (f"?currency={self.currency}" if self.currency != home else "")


class Wallet(WalletBase):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show()

    def show(self, *, mark: MarkForm | None = None, status: int = 200) -> HttpResponse:
        before = self.request.GET.get("before", "")
        marker = int(before) if before.isascii() and before.isdigit() and len(before) <= LONGEST_CURSOR else None
        found = statement(self.wallet, before=marker, limit=PER_PAGE + 1) if self.wallet else []
        lines = found[:PER_PAGE]
        zero = Money.zero(self.currency)
        low_below = self.wallet.low_below if self.wallet else zero
        held = held_of_person(self.person.pk, self.currency) if self.wallet else zero
        initial = {"low_below": low_below.to_decimal() if low_below else None}
        context = {
            "wallet": self.wallet,
            "spendable": self.wallet.spendable if self.wallet else zero,
            "held": held,
            "rows": [Row(line, words_of(line), line.reference if line.kind in ABOUT_ORDERS else "") for line in lines],
            "older": lines[-1].entry_id if len(found) > PER_PAGE else None,
            "is_first": marker is None,
            "mark": mark or MarkForm(initial=initial, currency=self.currency),
            "currency": self.currency,
            "can_top_up": bool(top_up_methods()),
            "tabs": [
                (currency, f"?currency={currency}", currency == self.currency) for currency in sorted(self.wallets)
            ],
        }
        return self.page("wallet", status=status, **context)


class WalletMark(Wallet):
    """POST: from where on to be told."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        form = MarkForm(request.POST, currency=self.currency)
        if form.is_valid():
            try:
                actions.set_low_mark(self.person.pk, form.mark(), by=actor_of(request))
            except DomainError as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
            else:
                messages.success(request, _("Saved."))
                return redirect(self.address())
        return self.show(mark=form, status=INVALID)


class WalletFile(WalletBase):
    """The whole statement as a file."""

    def get(self, request: HttpRequest) -> HttpResponse:
        lines = statement(self.wallet) if self.wallet else []
        return statement_file(lines, currency=self.currency)
