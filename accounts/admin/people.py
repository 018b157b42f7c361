"""People in the back office: who they are, where they live, what they signed in with, and what they may do."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import RadioFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget

from accounts import actions
from accounts.admin.erasing import erasing
from accounts.admin.notes import NoteForm
from accounts.admin.person_page import person_page
from accounts.models import User
from accounts.queries import devices_of, people_like
from milkdelivery.backoffice.base import HistoryAdmin
from milkdelivery.backoffice.columns import when
from milkdelivery.backoffice.filters import flag, instants
from milkdelivery.backoffice.pages import Question, ask
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.web import actor_of

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
    actions_detail = ("order_for", "note", "change_role", "sign_out", "deactivate", "reactivate", "erase")

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
        """With all about the person; the form itself is for whoever may change people."""
        person: User | None = kwargs.get("obj")
        if person is not None:
            context.update(person_page(person, request), role_name=ROLE_NAMES[person.role])
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """What fits whoever it is: nobody orders for, or signs out, somebody who can't sign in."""
        buttons: list[Any] = super().get_actions_detail(request, object_id)
        person = User.objects.filter(pk=object_id).only("is_active", "erased_at").first()
        if person is None or person.erased_at is not None:
            return []
        is_active = person.is_active
        unwanted = {"reactivate"} if is_active else {"deactivate", "order", "sign-out"}
        return [button for button in buttons if button.path not in unwanted]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Of somebody who was erased there is nothing to change."""
        if obj is not None and obj.erased_at is not None:
            return False
        return super().has_change_permission(request, obj)

    def has_erase_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("accounts.erase_user")

    def has_call_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("orders.add_order")

    def has_note_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("accounts.add_staffnote")

    @action(
        description=gettext_lazy("Order for them"),
        permissions=["call"],
        url_path="order",
        icon="phone_in_talk",
        variant=ActionVariant.PRIMARY,
    )
    def order_for(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """On the page for orders by telephone, with this household chosen."""
        person = self.record(request, object_id)
        return HttpResponseRedirect(reverse("admin:orders_order_call", query={"person": person.pk}))

    @action(description=gettext_lazy("Write a note"), permissions=["note"], url_path="note", icon="edit_note")
    def note(self, request: HttpRequest, object_id: str) -> HttpResponse:
        person = self.record(request, object_id)

        def perform(answer: dict[str, Any]) -> str:
            actions.write_note(person.pk, text=answer["text"], key=answer["key"], by=actor_of(request))
            return _("The note is kept.")

        question = Question(
            title=_("A note about %(name)s") % {"name": person},
            intro=_("Every colleague reads it. It can be struck out later, but not changed or taken away."),
            submit=_("Keep"),
            form=NoteForm,
            perform=perform,
        )
        return ask(self, request, person, question)

    @action(
        description=gettext_lazy("Sign out everywhere"), permissions=["operate"], url_path="sign-out", icon="logout"
    )
    def sign_out(self, request: HttpRequest, object_id: str) -> HttpResponse:
        person = self.record(request, object_id)

        def perform(_answer: dict[str, Any]) -> str:
            count = actions.sign_out_everywhere(person.pk, by=actor_of(request))
            words = ngettext(
                "Signed out on %(count)d device.", "Signed out on %(count)d devices, and wherever else.", count
            )
            return words % {"count": count}

        question = Question(
            title=_("Sign %(name)s out everywhere?") % {"name": person},
            intro=_("All their sessions end at once, here and in the app. They can sign in again."),
            submit=_("Sign out everywhere"),
            is_dangerous=True,
            facts=[
                (_("Contact"), person.contact),
                (_("Signed in on"), ", ".join(map(str, devices_of(person.pk))) or _("no device that we know")),
            ],
            perform=perform,
        )
        return ask(self, request, person, question)

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

    @action(
        description=gettext_lazy("Erase"),
        permissions=["erase"],
        url_path="erase",
        icon="person_remove",
        variant=ActionVariant.DANGER,
    )
    def erase(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """On request of the household, whether they have an account or only ordered as a guest."""
        person = self.record(request, object_id)
        return ask(self, request, person, erasing(person, request))
