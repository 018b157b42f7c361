"""What is asked before somebody is erased: what goes, what stays, and what stands in the way."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldBooleanWidget

from accounts.actions import erase_person
from accounts.models import Address, Device, StaffNote, User
from milkdelivery.backoffice.pages import Question
from milkdelivery.core.erasing import obstacles_of
from milkdelivery.core.web import actor_of
from notifications.models import Notification
from orders.models import Claim, Order
from payments.models import Invoice

MOST_NAMED = 5


class EraseForm(forms.Form):
    is_asked_for = forms.BooleanField(
        label=gettext_lazy("They asked for it, and I have made sure that it was them"),
        error_messages={"required": gettext_lazy("Only who asks for it is erased.")},
        widget=UnfoldBooleanWidget(),
    )
    gives_up_money = forms.BooleanField(
        label=gettext_lazy("They give up what is left in their wallet"), required=False, widget=UnfoldBooleanWidget()
    )


def erasing(person: User, request: HttpRequest) -> Question:
    def perform(answer: dict[str, Any]) -> str:
        erase_person(person.pk, gives_up_money=answer["gives_up_money"], by=actor_of(request))
        return _("What said who they were is gone. Their orders are those of household %(number)d.") % {
            "number": person.pk
        }

    return Question(
        title=_("Erase %(name)s?") % {"name": person},
        intro=_("This can’t be undone. They are signed out everywhere and get a last message."),
        submit=_("Erase for good"),
        is_dangerous=True,
        form=EraseForm,
        facts=_facts(person),
        perform=perform,
    )


def _facts(person: User) -> list[tuple[str, str]]:
    """Nine queries, and those of what stands in the way."""
    orders = Order.objects.of(person.pk)
    goes = _(
        "name and contacts, cards, carts, waiting lists, sessions, addresses (%(addresses)d), devices (%(devices)d), "
        "messages (%(messages)d), notes of staff (%(notes)d), photos and words of claims (%(claims)d)"
    ) % {
        "addresses": Address.objects.filter(user=person).count(),
        "devices": Device.objects.filter(user=person).count(),
        "messages": Notification.objects.filter(recipient=person).count(),
        "notes": StaffNote.objects.filter(user=person).count(),
        "claims": Claim.objects.of_person(person.pk).count(),
    }
    stays = _(
        "orders (%(orders)d) with goods, amounts, day and PIN code; payments and the books; invoices (%(invoices)d) as "
        "they were issued, with name and address, for as long as the law wants them"
    ) % {"orders": orders.count(), "invoices": Invoice.objects.filter(order__customer=person).count()}
    facts = [(_("Contact"), person.contact), (_("Goes"), goes), (_("Stays"), stays)]
    in_the_way = [str(each.text) for each in obstacles_of(person.pk)]
    if in_the_way:
        facts.append((_("In the way"), " ".join(in_the_way)))
    if others := _with_the_same_contact(person):
        facts.append((_("The same contact"), others))
    return facts


def _with_the_same_contact(person: User) -> str:
    """Who typed what this person proved, or the other way round: perhaps the same household as a guest. Each is erased
    by itself, by whoever has looked."""
    same = Q()
    for contact, proven, typed in (
        (person.email or person.contact_email, "email", "contact_email"),
        (person.phone or person.contact_phone, "phone", "contact_phone"),
    ):
        if contact:
            same |= Q(**{proven: contact}) | Q(**{typed: contact})
    others = User.objects.filter(same).exclude(pk=person.pk).order_by("pk")[:MOST_NAMED] if same else []
    return ", ".join(f"{other} ({other.pk})" for other in others)
