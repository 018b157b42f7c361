"""The demo's dairies, what they supply, and the people who run and drive. All names and numbers are made up."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DairyPlan:
    """A vendor. `hubs` are the hubs whose pincodes it serves; of `supplies`, SKU prefixes, it offers every pack.

    `rating` is what customers gave before the demo begins. `discount` is by how many per cent it is cheaper to us than
    the pack's usual cost.
    """

    name: str
    name_hi: str
    region: str
    email: str
    phone: str
    address: str
    pincode: str
    latitude: str
    longitude: str
    rating: str
    licence: str
    gstin: str
    bank: str
    commission_basis_points: int
    hubs: tuple[str, ...]
    supplies: tuple[str, ...]
    discount: int = 0
    spare_pincodes: tuple[str, ...] = ()


DAIRIES = (
    DairyPlan(
        name="Hoskote Morning Dairy",
        name_hi="होसकोटे मॉर्निंग डेयरी",
        region="BLR",
        email="orders@hoskotemorning.example",
        phone="+915550010001",
        address="Survey 41, Old Madras Road, Hoskote 562114",
        pincode="562114",
        latitude="13.07070",
        longitude="77.79820",
        rating="4.60",
        licence="11225999000118",
        gstin="29ZZZHM0101D1Z7",
        bank="demo-bank-0001",
        commission_basis_points=600,
        hubs=("Koramangala hub", "Jayanagar hub", "Malleswaram hub"),
        supplies=("MLK-TON", "MLK-FCM", "MLK-DTM", "MLK-LFR", "CRD-", "PNR-MAL", "BTR-", "GHE-COW", "OTH-"),
    ),
    DairyPlan(
        name="Kaveri Bend Creamery",
        name_hi="कावेरी बेंड क्रीमरी",
        region="BLR",
        email="desk@kaveribend.example",
        phone="+915550010002",
        address="9 Kanakapura Road, Konanakunte, Bengaluru 560062",
        pincode="560062",
        latitude="12.88170",
        longitude="77.56490",
        rating="4.40",
        licence="11224999000276",
        gstin="29ZZZKB0202C1ZB",
        bank="demo-bank-0002",
        commission_basis_points=550,
        hubs=("Koramangala hub", "Jayanagar hub"),
        supplies=("MLK-TON", "MLK-FCM", "MLK-BUF", "MLK-UHT", "CRD-SET", "CRD-BUF", "PNR-", "GHE-BUF", "OTH-BTM"),
        discount=1,
        spare_pincodes=("560003",),
    ),
    DairyPlan(
        name="Bilva Desi Cow Farm",
        name_hi="बिल्व देसी गाय फ़ार्म",
        region="BLR",
        email="namaste@bilvafarm.example",
        phone="+915550010003",
        address="Doddaballapura Road, Rajanukunte 561203",
        pincode="561203",
        latitude="13.17420",
        longitude="77.56100",
        rating="4.80",
        licence="11225999000334",
        gstin="29ZZZBF0303F1ZI",
        bank="demo-bank-0003",
        commission_basis_points=800,
        hubs=("Koramangala hub", "Jayanagar hub", "Malleswaram hub"),
        supplies=("MLK-A2C", "CRD-POT", "PNR-A2C", "GHE-A2B", "BTR-WHT"),
    ),
    DairyPlan(
        name="Nandi Foothills Milk Collective",
        name_hi="नंदी तलहटी दूध संघ",
        region="BLR",
        email="office@nandifoothills.example",
        phone="+915550010004",
        address="Tumkur Road, Nelamangala 562123",
        pincode="562123",
        latitude="13.09930",
        longitude="77.39200",
        rating="4.20",
        licence="11223999000492",
        gstin="29ZZZNF0404M1ZC",
        bank="demo-bank-0004",
        commission_basis_points=500,
        hubs=("Malleswaram hub",),
        supplies=("MLK-TON", "MLK-FCM", "MLK-DTM", "MLK-BUF", "CRD-SET", "PNR-MAL", "BTR-SAL", "GHE-", "OTH-PED"),
        discount=2,
        spare_pincodes=("560004", "560008"),
    ),
    DairyPlan(
        name="Winooski Bend Creamery",
        name_hi="",
        region="BTV",
        email="hello@winooskibend.example",
        phone="+18025550140",
        address="210 River Road, Richmond, VT 05477",
        pincode="05477",
        latitude="44.40450",
        longitude="-72.99670",
        rating="4.50",
        licence="",
        gstin="",
        bank="demo-bank-0005",
        commission_basis_points=700,
        hubs=("Burlington hub",),
        supplies=("MLK-", "CRD-SET", "PNR-MAL", "BTR-SAL", "GHE-COW", "OTH-LAS", "OTH-NIM"),
    ),
)


@dataclass(frozen=True, slots=True)
class DriverPlan:
    name: str
    email: str
    phone: str
    hub: str


PASSWORD = "milk-at-dawn"  # noqa: S105 - the demo's people are there to be signed in as
HOUSEHOLD = "household@example.com"
VENDOR = "vendor@example.com"
DRIVER = "driver@example.com"
MANAGER = "manager@example.com"
ADMIN = "admin@example.com"

# The first of a hub is who gets the first delivery of a slot.
DRIVERS = (
    DriverPlan("Manjunath Gowda", DRIVER, "+915550020001", "Koramangala hub"),
    DriverPlan("Selvam Arumugam", "selvam@doorstep.example", "+915550020002", "Koramangala hub"),
    DriverPlan("Imran Pasha", "imran@doorstep.example", "+915550020003", "Jayanagar hub"),
    DriverPlan("Ravi Kumar H N", "ravi@doorstep.example", "+915550020004", "Jayanagar hub"),
    DriverPlan("Lakshmi Devamma", "lakshmi@doorstep.example", "+915550020005", "Malleswaram hub"),
    DriverPlan("Joseph D'Souza", "joseph@doorstep.example", "+915550020006", "Malleswaram hub"),
    DriverPlan("Emily Tremblay", "emily@doorstep.example", "+18025550141", "Burlington hub"),
)

# Pincode, contact and language of households beyond our pincodes that wait for us to come.
WAITING = (
    ("560038", "meghana@doorstep.example", "en"),
    ("560038", "+915550030001", "hi"),
    ("560038", "arvind@doorstep.example", "en"),
    ("560066", "saritha@doorstep.example", "en"),
    ("560066", "+915550030002", "en"),
    ("560103", "neha@doorstep.example", "hi"),
    ("05446", "carol@doorstep.example", "en"),
)
