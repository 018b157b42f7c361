"""What people call groups of messages, and where a message belongs."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.rules.messages import Group
from milkdelivery.core.actors import Role

GROUP_NAMES: Mapping[Group, Promise] = {
    Group.ORDERS: _("Your orders"),
    Group.DELIVERIES: _("On the way and at the door"),
    Group.MONEY: _("Confirmations, receipts and refunds"),
    Group.SECURITY: _("Sign-in and security"),
    Group.NEWS: _("Offers and new products"),
    Group.WORK: _("Your work with us"),
}

GROUP_NOTES: Mapping[Group, Promise] = {
    Group.ORDERS: _("When one of us looks at an order or a claim of yours."),
    Group.DELIVERIES: _("When the milk leaves, comes, or could not be handed over."),
    Group.MONEY: _(
        "What is confirmed, paid, cancelled or goes back. This has to reach you: by mail or by text message."
    ),
    Group.SECURITY: _("Codes and warnings always go where they protect you. They can’t be switched off."),
}

PLACES: Mapping[str, Promise] = {
    Role.CUSTOMER: _("Your household"),
    Role.DRIVER: _("Your round"),
    Role.VENDOR: _("Your dairy"),
    Role.MANAGER: _("Back office"),
    Role.ADMIN: _("Back office"),
}
