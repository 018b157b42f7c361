"""What the demo sells: pack sizes and prices as Indian dairies sell them in 2025 and 2026.

Amounts are in minor units: paise of the home price, cents where a pack is sold in Burlington too.
"""

from dataclasses import dataclass
from enum import StrEnum

from catalog.models import DietaryFact, Variant

ML, G, PC = Variant.Unit.MILLILITRE, Variant.Unit.GRAM, Variant.Unit.PIECE
VEG, A2, LOW_FAT = DietaryFact.VEGETARIAN, DietaryFact.A2, DietaryFact.LOW_FAT
PROTEIN, NUTS, NO_SUGAR = DietaryFact.HIGH_PROTEIN, DietaryFact.CONTAINS_NUTS, DietaryFact.NO_ADDED_SUGAR
ORGANIC, LACTOSE_FREE = DietaryFact.ORGANIC, DietaryFact.LACTOSE_FREE


class Supply(StrEnum):
    """How much of a pack the dairies keep, so that the shop shows every state."""

    PLENTY = "PLENTY"
    LOW = "LOW"
    OUT = "OUT"


@dataclass(frozen=True, slots=True)
class Abroad:
    """Price and bottle deposit in Burlington, in cents."""

    price: int
    deposit: int = 0


@dataclass(frozen=True, slots=True)
class Pack:
    """One size. `wanted` weighs how often households take it; `cost` is what a dairy asks, in per cent of the price."""

    sku: str
    name: str
    unit: str
    size: int
    price: int
    mrp: int
    wanted: int = 1
    deposit: int = 0
    cost: int = 88
    supply: Supply = Supply.PLENTY
    abroad: Abroad | None = None


@dataclass(frozen=True, slots=True)
class ProductPlan:
    category: str
    name: str
    name_hi: str
    description: str
    hsn: str
    shelf_life_days: int
    facts: tuple[str, ...]
    packs: tuple[Pack, ...]
    subscribable: bool = True


@dataclass(frozen=True, slots=True)
class CategoryPlan:
    name: str
    name_hi: str
    slug: str


CATEGORIES = (
    CategoryPlan("Milk", "दूध", "milk"),
    CategoryPlan("Curd", "दही", "curd"),
    CategoryPlan("Paneer", "पनीर", "paneer"),
    CategoryPlan("Butter", "मक्खन", "butter"),
    CategoryPlan("Ghee", "घी", "ghee"),
    CategoryPlan("Other", "अन्य", "other"),
)

