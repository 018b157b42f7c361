"""Filling the wallet: how much and how, what became of it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from accounts.views.profile import INVALID
from milkdelivery.core.api.throttles import Payments, is_too_often
from milkdelivery.core.errors import DomainError
from milkdelivery.core.fields import MoneyFormField
from milkdelivery.core.web import actor_of
from milkdelivery.shopping import shopping_of
from payments.actions import Means, look_at_payment, pay_top_up
from payments.forms import PayForm
from payments.gateways import is_demo, top_up_methods
from payments.gateways.base import Next
from payments.gateways.demo.scenarios import ALL
from payments.models import Payment
from payments.queries import saved_methods_of
from payments.views.wallet import WalletBase
from payments.words import failure_words

TOO_MANY = 429
LONGEST_AMOUNT = 12
Status = Payment.Status


class TopUpForm(PayForm):
    """How much, and how to pay it. `key` makes pressing twice the same as pressing once."""

    key = forms.CharField(max_length=32, widget=forms.HiddenInput)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        usable = top_up_methods()
        labels = dict(Payment.Method.choices)
        saved = [choice for choice in self.fields["how"].choices if ":" in str(choice[0])]  # type: ignore[attr-defined]
        self.fields["how"].choices = [*saved, *((method, labels[method]) for method in usable)]  # type: ignore[attr-defined]
        self.fields["amount"] = MoneyFormField(currency=currency, label=gettext_lazy("How much"))
        self.fields["amount"].widget.attrs.update(inputmode="decimal", autocomplete="off")

    def add_refusal(self, refusal: DomainError) -> None:
        if refusal.field == "amount":
            self.add_error("amount", str(refusal.message))
        else:
            super().add_refusal(refusal)


@method_decorator(sensitive_post_parameters(), name="dispatch")
class TopUp(WalletBase):
    @property
    def currency(self) -> str:
        """Money is put in where one shops."""
        return shopping_of(self.request).region.currency

    def get(self, request: HttpRequest) -> HttpResponse:
        if not top_up_methods():
            raise Http404("no gateway takes money for wallets")
        amount = request.GET.get("amount", "")[:LONGEST_AMOUNT]
        return self._page(self._form(initial={"key": uuid4().hex, "how": top_up_methods()[0], "amount": amount}))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self._form(data=request.POST)
        if not form.is_valid():
            return self._page(form, status=INVALID)
        if is_too_often(Payments, request):
            form.add_error(None, _("That was often in a short time. Wait a minute, then press the button again."))
            return self._page(form, status=TOO_MANY)
        means = Means(
            method=form.method,
            details=form.details(),
            saved_id=form.saved_id,
            saves=bool(form.cleaned_data.get("saves")),
        )
        key = f"{self.person.pk}-{form.cleaned_data['key']}"
        try:
            payment = pay_top_up(self.person.pk, form.cleaned_data["amount"], means, key=key, by=actor_of(request))
        except DomainError as refusal:
            form.add_refusal(refusal)
            return self._page(form, status=INVALID)
        if payment.status == Status.FAILED:
            form.add_error(None, failure_words(payment))
            form.data = {**{name: form.data.get(name, "") for name in form.fields}, "number": "", "key": uuid4().hex}
            return self._page(form, status=INVALID)
        if payment.next_action.get("kind") == Next.REDIRECT:
            return HttpResponseRedirect(payment.next_action["url"])
        return redirect("payments:top_up_state", payment.pk)

    def _form(self, **kwargs: Any) -> TopUpForm:
        return TopUpForm(saved=saved_methods_of(self.person.pk), currency=self.currency, **kwargs)

    def _page(self, form: TopUpForm, *, status: int = 200) -> HttpResponse:
        scenarios = ALL if is_demo() else ()
        return self.page("top_up", status=status, form=form, scenarios=scenarios, currency=self.currency)


class TopUpState(WalletBase):
    """What became of a top-up; coming back from a bank lands here. Asking for news is a POST."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        payment = self._payment(pk)
        if payment.status == Status.PENDING and payment.next_action.get("kind") != Next.REDIRECT:
            return self.page("top_up_wait", payment=payment)
        return self._settle(payment)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        payment = self._payment(pk)
        if payment.status == Status.PENDING:
            payment = look_at_payment(payment.pk, by=actor_of(request))
        if payment.status == Status.PENDING:
            messages.info(request, _("There is no news yet."))
            return redirect("payments:top_up_state", pk)
        return self._settle(payment)

    def _payment(self, pk: int) -> Payment:
        payment = Payment.objects.filter(pk=pk, user_id=self.person.pk, order=None).first()
        if payment is None:
            raise Http404
        return payment

    def _settle(self, payment: Payment) -> HttpResponse:
        if payment.status == Status.PENDING:  # back from the bank's own page
            payment = look_at_payment(payment.pk, by=actor_of(self.request))
        if payment.status == Status.PENDING:
            return self.page("top_up_wait", payment=payment)
        if payment.status == Status.FAILED:
            messages.error(self.request, failure_words(payment))
            return redirect(f"{reverse('payments:top_up')}?amount={payment.amount.to_decimal()}")
        messages.success(self.request, _("%(amount)s is in your wallet.") % {"amount": payment.amount.format()})
        return redirect(f"{reverse('payments:wallet')}?currency={payment.currency}")
