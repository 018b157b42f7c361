"""Staff change an order that was placed: address, slot, words for the driver. A button of its page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.forms.profile import clean_pincode, country_of
from accounts.models import Address
from accounts.rules.addresses import NEEDED
from deliveries.actions import change_order
from milkdelivery.backoffice.base import ReadOnlyAdmin
from milkdelivery.backoffice.pages import Question, ask
from milkdelivery.core import clock
from milkdelivery.core.queries import region_book
from milkdelivery.core.web import actor_of
from orders.actions import OrderChange, edition_of
from orders.models import Order
from orders.rules.changing import CHANGEABLE
from orders.snapshots import moved_to

PARTS = ("flat", "floor", "tower", "society", "line1", "line2", "landmark", "pincode", "city", "state", "instructions")
"""Of an address, what can be typed."""


class ChangeForm(forms.Form):
    """The order as it is, to be typed over. `edition` is what the page showed."""

    edition = forms.CharField(widget=forms.HiddenInput)
    slot = forms.ChoiceField(label=gettext_lazy("Slot"), widget=UnfoldAdminSelectWidget())
    special_instructions = forms.CharField(
        label=gettext_lazy("Note of this order for the driver"),
        required=False,
        max_length=255,
        widget=UnfoldAdminTextInputWidget(),
    )

    def __init__(self, *args: Any, order: Order, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order = order
        self.slots = {slot.code: slot for slot in region_book().slots_of(order.region_id)}
        self.fields["slot"].choices = [  # type: ignore[attr-defined]
            (code, f"{slot.label}, {slot.starts_at:%H:%M}–{slot.ends_at:%H:%M}") for code, slot in self.slots.items()
        ]
        for name in PARTS:
            known = Address._meta.get_field(name)  # noqa: SLF001 - what Django documents
            self.fields[name] = forms.CharField(
                label=str(known.verbose_name).capitalize(),  # type: ignore[union-attr]
                max_length=known.max_length,  # type: ignore[union-attr]
                required=name in NEEDED,
                error_messages={"required": str(NEEDED.get(name, ""))},
                widget=UnfoldAdminTextInputWidget(),
            )
        self.order_fields(["edition", "slot", *PARTS, "special_instructions"])

    @staticmethod
    def of(order: Order) -> dict[str, Any]:
        """What it shows at first."""
        known = {name: order.address.get(name, "") for name in PARTS}
        told = {"slot": order.slot.code, "special_instructions": order.special_instructions}
        return {**known, **told, "edition": edition_of(order)}

    def clean_pincode(self) -> str:
        return clean_pincode(self.cleaned_data["pincode"])

    @property
    def change(self) -> OrderChange:
        """What was typed. The place on the map stays only where the door does."""
        told, known = self.cleaned_data, self.order.address
        typed = {name: " ".join(told[name].split()) for name in PARTS}
        is_same_door = all(typed[name] == known.get(name, "") for name in PARTS if name != "instructions")
        address = dict(known)
        if not is_same_door:
            address = moved_to(self.order, Address(**typed, country=country_of(typed["pincode"])))
        elif typed["instructions"] != known.get("instructions", ""):
            address = {**known, "instructions": typed["instructions"]}
        return OrderChange(address, self.slots[told["slot"]], told["special_instructions"])


class ChangingActions(ReadOnlyAdmin):
    """Changing what was ordered. A part of the order's admin."""

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Until the cut-off, and as long as nothing of it is packed."""
        buttons: list[Any] = super().get_actions_detail(request, object_id)
        order = Order.objects.select_related("slot").filter(pk=object_id, status__in=CHANGEABLE).first()
        may = order is not None and clock.now() < region_book().cutoff_at(order.slot, order.delivery_date)
        return buttons if may else [each for each in buttons if each.path != "alter"]

    @action(
        description=gettext_lazy("Change address or slot"),
        permissions=["operate"],
        url_path="alter",
        icon="edit_location_alt",
    )
    def alter(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order: Order = self.record(request, object_id)

        def form(*args: Any, **kwargs: Any) -> ChangeForm:
            made = ChangeForm(*args, order=order, **kwargs)
            forms_made.append(made)
            return made

        def perform(answer: dict[str, Any]) -> str:
            change_order(order.pk, forms_made[-1].change, seen=answer["edition"], by=actor_of(request))
            return _("Order %(number)s is changed.") % {"number": order.number}

        forms_made: list[ChangeForm] = []
        question = Question(
            title=_("Change order %(number)s") % {"number": order.number},
            intro=_(
                "Its delivery, its round and, where it must be, its dairies follow, and the household is told. Day, "
                "goods and prices stay: for another day or region cancel the order and place it anew."
            ),
            submit=_("Change it"),
            form=form,
            initial=ChangeForm.of(order),
            facts=[
                (_("Customer"), order.customer),
                (_("Day"), date_format(order.delivery_date, "l, j F")),
                (_("Total"), order.grand_total.format()),
            ],
            perform=perform,
        )
        return ask(self, request, order, question)