MILK = (
    ProductPlan(
        "milk",
        "Toned Milk",
        "टोन्ड दूध",
        "Pasteurised, 3 % fat and 8.5 % SNF. The everyday milk for tea, coffee and setting curd.",
        "04012000",
        2,
        (VEG,),
        (
            Pack("MLK-TON-500", "500 ml", ML, 500, 24_00, 24_00, 90, abroad=Abroad(2_29)),
            Pack("MLK-TON-1000", "1 L", ML, 1000, 46_00, 47_00, 70, abroad=Abroad(3_79)),
        ),
    ),
    ProductPlan(
        "milk",
        "Full Cream Milk",
        "फुल क्रीम दूध",
        "Pasteurised, 6 % fat and 9 % SNF. Thick and sweet: for children, sweets and a good head of cream.",
        "04014000",
        2,
        (VEG,),
        (
            Pack("MLK-FCM-500", "500 ml", ML, 500, 34_00, 34_00, 60),
            Pack("MLK-FCM-1000", "1 L", ML, 1000, 67_00, 68_00, 45, abroad=Abroad(4_29)),
        ),
    ),
    ProductPlan(
        "milk",
        "Double Toned Milk",
        "डबल टोन्ड दूध",
        "Pasteurised, 1.5 % fat and 9 % SNF. Light, with all the protein.",
        "04012000",
        2,
        (VEG, LOW_FAT),
        (
            Pack("MLK-DTM-500", "500 ml", ML, 500, 23_00, 23_00, 25),
            Pack("MLK-DTM-1000", "1 L", ML, 1000, 44_00, 45_00, 12),
        ),
    ),
    ProductPlan(
        "milk",
        "A2 Desi Cow Milk",
        "ए2 देसी गाय का दूध",
        "From Gir and Hallikar cows that graze, unhomogenised, in a glass bottle that we take back.",
        "04012000",
        2,
        (VEG, A2, ORGANIC),
        (
            Pack("MLK-A2C-500", "500 ml bottle", ML, 500, 52_00, 55_00, 22, deposit=30_00, cost=80),
            Pack("MLK-A2C-1000", "1 L bottle", ML, 1000, 99_00, 105_00, 26, 40_00, cost=80, abroad=Abroad(5_99, 2_00)),
        ),
    ),
    ProductPlan(
        "milk",
        "Buffalo Milk",
        "भैंस का दूध",
        "Fresh Murrah buffalo milk, 7 % fat. Sets into firm curd and gives a lot of paneer.",
        "04014000",
        2,
        (VEG, PROTEIN),
        (
            Pack("MLK-BUF-500", "500 ml", ML, 500, 38_00, 39_00, 20),
            Pack("MLK-BUF-1000", "1 L", ML, 1000, 75_00, 76_00, 12),
        ),
    ),
    ProductPlan(
        "milk",
        "Lactose Free Milk",
        "लैक्टोज़ मुक्त दूध",
        "Toned milk with the milk sugar already split. Tastes slightly sweeter; nothing is added.",
        "04012000",
        5,
        (VEG, LACTOSE_FREE, NO_SUGAR),
        (Pack("MLK-LFR-500", "500 ml", ML, 500, 45_00, 48_00, 5, cost=82),),
    ),
    ProductPlan(
        "milk",
        "UHT Slim Milk",
        "यूएचटी स्लिम दूध",
        "Skimmed, 0.5 % fat, in a carton that keeps without a fridge until it is opened.",
        "04011000",
        150,
        (VEG, LOW_FAT),
        (Pack("MLK-UHT-1000", "1 L carton", ML, 1000, 72_00, 75_00, 4, cost=84),),
    ),
)

CURD = (
    ProductPlan(
        "curd",
        "Set Curd",
        "दही",
        "Thick set curd of toned milk, mild and not sour.",
        "04039010",
        7,
        (VEG,),
        (
            Pack("CRD-SET-200", "200 g cup", G, 200, 22_00, 23_00, 16),
            Pack("CRD-SET-500", "500 g pouch", G, 500, 38_00, 39_00, 40),
            Pack("CRD-SET-1000", "1 kg pouch", G, 1000, 73_00, 75_00, 18, abroad=Abroad(5_49)),
        ),
    ),
    ProductPlan(
        "curd",
        "Clay Pot Curd",
        "मटका दही",
        "Full cream curd set overnight in an earthen pot, which drinks the whey and leaves it firm.",
        "04039010",
        5,
        (VEG,),
        (Pack("CRD-POT-400", "400 g pot", G, 400, 75_00, 80_00, 8, cost=80),),
    ),
    ProductPlan(
        "curd",
        "Buffalo Curd",
        "भैंस का दही",
        "Rich and firm; cuts with a spoon.",
        "04039010",
        7,
        (VEG, PROTEIN),
        (Pack("CRD-BUF-450", "450 g cup", G, 450, 68_00, 72_00, 6, cost=82),),
    ),
    ProductPlan(
        "curd",
        "Greek Yogurt",
        "ग्रीक योगर्ट",
        "Strained, with 8 g of protein in 100 g and no sugar added.",
        "04032000",
        15,
        (VEG, PROTEIN, NO_SUGAR),
        (Pack("CRD-GRK-400", "400 g tub", G, 400, 149_00, 160_00, 5, cost=78),),
        subscribable=False,
    ),
)

