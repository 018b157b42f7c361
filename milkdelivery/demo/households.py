"""The demo's households as the simulation needs them, read from the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Min

from accounts.models import Address, Device, User
from cart.actions.placing import snapshot
from milkdelivery.core.models import Region
from milkdelivery.core.queries import RegionBook
from milkdelivery.demo.habits import Habits, Wish, habits_of, wish_for

CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Household:
    """Who orders, from which door, and what they are used to. `index` is their place in the demo's row."""

    index: int
    user_id: int
    device_id: int | None
    address_id: int
    pincode: str
    region_id: int
    region_code: str
    door: dict[str, Any]
    joined_on: date
    habits: Habits

    def wish(self, day: date, *, seed: int) -> Wish | None:
        """What they want on a day; None before they joined."""
        if day <= self.joined_on:
            return None
        return wish_for(day, index=self.index, habits=self.habits, seed=seed, region_code=self.region_code)


def residents(user_ids: Sequence[int], *, seed: int, book: RegionBook) -> list[Household]:
    """Those of the people who are still active and have a default address in a region that we know, in order."""
    found: list[Household] = []
    for start in range(0, len(user_ids), CHUNK):
        ids = user_ids[start : start + CHUNK]
        people = User.objects.filter(is_active=True).in_bulk(ids)
        defaults = Address.objects.filter(user_id__in=ids, is_default=True, is_deleted=False)
        homes = {home.user_id: home for home in defaults}
        devices = dict(Device.objects.filter(user_id__in=ids).values_list("user_id").annotate(Min("pk")).order_by())
        for index, user_id in enumerate(ids, start):
            pincode = book.pincode(homes[user_id].pincode) if user_id in homes else None
            if user_id in people and pincode is not None:
                device_id = devices.get(user_id)
                found.append(_household(index, people[user_id], homes[user_id], device_id, pincode.region, seed))
    return found


def _household(index: int, user: User, home: Address, device_id: int | None, region: Region, seed: int) -> Household:
    return Household(
        index=index,
        user_id=user.pk,
        device_id=device_id,
        address_id=home.pk,
        pincode=home.pincode,
        region_id=region.pk,
        region_code=region.code,
        door=snapshot(home, user),
        joined_on=user.created_at.astimezone(ZoneInfo(region.time_zone)).date(),
        habits=habits_of(index, seed=seed, region_code=region.code),
    )
