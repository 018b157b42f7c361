"""The books in the back office: wallets with their statements, our own accounts, recounts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from milkdelivery.backoffice.base import ReadOnlyAdmin
from milkdelivery.backoffice.columns import when
from milkdelivery.backoffice.filters import choices, days
from milkdelivery.backoffice.forms import ReasonForm
from milkdelivery.backoffice.pages import Question, ask
from milkdelivery.backoffice.recounts import Difference, RecountAdmin
from milkdelivery.backoffice.words import names_of
from milkdelivery.core.actors import Actor
from milkdelivery.core.fields import MoneyFormField
from milkdelivery.core.money import Money
from milkdelivery.core.web import actor_of
from payments import actions
from payments.models import LedgerAccount, LedgerEntry, LedgerRecount
from payments.queries import held_of_person, statement
from payments.rules.ledger import AccountKind
from payments.views.statement import statement_file, words_of

SHOWN_LINES = 50
ADD, TAKE = "ADD", "TAKE"


class MoneyForm(forms.Form):
    """An amount, and a key that makes pressing twice the same as pressing once."""

    key = forms.CharField(widget=forms.HiddenInput(), max_length=64)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = lambda: uuid4().hex
        self.fields["amount"] = MoneyFormField(
            currency=currency,
            label=gettext_lazy("Amount"),
            help_text=currency,
            widget=UnfoldAdminDecimalFieldWidget(attrs={"inputmode": "decimal"}),
        )
        self.order_fields(["direction", "amount", "reference", "reason", "key"])

    def clean(self) -> dict[str, Any]:
        """The way that money goes is chosen by itself: an amount is never below zero."""
        answer: dict[str, Any] = super().clean() or self.cleaned_data
        amount: Money | None = answer.get("amount")
        if amount is not None and amount.minor <= 0:
            self.add_error("amount", _("Enter an amount above zero."))
        return answer


class CorrectionForm(MoneyForm, ReasonForm):
    direction = forms.ChoiceField(
        label=gettext_lazy("What to do"),
        choices=[(ADD, gettext_lazy("Add to the wallet")), (TAKE, gettext_lazy("Take from the wallet"))],
        widget=UnfoldAdminSelectWidget(),
    )


class PayOutForm(MoneyForm, ReasonForm):
    reference = forms.CharField(
        label=gettext_lazy("Reference of the bank transfer"), max_length=80, widget=UnfoldAdminTextInputWidget()
    )


class LimitForm(forms.Form):
    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["credit_limit"] = MoneyFormField(
            currency=currency,
            min_value=0,
            label=gettext_lazy("Credit limit"),
            help_text=gettext_lazy("How far below zero the wallet may go. 0: not at all."),
            widget=UnfoldAdminDecimalFieldWidget(attrs={"inputmode": "decimal"}),
        )


@admin.register(LedgerAccount)
class LedgerAccountAdmin(ReadOnlyAdmin):
    change_form_template = "admin/payments/ledgeraccount/change_form.html"
    list_display = ("whose", "shown_kind", "currency", "shown_balance", "shown_limit")
    list_select_related = ("owner",)
    list_filter = (choices("kind"), "currency")
    search_fields = ("owner__name", "owner__email", "owner__phone", "owner__contact_email", "owner__contact_phone")
    search_help_text = gettext_lazy("Name, e-mail or phone of the person")
    ordering = ("-kind", "owner__name", "id")  # wallets first
    actions_detail = ("correct", "pay_out", "limit", "export")
    fields = (("whose", "shown_kind"), ("shown_balance", "shown_held", "shown_limit"))
    readonly_fields = ("whose", "shown_kind", "shown_balance", "shown_held", "shown_limit")

    # -- columns -------------------------------------------------------------------------------------------------------

    @display(description=gettext_lazy("whose"), ordering="owner__name")
    def whose(self, account: LedgerAccount) -> str:
        return str(account.owner) if account.owner_id is not None else _("The dairy’s own")

    @display(description=gettext_lazy("kind"), ordering="kind")
    def shown_kind(self, account: LedgerAccount) -> str:
        return str(account.get_kind_display())

    @display(description=gettext_lazy("balance"), ordering="balance")
    def shown_balance(self, account: LedgerAccount) -> str:
        return account.balance.format() if account.owner_id is not None else "–"

    @display(description=gettext_lazy("set aside"))
    def shown_held(self, account: LedgerAccount) -> str:
        if account.kind != AccountKind.WALLET or account.owner_id is None:
            return "–"
        return held_of_person(account.owner_id, account.currency).format()

    @display(description=gettext_lazy("credit limit"), ordering="credit_limit")
    def shown_limit(self, account: LedgerAccount) -> str:
        return account.credit_limit.format() if account.kind == AccountKind.WALLET else "–"

    # -- the statement -------------------------------------------------------------------------------------------------

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        account: LedgerAccount | None = kwargs.get("obj")
        if account is not None:
            lines = statement(account, limit=SHOWN_LINES + 1)
            names = names_of({line.actor for line in lines})
            context["lines"] = [
                (line, words_of(line), names.get(line.actor, line.actor)) for line in lines[:SHOWN_LINES]
            ]
            context["is_longer"] = len(lines) > SHOWN_LINES
            context["counted"] = Money(LedgerEntry.objects.sum_of(account.pk), account.currency)
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    @action(description=gettext_lazy("As a file (CSV)"), permissions=["view"], url_path="statement", icon="download")
    def export(self, request: HttpRequest, object_id: str) -> HttpResponse:
        account = self.record(request, object_id)
        lines = statement(account)
        names = names_of({line.actor for line in lines})
        return statement_file(lines, currency=account.currency, names=names)

    # -- what staff do -------------------------------------------------------------------------------------------------

    @action(description=gettext_lazy("Correct"), permissions=["correct"], url_path="correct", icon="balance")
    def correct(self, request: HttpRequest, object_id: str) -> HttpResponse:
        wallet = self._wallet(request, object_id)

        def perform(answer: dict[str, Any]) -> LedgerAccount:
            amount = answer["amount"] if answer["direction"] == ADD else -answer["amount"]
            return actions.correct(
                wallet.owner_id or 0,
                amount,
                reason=answer["reason"],
                key=f"correction-{answer['key']}",
                by=actor_of(request),
            )

        intro = _("What stands in the books stays. This adds one entry with your reason, which the household reads.")
        return self._ask(request, wallet, _("Put a wallet right"), _("Correct"), CorrectionForm, perform, intro)

    @action(description=gettext_lazy("Pay out"), permissions=["pay_out"], url_path="pay-out", icon="account_balance")
    def pay_out(self, request: HttpRequest, object_id: str) -> HttpResponse:
        wallet = self._wallet(request, object_id)

        def perform(answer: dict[str, Any]) -> LedgerAccount:
            return actions.pay_out(
                wallet.owner_id or 0,
                answer["amount"],
                reference=answer["reference"],
                reason=answer["reason"],
                key=f"pay-out-{answer['key']}",
                by=actor_of(request),
            )

        intro = _("When you have sent the money to the person's bank account, note it here.")
        return self._ask(request, wallet, _("Pay out what is in it"), _("Paid out"), PayOutForm, perform, intro)

    @action(description=gettext_lazy("Credit limit"), permissions=["credit"], url_path="credit", icon="credit_score")
    def limit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        wallet = self._wallet(request, object_id)

        def perform(answer: dict[str, Any]) -> str:
            after = actions.set_credit_limit(wallet.owner_id or 0, answer["credit_limit"], by=actor_of(request))
            return _("The credit limit is %(limit)s now.") % {"limit": after.credit_limit.format()}

        question = Question(
            _("How far it may go below zero"),
            _("Save"),
            perform,
            form=partial(LimitForm, currency=wallet.currency),
            initial={"credit_limit": wallet.credit_limit},
            facts=self._facts(wallet),
        )
        return ask(self, request, wallet, question)

    def has_correct_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, "correct", object_id)

    def has_pay_out_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, "pay_out", object_id)

    def has_credit_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may(request, "credit", object_id)

    def _may(self, request: HttpRequest, verb: str, object_id: Any) -> bool:
        """Whether the person's role may, and the account is a wallet."""
        if not request.user.has_perm(f"payments.{verb}_ledgeraccount"):
            return False
        account = self.get_object(request, str(object_id)) if object_id is not None else None
        return account is None or account.kind == AccountKind.WALLET

    def _wallet(self, request: HttpRequest, object_id: str) -> LedgerAccount:
        account: LedgerAccount = self.record(request, object_id)
        if account.kind != AccountKind.WALLET:
            raise Http404
        return account

    def _ask(
        self,
        request: HttpRequest,
        wallet: LedgerAccount,
        title: str,
        submit: str,
        form: type[MoneyForm],
        perform: Callable[[dict[str, Any]], LedgerAccount],
        intro: str,
    ) -> HttpResponse:
        def told(answer: dict[str, Any]) -> str:
            return _("%(balance)s is in the wallet now.") % {"balance": perform(answer).balance.format()}

        question = Question(
            title, submit, told, form=partial(form, currency=wallet.currency), intro=intro, facts=self._facts(wallet)
        )
        return ask(self, request, wallet, question)

    def _facts(self, wallet: LedgerAccount) -> list[tuple[str, Any]]:
        return [
            (_("Whose"), self.whose(wallet)),
            (_("In the wallet"), wallet.balance.format()),
            (_("Set aside"), self.shown_held(wallet)),
            (_("Credit limit"), wallet.credit_limit.format()),
        ]


