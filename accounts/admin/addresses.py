"""Addresses in the back office."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from accounts import actions
from accounts.models import Address
from accounts.rules import NEEDED
from milkdelivery.backoffice.base import ActionAdmin
from milkdelivery.backoffice.columns import when
from milkdelivery.backoffice.filters import flag, instants
from milkdelivery.backoffice.frame import list_url
from milkdelivery.backoffice.pages import Question, ask
from milkdelivery.core.actors import Actor
from milkdelivery.core.queries import normal_pincode, region_book
from milkdelivery.core.web import actor_of


class AddressForm(ModelForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, message in NEEDED.items():
            if name in self.fields:
                self.fields[name].required = True
                self.fields[name].error_messages["required"] = str(message)

    def clean_pincode(self) -> str:
        """A postal code of the form that one of our regions has."""
        code = normal_pincode(self.cleaned_data["pincode"])
        if not region_book().looks_like_pincode(code):
            raise forms.ValidationError(_("This is not a pincode of any of our regions."))
        return code


@admin.register(Address)
class AddressAdmin(ActionAdmin):
    form = AddressForm
    held_by = "user"
    list_display = ("whole", "user", "pincode", "label", "default", when("updated_at", gettext_lazy("changed")))
    list_select_related = ("user",)
    list_filter = (flag("is_default"), instants("updated_at"))
    search_fields = (
        "society",
        "flat",
        "line1",
        "line2",
        "landmark",
        "=pincode",
        "user__name",
        "user__phone",
        "user__email",
    )
    search_help_text = gettext_lazy("Society, street, pincode or the person")
    autocomplete_fields = ("user",)
    ordering = ("-id",)
    actions_detail = ("forget",)
    fieldsets = (
        (None, {"fields": ("user", ("label", "is_default"))}),
        (
            gettext_lazy("Door"),
            {
                "fields": (
                    "society",
                    ("tower", "floor", "flat"),
                    "line1",
                    "line2",
                    "landmark",
                    ("city", "state"),
                    "pincode",
                )
            },
        ),
        (gettext_lazy("For the driver"), {"fields": ("instructions", ("latitude", "longitude"))}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Address]:
        return super().get_queryset(request).filter(is_deleted=False)

    def get_readonly_fields(self, request: HttpRequest, obj: Address | None = None) -> tuple[str, ...]:
        return ("user",) if obj else ()

    @display(description=gettext_lazy("address"))
    def whole(self, address: Address) -> str:
        return str(address)

    @display(description=gettext_lazy("default"), ordering="is_default")
    def default(self, address: Address) -> str | None:
        return _("Default") if address.is_default else None

    def write(self, obj: Address, *, by: Actor) -> object:
        return actions.save_address(obj, by=by)

    @action(
        description=gettext_lazy("Forget"),
        permissions=["operate"],
        url_path="forget",
        icon="delete",
        variant=ActionVariant.DANGER,
    )
    def forget(self, request: HttpRequest, object_id: str) -> HttpResponse:
        address = self.record(request, object_id)

        def perform(_answer: dict[str, Any]) -> str:
            actions.delete_address(address.pk, user_id=address.user_id, by=actor_of(request))
            return _("The address is forgotten. Past orders keep theirs.")

        question = Question(
            title=_("Forget this address?"),
            intro=_("It can't be chosen any more. Past orders keep theirs; another address becomes the default."),
            submit=_("Forget"),
            is_dangerous=True,
            facts=[(_("Address"), address), (_("Person"), address.user)],
            perform=perform,
        )
        return ask(self, request, address, question, back=list_url(Address))
