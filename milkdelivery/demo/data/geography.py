"""Where the demo delivers: two regions, their days and taxes, their pincodes and the hubs that serve them."""

from dataclasses import dataclass
from datetime import date, time

from milkdelivery.core.models import DeliverySlot


@dataclass(frozen=True, slots=True)
class Place:
    """A pincode with its position, and the streets of its made-up households."""

    code: str
    name: str
    latitude: str
    longitude: str
    streets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HubPlan:
    name: str
    address: str
    latitude: str
    longitude: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class SlotPlan:
    code: str
    starts_at: time
    ends_at: time
    cutoff_days_before: int
    cutoff_time: time
    pack_time: time


@dataclass(frozen=True, slots=True)
class TaxPlan:
    """Basis points on goods whose HSN code starts with `hsn`."""

    hsn: str
    basis_points: int
    valid_from: date
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class RegionPlan:
    """A market. Amounts are in minor units of its currency. `fields` are further fields of Region."""

    code: str
    name: str
    city: str
    state: str
    fields: dict[str, str | int | bool]
    slots: tuple[SlotPlan, ...]
    taxes: tuple[TaxPlan, ...]
    hubs: tuple[HubPlan, ...]

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(place for hub in self.hubs for place in hub.places)


_MORNING, _EVENING = DeliverySlot.Code.MORNING, DeliverySlot.Code.EVENING

# India's goods and services tax on what the demo sells, CGST and SGST together.
# From 22 September 2025: CBIC notifications 9/2025 and 10/2025 - Central Tax (Rate) of 17 September 2025, after the
# 56th meeting of the GST Council. Milk (UHT too) and pre-packed paneer are exempt; curd, lassi, buttermilk, butter,
# ghee, cheese, sweets and drinks that contain milk bear 5 %.
# Before, from 18 July 2022: notifications 1/2017 and 2/2017 - Central Tax (Rate), as amended by 6/2022 and 7/2022.
_REFORM = date(2025, 9, 22)
_BEFORE = (date(2022, 7, 18), date(2025, 9, 21))
_GST = (
    TaxPlan("0401", 0, _REFORM),
    TaxPlan("0403", 500, _REFORM),
    TaxPlan("0405", 500, _REFORM),
    TaxPlan("0406", 500, _REFORM),
    TaxPlan("040610", 0, _REFORM),
    TaxPlan("210690", 500, _REFORM),
    TaxPlan("220299", 500, _REFORM),
    TaxPlan("0401", 0, *_BEFORE),
    TaxPlan("0403", 500, *_BEFORE),
    TaxPlan("0405", 1200, *_BEFORE),
    TaxPlan("0406", 1200, *_BEFORE),
    TaxPlan("040610", 500, *_BEFORE),
    TaxPlan("210690", 500, *_BEFORE),
    TaxPlan("220299", 1200, *_BEFORE),
)

# Vermont exempts food from its sales tax (32 V.S.A. § 9741(13)). Soft drinks are no food: 6 %, and 1 % for the town.
_VERMONT = (
    TaxPlan("04", 0, date(2022, 1, 1)),
    TaxPlan("21", 0, date(2022, 1, 1)),
    TaxPlan("220299", 700, date(2022, 1, 1)),
)

