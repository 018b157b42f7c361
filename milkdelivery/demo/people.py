"""The demo's people: five to sign in as, the drivers, and the households of the regions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db.models import OuterRef, Subquery

from accounts.actions import grant_role, store_password
from accounts.events import UserRegistered
from accounts.models import Address, Device, Preferences, User
from deliveries.actions import save_driver
from deliveries.models import Driver, Hub
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.models import Event
from milkdelivery.demo.copying import Row, allocate_ids, copy_rows
from milkdelivery.demo.data import names
from milkdelivery.demo.data.dairies import ADMIN, DAIRIES, DRIVERS, HOUSEHOLD, MANAGER, VENDOR
from milkdelivery.demo.data.geography import BENGALURU, BURLINGTON, Place
from milkdelivery.demo.habits import habits_of
from milkdelivery.demo.past_events import past_event
from vendors.actions import change_members
from vendors.models import Vendor, VendorMember

CHUNK = 1000
"""Households written at a time."""

_JITTER = 600
"""Doors lie within this many hundred-thousandths of a degree of their pincode's position: some 650 metres."""

_SYSTEMS = (("Android", "Chrome"), ("Android", "Chrome"), ("iOS", "Safari"), ("Windows", "Edge"))


@dataclass(frozen=True, slots=True)
class Staff:
    name: str
    email: str
    phone: str
    role: Role


STAFF = (
    Staff("Sudha Ramaswamy", ADMIN, "+915550000001", Role.ADMIN),
    Staff("Prakash Shetty", MANAGER, "+915550000002", Role.MANAGER),
    Staff("Girija Hoskote", VENDOR, "+915550000003", Role.VENDOR),
    *(Staff(driver.name, driver.email, driver.phone, Role.DRIVER) for driver in DRIVERS),
)


def hire(*, password_hash: str, by: Actor) -> None:
    """Whoever works: admin, manager, the main dairy's user, and the hubs' drivers."""
    people: dict[str, User] = {}
    for plan in STAFF:
        user = User.objects.create_user(plan.email, name=plan.name, phone=plan.phone)
        store_password(user.pk, password_hash=password_hash, by=by)
        people[plan.email] = grant_role(user.pk, role=plan.role, by=by)
    vendor = Vendor.objects.get(name=DAIRIES[0].name)
    change_members(vendor.pk, add=[VendorMember(vendor=vendor, user=people[VENDOR])], remove=[], by=by)
    hubs = {hub.name: hub for hub in Hub.objects.all()}
    for driver in DRIVERS:
        save_driver(Driver(user=people[driver.email], hub=hubs[driver.hub]), by=by)


def settle(count: int, *, seed: int, password_hash: str, now: datetime, by: Actor) -> list[int]:
    """Write `count` households; the ids of the people, in the order of their index."""
    ids = allocate_ids(User, count)
    for start in range(0, count, CHUNK):
        batch = [
            _Newcomer(index, user_id, seed, now) for index, user_id in enumerate(ids[start : start + CHUNK], start)
        ]
        _write(batch, password_hash=password_hash, by=by)
    return ids


