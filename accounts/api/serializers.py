"""What the API says and takes about people."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError as FormError
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts import queries
from accounts.forms.fields import LONGEST_CONTACT, LONGEST_NAME, contact_of
from accounts.forms.profile import clean_pincode
from accounts.models import Address, Device, Preferences, User
from accounts.rules import NEEDED
from accounts.rules.messages import CHOSEN_FROM, DECIDED, MUST_REACH, Channel, Group, channels_for
from milkdelivery.core.actors import Role
from milkdelivery.core.text import seen
from notifications.words import GROUP_NAMES, GROUP_NOTES

CHANNELS = [channel.value for channel in CHOSEN_FROM]
ASKED = [*DECIDED, Group.SECURITY]
ROLES = [(role.value, role.value.title()) for role in Role if role != Role.GUEST]


class NameField(serializers.CharField):
    """Blanks inside become single blanks; at least two characters remain."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_length": 2, "max_length": LONGEST_NAME, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        return " ".join(seen(super().to_internal_value(data)).split())


NEEDED_PARTS = {
    part: {"required": True, "allow_blank": False, "error_messages": {"required": message, "blank": message}}
    for part, message in NEEDED.items()
}
"""For serializers of addresses."""


class PersonSerializer(serializers.ModelSerializer[User]):
    """Somebody, as staff see them in a list."""

    role = serializers.ChoiceField(ROLES, read_only=True)
    contact_email = serializers.CharField(read_only=True, help_text="Typed and not proven; empty where nothing was.")

    class Meta:
        model = User
        fields = [
            "id",
            "name",
            "email",
            "phone",
            "contact_email",
            "contact_phone",
            "role",
            "is_active",
            "order_count",
            "last_active_at",
            "created_at",
        ]
        read_only_fields = fields


class ProfileSerializer(PersonSerializer):
    """A whole profile, with what is missing before milk can come."""

    is_profile_complete = serializers.SerializerMethodField()
    profile_gaps = serializers.SerializerMethodField()
    show_profile_nudge = serializers.SerializerMethodField()

    class Meta(PersonSerializer.Meta):
        fields = [
            *PersonSerializer.Meta.fields,
            "last_selected_address",
            "unread_count",
            "is_profile_complete",
            "profile_gaps",
            "show_profile_nudge",
        ]
        read_only_fields = fields

    def to_representation(self, instance: User) -> dict[str, Any]:
        self.gaps = [gap.code for gap in queries.profile_gaps(instance)]
        return super().to_representation(instance)

    def get_is_profile_complete(self, user: User) -> bool:
        return not self.gaps

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(["name", "contact", "address"])))
    def get_profile_gaps(self, user: User) -> list[str]:
        return self.gaps

    def get_show_profile_nudge(self, user: User) -> bool:
        return bool(self.gaps) and user.profile_completion_prompted_at is None and not user.is_staff


class MeSerializer(serializers.Serializer[Any]):
    """A change of oneself. E-mail address and phone change under `auth/`, where they are proven."""

    name = NameField(required=False)
    profile_nudge_shown = serializers.BooleanField(
        required=False, help_text="true: the reminder to complete the profile was shown; it never comes again."
    )


class PersonChangeSerializer(serializers.Serializer[Any]):
    name = NameField()
    role = serializers.ChoiceField(ROLES, required=False, help_text="Admins only.")


