"""Devices in the back office: where somebody is signed in, and signing them out from afar."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from accounts import actions
from accounts.models import Device
from milkdelivery.backoffice.base import ReadOnlyAdmin
from milkdelivery.backoffice.columns import when
from milkdelivery.backoffice.filters import flag, instants
from milkdelivery.backoffice.pages import Question, ask
from milkdelivery.core.web import actor_of


@admin.register(Device)
class DeviceAdmin(ReadOnlyAdmin):
    list_display = (
        "device",
        "user",
        "ip",
        "place",
        "state",
        when("first_seen_at", gettext_lazy("first seen")),
        when("last_seen_at", gettext_lazy("last seen")),
    )
    list_select_related = ("user",)
    list_filter = (flag("is_trusted"), instants("last_seen_at"))
    search_fields = ("user__name", "user__email", "user__phone", "ip")
    actions_detail = ("sign_out", "distrust")

    @display(description=gettext_lazy("device"))
    def device(self, device: Device) -> str:
        return str(device)

    @display(description=gettext_lazy("state"), label={"TRUSTED": "success", "IN": "info", "OUT": None})
    def state(self, device: Device) -> tuple[str, str]:
        if device.revoked_at is not None:
            return "OUT", _("Signed out")
        return ("TRUSTED", _("Trusted")) if device.is_trusted else ("IN", _("Signed in"))

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

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Nothing is left to take back of a device that is signed out."""
        buttons: list[Any] = super().get_actions_detail(request, object_id)
        device = Device.objects.filter(pk=object_id).first()
        unwanted = set()
        if device is None or device.revoked_at is not None:
            unwanted |= {"sign-out", "distrust"}
        elif not device.is_trusted:
            unwanted.add("distrust")
        return [button for button in buttons if button.path not in unwanted]

    @action(
        description=gettext_lazy("Trust no more"), permissions=["operate"], url_path="distrust", icon="remove_moderator"
    )
    def distrust(self, request: HttpRequest, object_id: str) -> HttpResponse:
        device = self.record(request, object_id)

        def perform(_answer: dict[str, Any]) -> str:
            actions.distrust_device(device.pk, user_id=device.user_id, by=actor_of(request))
            return _("The device is trusted no more.")

        question = Question(
            title=_("Trust this device no more?"),
            intro=_("It stays signed in. What asks for a second step on a strange device asks for it there too."),
            submit=_("Trust no more"),
            facts=[(_("Person"), device.user), (_("Device"), device)],
            perform=perform,
        )
        return ask(self, request, device, question)
