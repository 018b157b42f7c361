"""Reads about people."""

import re
from dataclasses import dataclass

import phonenumbers
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Address, Device, Preferences, User
from accounts.rules import e164
from milkdelivery.core.errors import NotFound
from milkdelivery.core.finding import all_of, any_of, beginnings, begins, digits_of
from milkdelivery.core.queries import region_book

COUNTRY_WITHOUT_REGIONS = "IN"
CANDIDATES = 3
"""How many people who typed the same unproven contact a password is tried on: hashing is slow on purpose."""


# -- contacts --------------------------------------------------------------------------------------------------------


def home_country() -> str:
    """The country whose way of dialling people use here, as an ISO 3166 code."""
    region = region_book().region(settings.HOME_REGION)
    return region.country if region else COUNTRY_WITHOUT_REGIONS


def dialled(text: str) -> str:
    """A phone number as people of the home region type it, in E.164. Raises NotAPhone."""
    return e164(text, country=home_country())


def reader_of_email(email: str) -> User | None:
    """The person that whoever reads this mailbox may become: who proved it, or else typed it and proved nothing at all.

    Never somebody with another proven contact: theirs may be a slip of the pen, and its reader a stranger.
    """
    proven = User.objects.filter(email=email).first()
    if proven is not None:
        return proven if proven.is_active else None
    return User.objects.unproven_by_email(email).first()


def sign_in_candidates(*, email: str = "", phone: str = "") -> list[User]:
    """Whose password may open the account of this contact: who proved it alone, or else those who typed it."""
    proven = User.objects.filter(email=email) if email else User.objects.filter(phone=phone)
    if found := list(proven):
        return found
    if phone:
        return list(User.objects.unproven_by_phone(phone)[:CANDIDATES])
    typed = User.objects.filter(emailaddress__email=email, emailaddress__verified=False)
    return list(typed.order_by("-last_active_at", "-pk")[:CANDIDATES])


def pending_phone(user: User) -> str:
    """The number that a person signed up with and has yet to prove before they get in."""
    if user.email or user.phone or not user.contact_phone or user.emailaddress_set.exists():
        return ""
    return user.contact_phone


def pending_email(user: User) -> str:
    """The address to which a confirmation was sent and not answered yet."""
    typed = user.emailaddress_set.filter(verified=False).order_by("-pk").first()
    return typed.email if typed else ""


# -- profiles --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProfileGap:
    """Something we need before the first delivery. `code` is name, contact or address."""

    code: str
    text: str


def profile_gaps(user: User) -> list[ProfileGap]:
    """What is missing before milk can come: a name, a contact, an address that is served. One query."""
    gaps = []
    if len(user.name.strip()) < 2:
        gaps.append(ProfileGap("name", str(_("your name"))))
    if not user.contact:
        gaps.append(ProfileGap("contact", str(_("an e-mail address or phone number"))))
    if not has_served_address(user):
        gaps.append(ProfileGap("address", str(_("an address that we deliver to"))))
    return gaps


def is_profile_complete(user: User) -> bool:
    return not profile_gaps(user)


def has_served_address(user: User) -> bool:
    return any(is_served(pincode) for pincode in addresses_of(user.pk).values_list("pincode", flat=True))


def is_served(pincode_code: str) -> bool:
    pincode = region_book().pincode(pincode_code)
    return pincode is not None and pincode.is_served


def shows_profile_nudge(user: User | AnonymousUser) -> bool:
    """Whether to remind a household, once, to complete their profile. No query where it was shown before."""
    if not isinstance(user, User) or user.profile_completion_prompted_at is not None or user.is_staff:
        return False
    return bool(profile_gaps(user))


# -- finding, for staff only: it tells who is known -------------------------------------------------------------------

FEWEST_FIRST_DIGITS = 3
FEWEST_LAST_DIGITS = 4
FEWEST_WHOLE_DIGITS = 10
"""From here on leading zeros are a way of dialling, and no digits of the number."""
_LIKE_A_NUMBER = re.compile(r"\+?\(?\d[\d\s().-]*")


def number_query(typed: str) -> str:
    """What finds a phone number by its beginning, in any spelling (+91 …, 0091…, 0…), or by its last digits; "" for
    what is no number or too short to say something."""
    if not _LIKE_A_NUMBER.fullmatch(typed.strip()):
        return ""
    all_digits = digits_of(typed)
    digits = all_digits.lstrip("0")
    if not digits:
        return ""
    country = phonenumbers.country_code_for_region(home_country())
    ways = []
    if len(digits) >= FEWEST_FIRST_DIGITS:
        ways += [begins(f"+{country}{digits}"), begins(f"+{digits}")]
    if len(all_digits) >= FEWEST_LAST_DIGITS:
        ways.append(begins(all_digits[::-1] if len(all_digits) < FEWEST_WHOLE_DIGITS else digits[::-1]))
    return any_of(ways)


def people_like(typed: str) -> QuerySet[User]:
    """People by parts of their name, e-mail address or phone, in any order; who was here last comes first."""
    text = " ".join(typed.replace("\0", "").split())
    query = number_query(text)
    if not query:
        query = all_of([words_or_number(word) for word in text.split()])
    return _last_active(User.objects.matching(query)) if query else User.objects.none()


def words_or_number(word: str) -> str:
    """One word among others: a name or a mail address, or some digits of a phone."""
    return any_of([beginnings(word), number_query(word)])


def doors_like(typed: str) -> QuerySet[Address]:
    """Addresses by society, street, flat, landmark, city or pincode, in any order, newest first."""
    query = beginnings(typed)
    return Address.objects.matching(query).filter(is_deleted=False).order_by("-pk") if query else Address.objects.none()


def _last_active(people: QuerySet[User]) -> QuerySet[User]:
    return people.order_by(F("last_active_at").desc(nulls_last=True), "-pk")


# -- what belongs to a person ----------------------------------------------------------------------------------------


def people() -> QuerySet[User]:
    """Everybody, with what a list shows."""
    return User.objects.prefetch_related("groups")


def person(user_id: int) -> User:
    """Raises NotFound."""
    found = people().filter(pk=user_id).first()
    if found is None:
        raise NotFound(_("There is no such person."))
    return found


def proven_contacts_of(user_id: int) -> list[str]:
    """The e-mail address and the phone number that a person has shown to be theirs."""
    found = User.objects.filter(pk=user_id).values_list("email", "phone").first()
    return [contact for contact in found or () if contact]


def addresses_of(user_id: int) -> QuerySet[Address]:
    return Address.objects.of(user_id)


def address_of(user_id: int, address_id: int) -> Address:
    """Raises NotFound, for somebody else's too."""
    found = addresses_of(user_id).filter(pk=address_id).first()
    if found is None:
        raise NotFound(_("There is no such address."))
    return found


def preferences_of(user: User) -> Preferences:
    """What the person chose, or what counts while they have not."""
    return Preferences.objects.filter(user=user).first() or Preferences(user=user)


def device_of(user_id: int, key: str | None) -> int | None:
    """The person's device with that key, unless they signed it out."""
    if key is None:
        return None
    return Device.objects.filter(user_id=user_id, key=key, revoked_at=None).values_list("pk", flat=True).first()


def devices_of(user_id: int) -> QuerySet[Device]:
    """Where the person is signed in, the one used last first."""
    return Device.objects.filter(user_id=user_id, revoked_at=None)