class _Newcomer:
    """One household, drawn from the seed and its index."""

    def __init__(self, index: int, user_id: int, seed: int, now: datetime) -> None:
        self.index, self.user_id = index, user_id
        self.chance = Random(f"{seed}/person/{index}")
        self.region = BURLINGTON if index % 25 == 24 else BENGALURU
        self.place = self.region.places[0] if index == 0 else self.chance.choice(self.region.places)
        self.slot = habits_of(index, seed=seed, region_code=self.region.code).slot
        self.joined_at = now - timedelta(days=self._days_here(), seconds=self.chance.randrange(86_400))
        self.name = self._name()
        self.has_email, self.has_phone = self._proven()

    @property
    def is_indian(self) -> bool:
        return self.region is BENGALURU

    def _days_here(self) -> int:
        if self.index == 0:
            return 150
        return self.chance.randint(1, 55) if self.chance.randrange(100) < 12 else self.chance.randint(62, 420)

    def _name(self) -> str:
        if self.index == 0:
            return "Meera Raghavan"
        if not self.is_indian:
            return self.chance.choice(names.AMERICAN_NAMES)
        if self.index % 29 == 11:
            return names.UNUSUAL_NAMES[self.index // 29 % len(names.UNUSUAL_NAMES)]
        return f"{self.chance.choice(names.FIRST_NAMES)} {self.chance.choice(names.LAST_NAMES)}"

    def _proven(self) -> tuple[bool, bool]:
        """Whether the e-mail address and the phone number are proven: one of them always is."""
        if self.index == 0:
            return True, True
        if not self.is_indian:
            return True, False
        return self.chance.choices(((True, False), (False, True), (True, True)), (60, 25, 15))[0]

    @property
    def email(self) -> str:
        return HOUSEHOLD if self.index == 0 else f"household{self.index}@example.net"

    @property
    def phone(self) -> str:
        """Numbers that nobody has: India gives none that begin with 555, and 555-01xx is for fiction in America."""
        return f"+91555{1_000_000 + self.index}" if self.is_indian else f"+18025550{142 + self.index // 25 % 57}"

    def user(self, password_hash: str) -> User:
        return User(
            id=self.user_id,
            password=password_hash,
            email=self.email if self.has_email else None,
            phone=self.phone if self.has_phone else None,
            contact_email="" if self.has_email or self.chance.randrange(2) else self.email,
            contact_phone="" if self.has_phone else self.phone,
            name=self.name,
            last_active_at=self.joined_at,
            created_at=self.joined_at,
            updated_at=self.joined_at,
        )

    def addresses(self) -> list[Address]:
        home = self._address(self.place, "Home", is_default=True)
        if self.index != 0 and self.chance.randrange(100) >= 10:
            return [home]
        other = BENGALURU.places[4] if self.index == 0 else self.chance.choice(self.region.places)
        return [home, self._address(other, "Parents", is_default=False)]

    def _address(self, place: Place, label: str, *, is_default: bool) -> Address:
        chance = self.chance
        is_flat = chance.randrange(100) < (78 if self.is_indian else 30)
        floor = chance.randint(0, 14) if is_flat else 0
        buildings = names.SOCIETIES if self.is_indian else names.AMERICAN_BUILDINGS
        street = f"{chance.randint(1, 240)}{', ' if self.is_indian else ' '}{chance.choice(place.streets)}"
        return Address(
            user_id=self.user_id,
            label=label,
            society=chance.choice(buildings) if is_flat else "",
            tower=chance.choice(names.TOWERS) if is_flat and floor > 3 else "",
            floor=_ordinal(floor) if is_flat else "",
            flat=f"{floor or 'G'}{chance.randint(1, 12):02}" if is_flat else "",
            line1=street,
            line2=place.name if self.is_indian else "",
            landmark=chance.choice(names.LANDMARKS) if self.is_indian and chance.randrange(3) == 0 else "",
            city=self.region.city if self.is_indian else place.name,
            state=self.region.state,
            pincode=place.code,
            country=str(self.region.fields["country"]),
            latitude=self._near(place.latitude),
            longitude=self._near(place.longitude),
            instructions=chance.choice(names.INSTRUCTIONS) if chance.randrange(100) < 35 else "",
            is_default=is_default,
            created_at=self.joined_at,
            updated_at=self.joined_at,
        )

    def _near(self, degrees: str) -> Decimal:
        return Decimal(degrees) + Decimal(self.chance.randint(-_JITTER, _JITTER)).scaleb(-5)

    def email_addresses(self) -> list[EmailAddress]:
        if not self.has_email:
            return []
        return [EmailAddress(user_id=self.user_id, email=self.email, verified=True, primary=True)]

    def preferences(self) -> Preferences:
        return Preferences(
            user_id=self.user_id,
            slot=self.slot,
            newsletter=self.chance.randrange(100) < 30,
            language="hi" if self.index and self.is_indian and self.chance.randrange(100) < 8 else "en",
        )

    def device(self) -> Device:
        system, browser = self.chance.choice(_SYSTEMS)
        return Device(
            key=UUID(int=self.chance.getrandbits(128), version=4),
            user_id=self.user_id,
            os=system,
            browser=browser,
            place=f"{self.region.city}, {self.region.state}",
            is_trusted=True,
            first_seen_at=self.joined_at,
            last_seen_at=self.joined_at,
        )

    def event(self) -> Row:
        told = UserRegistered(self.user_id, via="signup")
        return past_event(told, actor=Actor.user(self.user_id, Role.CUSTOMER), at=self.joined_at)


def _write(batch: Sequence[_Newcomer], *, password_hash: str, by: Actor) -> None:
    users = [newcomer.user(password_hash) for newcomer in batch]
    copy_rows(User, [vars(user) for user in users])
    copy_rows(Address, [vars(address) for newcomer in batch for address in newcomer.addresses()])
    copy_rows(EmailAddress, [vars(email) for newcomer in batch for email in newcomer.email_addresses()])
    copy_rows(Preferences, [vars(newcomer.preferences()) for newcomer in batch])
    copy_rows(Device, [vars(newcomer.device()) for newcomer in batch])
    copy_rows(Event, [newcomer.event() for newcomer in batch])
    copy_rows(User.history.model, [_first_version(user, by=by) for user in users])
    homes = Address.objects.filter(user_id=OuterRef("pk"), is_default=True).values("pk")
    User.objects.filter(pk__in=[user.pk for user in users]).update(last_selected_address_id=Subquery(homes))


def _first_version(user: User, *, by: Actor) -> Row:
    """The row that the history of people begins with."""
    tracked = {field.attname: vars(user)[field.attname] for field in User.history.model.tracked_fields}
    beginning = {"history_date": user.created_at, "history_type": "+", "history_change_reason": by.label}
    return {**tracked, **beginning}


def _ordinal(floor: int) -> str:
    if floor == 0:
        return "Ground floor"
    suffix = "th" if 10 <= floor % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(floor % 10, "th")
    return f"{floor}{suffix} floor"