PANEER = (
    ProductPlan(
        "paneer",
        "Malai Paneer",
        "मलाई पनीर",
        "Soft, of whole cow milk, pressed the same night.",
        "04061000",
        10,
        (VEG, PROTEIN),
        (
            Pack("PNR-MAL-200", "200 g", G, 200, 92_00, 95_00, 22, abroad=Abroad(5_79)),
            Pack("PNR-MAL-500", "500 g", G, 500, 222_00, 230_00, 10),
            Pack("PNR-MAL-1000", "1 kg", G, 1000, 430_00, 445_00, 3),
        ),
        subscribable=False,
    ),
    ProductPlan(
        "paneer",
        "Low Fat Paneer",
        "लो फैट पनीर",
        "Of double toned milk: firm, for the grill.",
        "04061000",
        10,
        (VEG, LOW_FAT, PROTEIN),
        (Pack("PNR-LOW-200", "200 g", G, 200, 98_00, 105_00, 6),),
        subscribable=False,
    ),
    ProductPlan(
        "paneer",
        "A2 Cow Paneer",
        "ए2 गाय का पनीर",
        "Of desi cow milk, curdled with lemon.",
        "04061000",
        7,
        (VEG, A2, PROTEIN),
        (Pack("PNR-A2C-200", "200 g", G, 200, 165_00, 175_00, 3, cost=80, supply=Supply.LOW),),
        subscribable=False,
    ),
)

BUTTER = (
    ProductPlan(
        "butter",
        "White Butter",
        "सफ़ेद मक्खन",
        "Churned from curd, unsalted. The makkhan for parathas and akki rotti.",
        "04051000",
        21,
        (VEG, NO_SUGAR),
        (
            Pack("BTR-WHT-200", "200 g", G, 200, 135_00, 142_00, 8),
            Pack("BTR-WHT-500", "500 g", G, 500, 320_00, 335_00, 2),
        ),
        subscribable=False,
    ),
    ProductPlan(
        "butter",
        "Table Butter, Salted",
        "नमकीन मक्खन",
        "Pasteurised cream, a pinch of salt.",
        "04051000",
        120,
        (VEG,),
        (
            Pack("BTR-SAL-100", "100 g", G, 100, 58_00, 60_00, 14),
            Pack("BTR-SAL-500", "500 g", G, 500, 282_00, 290_00, 6, abroad=Abroad(6_99)),
        ),
        subscribable=False,
    ),
    ProductPlan(
        "butter",
        "Garlic Herb Butter",
        "लहसुन मक्खन",
        "For toast and corn on the cob.",
        "04051000",
        60,
        (VEG,),
        (Pack("BTR-GAR-100", "100 g", G, 100, 85_00, 90_00, 2, supply=Supply.LOW),),
        subscribable=False,
    ),
)

GHEE = (
    ProductPlan(
        "ghee",
        "Cow Ghee",
        "गाय का घी",
        "Slow-cooked from cream until it is golden and grainy.",
        "04059020",
        270,
        (VEG,),
        (
            Pack("GHE-COW-200", "200 ml jar", ML, 200, 145_00, 152_00, 6),
            Pack("GHE-COW-500", "500 ml jar", ML, 500, 335_00, 350_00, 9, abroad=Abroad(13_99)),
            Pack("GHE-COW-1000", "1 L jar", ML, 1000, 650_00, 680_00, 4),
        ),
        subscribable=False,
    ),
    ProductPlan(
        "ghee",
        "Buffalo Ghee",
        "भैंस का घी",
        "White and aromatic.",
        "04059020",
        270,
        (VEG,),
        (Pack("GHE-BUF-1000", "1 L jar", ML, 1000, 690_00, 720_00, 2),),
        subscribable=False,
    ),
    ProductPlan(
        "ghee",
        "A2 Bilona Ghee",
        "ए2 बिलोना घी",
        "Curd of desi cow milk, churned by hand and cooked over wood. Thirty litres of milk make one.",
        "04059020",
        365,
        (VEG, A2, ORGANIC),
        (Pack("GHE-A2B-500", "500 ml jar", ML, 500, 895_00, 950_00, 1, cost=78, supply=Supply.LOW),),
        subscribable=False,
    ),
)