# Positions are the medians of each pincode's post offices in India Post's directory.
_BENGALURU_HUBS = (
    HubPlan(
        "Koramangala hub",
        "14 Dairy Circle Service Road, Koramangala, Bengaluru 560034",
        "12.94210",
        "77.62930",
        (
            Place("560034", "Koramangala", "12.92710", "77.62660", ("80 Feet Road", "1st Cross, 4th Block")),
            Place("560008", "Cambridge Layout", "12.96850", "77.64260", ("Cambridge Road", "Old Madras Road")),
            Place("560075", "Jeevanbhimanagar", "12.97110", "77.65600", ("Suranjandas Road", "10th Main")),
            Place("560093", "C V Raman Nagar", "12.98610", "77.65220", ("Bagmane Road", "Nagavarapalya Main Road")),
        ),
    ),
    HubPlan(
        "Jayanagar hub",
        "3 Krishna Rajendra Road, Jayanagar, Bengaluru 560041",
        "12.93280",
        "77.58020",
        (
            Place("560041", "Jayanagar", "12.92350", "77.59170", ("11th Main, 4th Block", "30th Cross")),
            Place("560011", "Jayanagar III Block", "12.93360", "77.58460", ("9th Main, 3rd Block", "Madhavan Park")),
            Place("560004", "Basavanagudi", "12.94840", "77.57280", ("Gandhi Bazaar Main Road", "Bull Temple Road")),
            Place("560070", "Banashankari II Stage", "12.92640", "77.56850", ("24th Cross", "Padmanabhanagar")),
        ),
    ),
    HubPlan(
        "Malleswaram hub",
        "71 Sampige Road, Malleswaram, Bengaluru 560003",
        "13.00560",
        "77.56440",
        (
            Place("560003", "Malleswaram", "13.00230", "77.57380", ("Margosa Road", "15th Cross")),
            Place("560080", "Sadashivanagar", "13.00930", "77.57670", ("RMV Main Road", "Sankey Road")),
            Place("560010", "Rajajinagar", "12.98300", "77.55450", ("Dr Rajkumar Road", "2nd Block Main Road")),
            Place("560086", "Mahalakshmipuram", "13.00680", "77.54640", ("West of Chord Road", "6th Main, 2nd Stage")),
        ),
    ),
)

_BURLINGTON_HUBS = (
    HubPlan(
        "Burlington hub",
        "120 Pine Street, Burlington, VT 05401",
        "44.47120",
        "-73.21490",
        (
            Place("05401", "Burlington", "44.48000", "-73.21690", ("North Winooski Avenue", "South Union Street")),
            Place("05403", "South Burlington", "44.45080", "-73.17970", ("Dorset Street", "Hinesburg Road")),
            Place("05404", "Winooski", "44.49130", "-73.18570", ("Weaver Street", "Mallets Bay Avenue")),
        ),
    ),
)

BENGALURU = RegionPlan(
    code="BLR",
    name="Bengaluru",
    city="Bengaluru",
    state="Karnataka",
    fields={
        "country": "IN",
        "currency": "INR",
        "time_zone": "Asia/Kolkata",
        "tax_scheme": "GST",
        "tax_inclusive": True,
        "postal_code_pattern": "[1-9][0-9]{5}",
        "delivery_fee": 20_00,
        "free_delivery_from": 199_00,
        "phone_prefix": "+91",
    },
    slots=(
        SlotPlan(_MORNING, time(5, 0), time(7, 30), 1, time(22, 0), time(3, 30)),
        SlotPlan(_EVENING, time(17, 0), time(19, 30), 0, time(12, 0), time(15, 30)),
    ),
    taxes=_GST,
    hubs=_BENGALURU_HUBS,
)

BURLINGTON = RegionPlan(
    code="BTV",
    name="Burlington",
    city="Burlington",
    state="Vermont",
    fields={
        "country": "US",
        "currency": "USD",
        "time_zone": "America/New_York",
        "tax_scheme": "Sales tax",
        "tax_inclusive": False,
        "postal_code_pattern": "[0-9]{5}",
        "delivery_fee": 3_99,
        "free_delivery_from": 25_00,
        "phone_prefix": "+1",
    },
    slots=(
        SlotPlan(_MORNING, time(6, 0), time(9, 0), 1, time(20, 0), time(4, 30)),
        SlotPlan(_EVENING, time(16, 30), time(19, 0), 0, time(11, 0), time(15, 0)),
    ),
    taxes=_VERMONT,
    hubs=_BURLINGTON_HUBS,
)

REGIONS = (BENGALURU, BURLINGTON)


def holidays_of(region_code: str, year: int) -> list[tuple[date, str]]:
    """The days of a year on which the region's dairies do not deliver."""
    if region_code == BENGALURU.code:
        return [
            (date(year, 1, 26), "Republic Day"),
            (date(year, 8, 15), "Independence Day"),
            (date(year, 10, 2), "Gandhi Jayanti"),
        ]
    first_november = date(year, 11, 1)
    thanksgiving = 22 + (3 - first_november.weekday()) % 7  # the fourth Thursday
    return [
        (date(year, 1, 1), "New Year's Day"),
        (date(year, 7, 4), "Independence Day"),
        (date(year, 11, thanksgiving), "Thanksgiving"),
        (date(year, 12, 25), "Christmas Day"),
    ]