CLAIMS = {
    "balance": gettext_lazy("Balance"),
    "held": gettext_lazy("Set aside for an order"),
    "transfer_without_entries": gettext_lazy("Transfer without entries"),
    "invoice": gettext_lazy("Invoice of a sale"),
    "invoice_tax": gettext_lazy("Tax on an invoice"),
    "credit_notes": gettext_lazy("Credit notes of an order"),
    "invoice_numbers": gettext_lazy("Numbers of invoices"),
}


@admin.register(LedgerRecount)
class LedgerRecountAdmin(RecountAdmin):
    list_display = ("date", "currency", "accounts", "entries", "result", when("counted_at", gettext_lazy("counted at")))
    list_filter = ("currency", days("date"))
    fields = (("date", "currency"), ("accounts", "entries", "result_in_words"), "counted_at")
    place = gettext_lazy("Account")
    advice = gettext_lazy(
        "No money is moved by itself. Open the account, find out why, and put it right by a correction with a reason."
    )
    question = gettext_lazy("Recount the books")
    intro = gettext_lazy("Counts everything from the entries again. Nothing is changed by it.")

    def differences(self, report: LedgerRecount) -> list[Difference]:
        ids = {drift["account_id"] for drift in report.drifts}
        accounts = LedgerAccount.objects.select_related("owner").in_bulk(ids)
        return [_difference(drift, accounts.get(drift["account_id"]), report.currency) for drift in report.drifts]

    def count_again(self, report: LedgerRecount, *, by: Actor) -> LedgerRecount:
        return actions.recount_books(report.currency, on=report.date, by=by)

    def what_is_counted(self, report: LedgerRecount) -> tuple[str, Any]:
        return _("Currency"), report.currency


def _difference(drift: dict[str, Any], account: LedgerAccount | None, currency: str) -> Difference:
    return Difference(
        where=str(account) if account else "–",
        link=reverse("admin:payments_ledgeraccount_change", args=[account.pk]) if account else "",
        claim=CLAIMS.get(drift["claim"], drift["claim"]),
        subject=drift["subject"],
        row=Money(drift["row"], currency).format(),
        counted=Money(drift["counted"], currency).format(),
    )
