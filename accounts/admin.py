"""People in the back office: who they are, where they live, what they signed in with, and what they may do."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import RadioFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget

from accounts import actions
from accounts.models import Address, Device, Preferences, User
from accounts.queries import people_like
from accounts.rules import NEEDED
from milkdelivery.backoffice.base import ActionAdmin, HistoryAdmin, ReadOnlyAdmin, Rows
from milkdelivery.backoffice.columns import when
from milkdelivery.backoffice.filters import flag, instants
from milkdelivery.backoffice.frame import list_url
from milkdelivery.backoffice.pages import Question, ask
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.queries import normal_pincode, region_book
from milkdelivery.core.web import actor_of
from orders.models import Order

ROLE_NAMES = {
    Role.CUSTOMER: gettext_lazy("Customer"),
    Role.DRIVER: gettext_lazy("Driver"),
    Role.VENDOR: gettext_lazy("Vendor"),
    Role.MANAGER: gettext_lazy("Manager"),
    Role.ADMIN: gettext_lazy("Admin"),
}
ROLE_COLOURS = {
    Role.CUSTOMER: None,
    Role.DRIVER: "info",
    Role.VENDOR: "info",
    Role.MANAGER: "warning",
    Role.ADMIN: "primary",
}
LAST_ORDERS = 10


class RoleFilter(RadioFilter):
    title = gettext_lazy("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [(str(role), name) for role, name in ROLE_NAMES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        role = self.value()
        if role == Role.CUSTOMER:
            return queryset.exclude(groups__in=Group.objects.exclude(name=Role.CUSTOMER)).exclude(is_superuser=True)
        return queryset.filter(groups__name=role) if role else queryset


class Addresses(Rows):
    model = Address
    fields = readonly_fields = ("label", "whole", "instructions", "is_default")
    show_change_link = True
    tab = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Address]:
        return super().get_queryset(request).filter(is_deleted=False)

    @display(description=gettext_lazy("address"))
    def whole(self, address: Address) -> str:
        return str(address)


class Devices(Rows):
    model = Device
    fields = readonly_fields = (
        "browser",
        "os",
        "ip",
        "place",
        "is_trusted",
        "first_seen_at",
        "last_seen_at",
        "revoked_at",
    )
    show_change_link = True
    tab = True


class ChosenPreferences(Rows):
    model = Preferences
    fields = readonly_fields = ("slot", "payment_method", "language", "newsletter", "quiet_from", "quiet_until")
    tab = True


class NewPersonForm(ModelForm):
    """Nothing typed here is proven: the person signs in with a code or a new password, and proves it so."""

    class Meta:
        model = User
        fields = ("name", "contact_email", "contact_phone")

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if not self.errors and not (cleaned.get("contact_email") or cleaned.get("contact_phone")):
            raise forms.ValidationError(_("Enter an e-mail address or a phone number."))
        return cleaned


class RoleForm(forms.Form):
    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        choices=[(str(role), name) for role, name in ROLE_NAMES.items()],
        help_text=gettext_lazy("A person has one role. It holds from the next page they open."),
        widget=UnfoldAdminSelectWidget(),
    )


@admin.register(User)
class UserAdmin(HistoryAdmin):
    change_form_template = "admin/accounts/user/change_form.html"
    list_display = (
        "shown_name",
        "contact",
        "shown_role",
        "order_count",
        "is_active",
        when("last_active_at", gettext_lazy("last active")),
        when("created_at", gettext_lazy("made")),
    )
    list_filter = (RoleFilter, flag("is_active"), instants("created_at"), instants("last_active_at"))
    search_fields = ("name", "email", "phone", "contact_email", "contact_phone")
    search_help_text = gettext_lazy("Name, e-mail address or phone")
    ordering = ("-id",)
    readonly_fields = (
        "email",
        "phone",
        "role_name",
        "is_active",
        "order_count",
        "last_active_at",
        "last_login",
        "created_at",
        "profile_completion_prompted_at",
    )
    fieldsets = (
        (None, {"fields": (("name", "role_name"), ("contact_email", "contact_phone"), ("email", "phone"))}),
        (
            gettext_lazy("Activity"),
            {"fields": (("is_active", "order_count"), ("last_active_at", "last_login"), "created_at")},
        ),
    )
    add_fieldsets = ((None, {"fields": ("name", "contact_email", "contact_phone")}),)
    inlines = (Addresses, ChosenPreferences, Devices)
    actions_detail = ("change_role", "deactivate", "reactivate")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        """By an index, however many people there are: beginnings of words, a phone in any spelling, its last digits."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(pk__in=people_like(search_term).order_by().values("pk")), False

    @display(description=gettext_lazy("name"), ordering="name")
    def shown_name(self, user: User) -> str:
        return str(user)

    @display(description=gettext_lazy("contact"))
    def contact(self, user: User) -> str:
        return user.contact

    @display(description=gettext_lazy("role"), label=ROLE_COLOURS)
    def shown_role(self, user: User) -> tuple[str, str]:
        return user.role, str(ROLE_NAMES[user.role])

    @display(description=gettext_lazy("role"))
    def role_name(self, user: User) -> str:
        return str(ROLE_NAMES[user.role])

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> type[ModelForm]:
        if obj is None:
            kwargs["form"] = NewPersonForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_inlines(self, request: HttpRequest, obj: User | None) -> tuple[type[Rows], ...]:
        return self.inlines if obj else ()

    def write(self, obj: User, *, by: Actor) -> object:
        if obj.pk is None:
            nobody_knows = make_password(None)
            person = actions.register_person(
                name=obj.name,
                email=obj.contact_email,
                phone=obj.contact_phone,
                password_hash=nobody_knows,
                via="staff",
                by=by,
            )
            obj.__dict__.update(person.__dict__)
            return obj
        return actions.update_profile(
            obj.pk, by=by, name=obj.name, contact_email=obj.contact_email, contact_phone=obj.contact_phone
        )

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """With the last orders of the person, for those who may see orders."""
        person: User | None = kwargs.get("obj")
        if person is not None and request.user.has_perm("orders.view_order"):
            context["orders"] = list(Order.objects.of(person.pk).select_related("slot").order_by("-id")[:LAST_ORDERS])
            context["orders_url"] = list_url(Order, customer__id__exact=person.pk)
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        buttons: list[Any] = super().get_actions_detail(request, object_id)
        is_active = User.objects.filter(pk=object_id, is_active=True).exists()
        unwanted = "reactivate" if is_active else "deactivate"
        return [button for button in buttons if button.path != unwanted]

    @action(
        description=gettext_lazy("Change role"), permissions=["operate"], url_path="role", icon="admin_panel_settings"
    )
    def change_role(self, request: HttpRequest, object_id: str) -> HttpResponse:
        person = self.record(request, object_id)

        def perform(answer: dict[str, Any]) -> str:
            role = Role(answer["role"])
            actions.grant_role(person.pk, role=role, by=actor_of(request))
            return _("%(name)s is now: %(role)s.") % {"name": person, "role": ROLE_NAMES[role]}

        question = Question(
            title=_("What may %(name)s do?") % {"name": person},
            submit=_("Change role"),
            form=RoleForm,
            initial={"role": str(person.role)},
            facts=[(_("Contact"), person.contact), (_("Role now"), ROLE_NAMES[person.role])],
            perform=perform,
        )
        return ask(self, request, person, question)

    @action(
        description=gettext_lazy("Deactivate"),
        permissions=["operate"],
        url_path="deactivate",
        icon="person_off",
        variant=ActionVariant.DANGER,
    )
    def deactivate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        person = self.record(request, object_id)

        def perform(_answer: dict[str, Any]) -> str:
            actions.deactivate_user(person.pk, by=actor_of(request))
            return _("%(name)s can't sign in any more.") % {"name": person}

        question = Question(
            title=_("Deactivate %(name)s?") % {"name": person},
            intro=_("They are signed out everywhere and can't sign in again. Their orders and history stay."),
            submit=_("Deactivate"),
            is_dangerous=True,
            facts=[(_("Contact"), person.contact), (_("Role"), ROLE_NAMES[person.role])],
            perform=perform,
        )
        return ask(self, request, person, question)

    @action(
        description=gettext_lazy("Let in again"), permissions=["operate"], url_path="reactivate", icon="person_check"
    )
    def reactivate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        person = self.record(request, object_id)

        def perform(_answer: dict[str, Any]) -> str:
            actions.reactivate_user(person.pk, by=actor_of(request))
            return _("%(name)s can sign in again.") % {"name": person}

        question = Question(
            title=_("Let %(name)s in again?") % {"name": person},
            intro=_("They sign in with the password and have the role that they had before."),
            submit=_("Let in again"),
            facts=[(_("Contact"), person.contact), (_("Role"), ROLE_NAMES[person.role])],
            perform=perform,
        )
        return ask(self, request, person, question)


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
    list_display = ("whole", "user", "pincode", "label", "is_default", when("updated_at", gettext_lazy("changed")))
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


