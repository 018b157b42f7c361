"""Everything that stands before the first order: regions, catalogue, hubs and dairies, all through the actions."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

from catalog.actions import (
    save_category,
    save_code,
    save_product,
    save_promotion,
    save_variant,
    set_price,
    store_alternatives,
)
from catalog.models import Alternative, Category, Product, PromoCode, Promotion, Variant
from deliveries.actions import change_hub_areas, refresh_served_pincodes, save_hub
from deliveries.models import Hub
from milkdelivery.core import actions as core
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor
from milkdelivery.core.models import DeliverySlot, Holiday, Pincode, Region, TaxRate
from milkdelivery.core.money import Money, divide_half_up
from milkdelivery.demo.data.dairies import DAIRIES, WAITING, DairyPlan
from milkdelivery.demo.data.geography import REGIONS, HubPlan, Place, RegionPlan, holidays_of
from milkdelivery.demo.data.products import CATEGORIES, PRODUCTS, Pack, ProductPlan
from milkdelivery.demo.data.shelf import DESCRIPTIONS_HI, INSTEAD, TOGETHER
from milkdelivery.demo.invoices import name_seller
from vendors.actions import change_service_areas, join_waitlist, save_offers, save_vendor
from vendors.models import Offer, Vendor

PRICED_FROM = date(2025, 9, 22)


def lay(*, households: int, by: Actor) -> None:
    """Write all reference rows of the demo. Dairies take as many orders a day as `households` of them need."""
    regions = {plan.code: _region(plan, by=by) for plan in REGIONS}
    variants = _catalogue(regions, by=by)
    _promotions(regions["BLR"], by=by)
    for plan in REGIONS:
        pincodes = {place.code: _pincode(place, regions[plan.code], by=by) for place in plan.places}
        for hub in plan.hubs:
            _hub(hub, regions[plan.code], pincodes, by=by)
        for dairy in DAIRIES:
            if dairy.region == plan.code:
                _dairy(dairy, plan, pincodes, variants, region=regions[plan.code], households=households, by=by)
    refresh_served_pincodes(
        by=Actor.system("demo")
    )  # now, and not when a worker hears of the dairies: the first orders come at once
    for pincode, contact, language in WAITING:
        join_waitlist(pincode, contact, language=language, by=by)


def keep_holidays(region: Region, *, by: Actor) -> None:
    """The holidays of last year, this year and the next, where they are not known yet."""
    this_year = clock.today(region).year
    known = set(Holiday.objects.filter(region=region).values_list("date", flat=True))
    for year in (this_year - 1, this_year, this_year + 1):
        for day, name in holidays_of(region.code, year):
            if day not in known:
                core.save_holiday(Holiday(region=region, date=day, name=name), by=by)


def _region(plan: RegionPlan, *, by: Actor) -> Region:
    region = core.save_region(Region(code=plan.code, name=plan.name, **plan.fields), by=by)
    for slot in plan.slots:
        core.save_slot(
            DeliverySlot(
                region=region,
                code=slot.code,
                starts_at=slot.starts_at,
                ends_at=slot.ends_at,
                cutoff_days_before=slot.cutoff_days_before,
                cutoff_time=slot.cutoff_time,
                pack_time=slot.pack_time,
            ),
            by=by,
        )
    for tax in plan.taxes:
        core.save_tax_rate(
            TaxRate(
                region=region,
                hsn_code=tax.hsn,
                basis_points=tax.basis_points,
                valid_from=tax.valid_from,
                valid_until=tax.valid_until,
            ),
            by=by,
        )
    keep_holidays(region, by=by)
    name_seller(region, by=by)
    return region


def _pincode(place: Place, region: Region, *, by: Actor) -> Pincode:
    pincode = Pincode(
        region=region,
        code=place.code,
        name=place.name,
        latitude=Decimal(place.latitude),
        longitude=Decimal(place.longitude),
    )
    return core.save_pincode(pincode, by=by)


def _hub(plan: HubPlan, region: Region, pincodes: dict[str, Pincode], *, by: Actor) -> None:
    hub = Hub(
        region=region,
        name=plan.name,
        address=plan.address,
        latitude=Decimal(plan.latitude),
        longitude=Decimal(plan.longitude),
    )
    save_hub(hub, by=by)
    change_hub_areas(hub.pk, add=[pincodes[place.code].pk for place in plan.places], remove=[], by=by)


def _catalogue(regions: dict[str, Region], *, by: Actor) -> dict[str, Variant]:
    """All products; the variants by SKU."""
    categories = {
        plan.slug: save_category(
            Category(name=plan.name, name_hi=plan.name_hi, slug=plan.slug, illustration=plan.slug, position=position),
            by=by,
        )
        for position, plan in enumerate(CATEGORIES, start=1)
    }
    variants: dict[str, Variant] = {}
    products: dict[str, int] = {}
    for position, plan in enumerate(PRODUCTS, start=1):
        product = _product(plan, categories[plan.category], position, by=by)
        products[plan.name] = product.pk
        for place, pack in enumerate(plan.packs, start=1):
            variants[pack.sku] = _variant(plan, pack, product, place, abroad=regions["BTV"], by=by)
    for kind, chosen in ((Alternative.Kind.INSTEAD, INSTEAD), (Alternative.Kind.TOGETHER, TOGETHER)):
        others = {products[name]: [products[other] for other in names] for name, names in chosen.items()}
        store_alternatives(others, source=Alternative.Source.STAFF, kind=kind, by=by)
    return variants


def _product(plan: ProductPlan, category: Category, position: int, *, by: Actor) -> Product:
    product = Product(
        name=plan.name,
        name_hi=plan.name_hi,
        slug=plan.name.lower().replace(",", "").replace(" ", "-"),
        description=plan.description,
        description_hi=DESCRIPTIONS_HI[plan.name],
        category=category,
        dietary_facts=[str(fact) for fact in plan.facts],
        position=position,
    )
    return save_product(product, by=by)


def _variant(plan: ProductPlan, pack: Pack, product: Product, position: int, *, abroad: Region, by: Actor) -> Variant:
    variant = Variant(
        product=product,
        name=pack.name,
        unit=pack.unit,
        size=pack.size,
        sku=pack.sku,
        price=pack.price,
        mrp=pack.mrp,
        deposit=pack.deposit,
        hsn_code=plan.hsn,
        shelf_life_days=plan.shelf_life_days,
        is_subscribable=plan.subscribable,
        position=position,
    )
    save_variant(variant, by=by)
    if pack.abroad is not None:
        price, deposit = Money(pack.abroad.price, abroad.currency), Money(pack.abroad.deposit, abroad.currency)
        with clock.override(datetime.combine(PRICED_FROM, time(12), UTC)):  # a price can't start in the past
            set_price(variant, region=abroad, price=price, deposit=deposit, valid_from=PRICED_FROM, by=by)
    return variant


def _promotions(region: Region, *, by: Actor) -> None:
    """A welcome for a first order, and a reason to try paneer. Both have a code; nothing applies by itself."""
    welcome = Promotion(
        name="Welcome",
        region=region,
        kind=Promotion.Kind.FIXED,
        amount=Money(5_000, region.currency),
        minimum_basket=Money(19_900, region.currency),
        is_first_order_only=True,
        per_user_limit=1,
        starts_on=PRICED_FROM,
    )
    paneer = Promotion(
        name="Paneer week",
        region=region,
        kind=Promotion.Kind.PERCENT,
        percent=15,
        max_discount=Money(6_000, region.currency),
        total_limit=500,
        starts_on=PRICED_FROM,
    )
    for promotion, code, categories in ((welcome, "WELCOME50", ""), (paneer, "PANEER15", "paneer")):
        save_promotion(promotion, categories=Category.objects.filter(slug=categories), by=by)
        save_code(PromoCode(promotion=promotion, code=code), by=by)


def _dairy(
    plan: DairyPlan,
    region_plan: RegionPlan,
    pincodes: dict[str, Pincode],
    variants: dict[str, Variant],
    *,
    region: Region,
    households: int,
    by: Actor,
) -> None:
    vendor = Vendor(
        name=plan.name,
        name_hi=plan.name_hi,
        region=region,
        email=plan.email,
        phone=plan.phone,
        address=plan.address,
        pincode=plan.pincode,
        latitude=Decimal(plan.latitude),
        longitude=Decimal(plan.longitude),
        rating=Decimal(plan.rating),
        daily_order_limit=max(100, households),
        commission_basis_points=plan.commission_basis_points,
        gstin=plan.gstin,
        fssai_licence=plan.licence,
        bank_reference=plan.bank,
    )
    save_vendor(vendor, by=by)
    served = {place.code for hub in region_plan.hubs if hub.name in plan.hubs for place in hub.places}
    served.update(plan.spare_pincodes)
    change_service_areas(vendor.pk, add=[pincodes[code].pk for code in sorted(served)], remove=[], by=by)
    offers = [
        Offer(vendor=vendor, variant=variants[pack.sku], cost_price=_cost(pack, plan))
        for product in PRODUCTS
        for pack in product.packs
        if pack.sku.startswith(plan.supplies) and (plan.region == "BLR" or pack.abroad is not None)
    ]
    save_offers(vendor.pk, offers=offers, by=by)


def _cost(pack: Pack, plan: DairyPlan) -> int:
    """What the dairy asks, in minor units of its region's currency."""
    price = pack.price if plan.region == "BLR" or pack.abroad is None else pack.abroad.price
    return divide_half_up(price * (pack.cost - plan.discount), 100)