OTHER = (
    ProductPlan(
        "other",
        "Masala Buttermilk",
        "मसाला छाछ",
        "Thin and cold, with ginger, curry leaf and a little green chilli.",
        "04039090",
        7,
        (VEG, LOW_FAT),
        (
            Pack("OTH-BTM-200", "200 ml", ML, 200, 10_00, 10_00, 20),
            Pack("OTH-BTM-500", "500 ml", ML, 500, 24_00, 25_00, 8),
        ),
    ),
    ProductPlan(
        "other",
        "Sweet Lassi",
        "मीठी लस्सी",
        "Whipped curd with sugar and cardamom.",
        "04039090",
        10,
        (VEG,),
        (Pack("OTH-LAS-200", "200 ml", ML, 200, 24_00, 25_00, 10, abroad=Abroad(2_49)),),
    ),
    ProductPlan(
        "other",
        "Badam Milk",
        "बादाम दूध",
        "Milk with almond paste and saffron, in a glass bottle that we take back.",
        "22029930",
        10,
        (VEG, NUTS),
        (Pack("OTH-BAD-200", "200 ml bottle", ML, 200, 40_00, 42_00, 8, deposit=10_00),),
    ),
    ProductPlan(
        "other",
        "Nimbu Pani",
        "नींबू पानी",
        "Lemon, jaggery, black salt and roasted cumin. No milk in it.",
        "22029920",
        10,
        (VEG, LACTOSE_FREE),
        (Pack("OTH-NIM-200", "200 ml", ML, 200, 20_00, 22_00, 6, abroad=Abroad(2_79)),),
    ),
    ProductPlan(
        "other",
        "Fresh Cream",
        "ताज़ी क्रीम",
        "25 % fat, for dals, soups and coffee.",
        "04015000",
        20,
        (VEG,),
        (Pack("OTH-CRM-200", "200 ml", ML, 200, 66_00, 70_00, 5),),
        subscribable=False,
    ),
    ProductPlan(
        "other",
        "Mozzarella",
        "मोज़रेला चीज़",
        "Low-moisture block for pizza and sandwiches.",
        "04069000",
        90,
        (VEG, PROTEIN),
        (Pack("OTH-MOZ-200", "200 g", G, 200, 128_00, 135_00, 4),),
        subscribable=False,
    ),
    ProductPlan(
        "other",
        "Cheese Slices",
        "चीज़ स्लाइस",
        "Ten slices of processed cheddar.",
        "04063000",
        180,
        (VEG,),
        (Pack("OTH-SLI-10", "10 slices", PC, 10, 142_00, 150_00, 5),),
        subscribable=False,
    ),
    ProductPlan(
        "other",
        "Shrikhand, Kesar Elaichi",
        "केसर इलायची श्रीखंड",
        "Hung curd with saffron and cardamom.",
        "04039090",
        30,
        (VEG,),
        (Pack("OTH-SHR-250", "250 g", G, 250, 95_00, 100_00, 5),),
        subscribable=False,
    ),
    ProductPlan(
        "other",
        "Dharwad Peda",
        "धारवाड़ पेड़ा",
        "Milk cooked down for hours and rolled in sugar, twelve pieces.",
        "21069099",
        15,
        (VEG,),
        (Pack("OTH-PED-12", "12 pieces", PC, 12, 160_00, 170_00, 6),),
        subscribable=False,
    ),
    ProductPlan(
        "other",
        "Rasgulla",
        "रसगुल्ला",
        "Spongy chenna balls in light syrup, ten pieces.",
        "21069099",
        12,
        (VEG,),
        (Pack("OTH-RAS-10", "10 pieces", PC, 10, 175_00, 185_00, 5),),
        subscribable=False,
    ),
    ProductPlan(
        "other",
        "Mishti Doi",
        "मिष्टी दोई",
        "Caramel curd from Bengal in a clay cup.",
        "04039010",
        10,
        (VEG,),
        (Pack("OTH-MIS-90", "90 g cup", G, 90, 32_00, 35_00, 3, supply=Supply.OUT),),
        subscribable=False,
    ),
)

PRODUCTS = (*MILK, *CURD, *PANEER, *BUTTER, *GHEE, *OTHER)