class SignupSerializer(serializers.Serializer[Any]):
    """A guest sends name, one contact and a password. An admin sends no password, and may send a role."""

    name = NameField()
    email = serializers.EmailField(required=False, max_length=LONGEST_CONTACT)
    phone = serializers.CharField(required=False, max_length=40)
    password = serializers.CharField(required=False, write_only=True, trim_whitespace=False, max_length=1000)
    role = serializers.ChoiceField(ROLES, required=False, help_text="Admins only. CUSTOMER where none is given.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        typed = [attrs[kind] for kind in ("email", "phone") if attrs.get(kind)]
        if len(typed) != 1:
            raise serializers.ValidationError({"email": ["Send an e-mail address or a phone number."]})
        attrs["contact"] = _contact(typed[0])
        return attrs


class AccountCheckSerializer(serializers.Serializer[Any]):
    contact = serializers.CharField(
        max_length=LONGEST_CONTACT, help_text="An e-mail address, or a phone number as it is dialled here or in E.164."
    )

    def validate_contact(self, value: str) -> Any:
        return _contact(value)


class NextStepSerializer(serializers.Serializer[Any]):
    next = serializers.ChoiceField(["prove"])


class AddressSerializer(serializers.ModelSerializer[Address]):
    is_served = serializers.SerializerMethodField(help_text="Whether we deliver there today.")
    name = NameField(required=False, write_only=True, help_text="The person's name, where it is not known yet.")
    country = serializers.CharField(read_only=True)

    class Meta:
        model = Address
        fields = [
            "id",
            "label",
            "society",
            "tower",
            "floor",
            "flat",
            "line1",
            "line2",
            "landmark",
            "city",
            "state",
            "pincode",
            "country",
            "latitude",
            "longitude",
            "instructions",
            "is_default",
            "is_served",
            "name",
        ]
        extra_kwargs = NEEDED_PARTS

    def get_is_served(self, address: Address) -> bool:
        return queries.is_served(address.pincode)

    def validate_pincode(self, value: str) -> str:
        try:
            return clean_pincode(value)
        except FormError as refusal:
            raise serializers.ValidationError(refusal.messages) from refusal


class ChannelsSerializer(serializers.Serializer[Any]):
    """Of each group of messages, the channels on which it is wanted. What is left out stays as it is usual."""

    ORDERS = serializers.ListField(child=serializers.ChoiceField(CHANNELS), max_length=3, required=False)
    DELIVERIES = serializers.ListField(child=serializers.ChoiceField(CHANNELS), max_length=3, required=False)
    MONEY = serializers.ListField(
        child=serializers.ChoiceField(CHANNELS),
        max_length=3,
        required=False,
        help_text="EMAIL or SMS must be among them: this has to reach the person.",
    )

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, dict) and (unknown := sorted(set(data) - set(self.fields))):
            raise serializers.ValidationError(
                {name[:40]: [_("There is no such group of messages.")] for name in unknown}
            )
        return super().to_internal_value(data)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "MONEY" in attrs and not {"EMAIL", "SMS"} & set(attrs["MONEY"]):
            raise serializers.ValidationError(
                {"MONEY": [_("Choose one that reaches you, by mail or by text message.")]}
            )
        return {group: sorted(set(wanted)) for group, wanted in attrs.items()}


class GroupSerializer(serializers.Serializer[Any]):
    """A row of the preferences: a group of messages, and where they go as things are."""

    group = serializers.ChoiceField([group.value for group in ASKED])
    name = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    channels = serializers.ListField(child=serializers.ChoiceField([channel.value for channel in Channel]))
    can_be_switched_off = serializers.BooleanField()


class PreferencesSerializer(serializers.ModelSerializer[Preferences]):
    language = serializers.ChoiceField(settings.LANGUAGES, required=False)
    channels = ChannelsSerializer(required=False)
    groups = serializers.SerializerMethodField(
        help_text="All groups, with where their messages go. IN_APP is the bell."
    )

    class Meta:
        model = Preferences
        fields = [
            "slot",
            "payment_method",
            "newsletter",
            "newsletter_at",
            "channels",
            "groups",
            "language",
            "quiet_from",
            "quiet_until",
        ]
        read_only_fields = ["newsletter_at"]
        extra_kwargs = {
            "quiet_from": {"help_text": "In the time where we deliver. Both null: 22:00 to 06:00. Equal: none."},
            "quiet_until": {"help_text": "Earlier than quiet_from: of the next day."},
        }

    @extend_schema_field(GroupSerializer(many=True))
    def get_groups(self, kept: Preferences) -> list[dict[str, Any]]:
        return [
            {
                "group": group.value,
                "name": str(GROUP_NAMES[group]),
                "note": str(GROUP_NOTES.get(group, "")),
                "channels": sorted(channels_for(group, kept.channels)),
                "can_be_switched_off": group not in MUST_REACH,
            }
            for group in ASKED
        ]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        times = {name: attrs.get(name, getattr(self.instance, name, None)) for name in ("quiet_from", "quiet_until")}
        missing = [name for name, moment in times.items() if moment is None]
        if len(missing) == 1:
            raise serializers.ValidationError({missing[0]: [_("Enter both times, or neither.")]})
        return attrs


class DeviceSerializer(serializers.ModelSerializer[Device]):
    is_current = serializers.SerializerMethodField(help_text="The device that asks.")

    class Meta:
        model = Device
        fields = ["id", "os", "browser", "ip", "place", "is_trusted", "is_current", "first_seen_at", "last_seen_at"]
        read_only_fields = fields

    def get_is_current(self, device: Device) -> bool:
        return str(device.key) == self.context.get("device_id")


def _contact(text: str) -> Any:
    try:
        return contact_of(text)
    except FormError as refusal:
        raise serializers.ValidationError(refusal.messages) from refusal


class ErasingSerializer(serializers.Serializer):
    gives_up_money = serializers.BooleanField(
        default=False, help_text="What is left in the wallet may be kept by the dairy: it is not paid out any more."
    )