@admin.register(Device)
class DeviceAdmin(ReadOnlyAdmin):
    list_display = (
        "device",
        "user",
        "ip",
        "place",
        "is_trusted",
        when("first_seen_at", gettext_lazy("first seen")),
        when("last_seen_at", gettext_lazy("last seen")),
        "is_signed_out",
    )
    list_select_related = ("user",)
    list_filter = (flag("is_trusted"), instants("last_seen_at"))
    search_fields = ("user__name", "user__email", "user__phone", "ip")
    actions_detail = ("sign_out",)

    @display(description=gettext_lazy("device"))
    def device(self, device: Device) -> str:
        return str(device)

    @display(description=gettext_lazy("signed out"), boolean=True)
    def is_signed_out(self, device: Device) -> bool:
        return device.revoked_at is not None

    def has_operate_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("accounts.change_user")

    @action(
        description=gettext_lazy("Sign out"),
        permissions=["operate"],
        url_path="sign-out",
        icon="logout",
        variant=ActionVariant.DANGER,
    )
    def sign_out(self, request: HttpRequest, object_id: str) -> HttpResponse:
        device = self.record(request, object_id)

        def perform(_answer: dict[str, Any]) -> str:
            actions.revoke_device(device.pk, user_id=device.user_id, by=actor_of(request))
            return _("The device is signed out.")

        question = Question(
            title=_("Sign this device out?"),
            intro=_("Its sessions end at once. Signing in there again counts as a new device."),
            submit=_("Sign out"),
            is_dangerous=True,
            facts=[
                (_("Person"), device.user),
                (_("Device"), device),
                (_("Last seen"), device.place or device.ip or "–"),
            ],
            perform=perform,
        )
        return ask(self, request, device, question)
