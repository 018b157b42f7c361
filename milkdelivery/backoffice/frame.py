"""What stands around every page: brand, environment badge and the sidebar of whoever looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Address, Device, StaffNote, User
from analytics.models import DailyReport
from cart.models import Cart, Checkout
from catalog.models import Category, PriceListEntry, Product, PromoCode, PromoRedemption, Promotion, SearchWord, Variant
from deliveries.models import Delivery, Driver, DriverAction, Hub, Route, Shift, Vehicle
from inventory.models import Batch, DailySupply, Reconciliation, Stock, StockImport, StockMovement
from milkdelivery.core.models import DeliverySlot, Event, EventDelivery, Holiday, Pincode, Region, TaxRate
from notifications.models import Notification
from orders.models import Claim, Order, VendorAnswer
from payments.models import Invoice, LedgerAccount, LedgerRecount, Payment, Refund, Seller, Webhook
from vendors.models import CapacityUse, Vendor, Waiting


def brand(request: HttpRequest) -> str:
    return str(settings.BRAND_NAME)


def subheader(request: HttpRequest) -> str:
    return _("Back office")


def icon(request: HttpRequest) -> str:
    return static("img/app-icon.svg")


def favicon(request: HttpRequest) -> str:
    return static("img/favicon.svg")


def stylesheet(request: HttpRequest) -> str:
    return static("css/admin.css")


def script(request: HttpRequest) -> str:
    return static("js/back.js")


def environment(request: HttpRequest) -> list[str] | None:
    """The badge in the header: nothing in production, so that its absence means the real thing."""
    kinds = {"demo": (_("Demo"), "warning"), "dev": (_("Development"), "info"), "test": (_("Test"), "info")}
    found = kinds.get(settings.MILK_ENV)
    return list(found) if found else None


@dataclass(frozen=True, slots=True)
class Entry:
    """A list page in the sidebar: its model, a symbol, and a title where the model's own is not the clearest.

    `page` is the name of another page of that model's admin; `of_admins` says that only admins change such records.
    """

    model: type[Model]
    icon: str
    title: Any = ""
    page: str = ""
    of_admins: bool = False


_SECTIONS: tuple[tuple[Any, tuple[Entry, ...]], ...] = (
    (
        gettext_lazy("Orders"),
        (
            Entry(Order, "receipt_long"),
            Entry(DailyReport, "monitoring"),
            Entry(Claim, "sentiment_dissatisfied"),
            Entry(Delivery, "local_shipping"),
            Entry(Payment, "payments"),
            Entry(LedgerAccount, "account_balance_wallet", gettext_lazy("Wallets and books")),
            Entry(LedgerRecount, "balance", gettext_lazy("Recounts of the books")),
            Entry(Refund, "undo"),
            Entry(Invoice, "receipt"),
            Entry(Seller, "storefront", of_admins=True),
            Entry(Webhook, "webhook", of_admins=True),
            Entry(Checkout, "rule"),
            Entry(Cart, "shopping_cart"),
        ),
    ),
    (
        gettext_lazy("Catalogue"),
        (
            Entry(Product, "egg_alt"),
            Entry(Variant, "package_2", gettext_lazy("Packs")),
            Entry(PriceListEntry, "sell", of_admins=True),
            Entry(Category, "category", of_admins=True),
            Entry(Promotion, "loyalty", of_admins=True),
            Entry(PromoCode, "confirmation_number", of_admins=True),
            Entry(PromoRedemption, "redeem", of_admins=True),
            Entry(SearchWord, "manage_search", of_admins=True),
        ),
    ),
    (
        gettext_lazy("Dairies and stock"),
        (
            Entry(Vendor, "agriculture"),
            Entry(Stock, "inventory_2"),
            Entry(DailySupply, "event_upcoming"),
            Entry(Batch, "barcode"),
            Entry(StockMovement, "swap_vert"),
            Entry(StockImport, "upload_file"),
            Entry(Reconciliation, "balance"),
            Entry(CapacityUse, "speed"),
            Entry(VendorAnswer, "rate_review"),
            Entry(Waiting, "hourglass_top"),
        ),
    ),
    (
        gettext_lazy("On the road"),
        (
            Entry(Route, "alt_route", gettext_lazy("Dispatch"), "deliveries_route_desk"),
            Entry(Route, "route"),
            Entry(DriverAction, "touch_app"),
            Entry(Shift, "calendar_month"),
            Entry(Driver, "two_wheeler"),
            Entry(Vehicle, "local_shipping"),
            Entry(Hub, "warehouse"),
        ),
    ),
    (
        gettext_lazy("People"),
        (
            Entry(User, "group"),
            Entry(Address, "home_pin"),
            Entry(Device, "devices"),
            Entry(StaffNote, "sticky_note_2"),
            Entry(Notification, "mail"),
        ),
    ),
    (
        gettext_lazy("Markets"),
        (
            Entry(Region, "public", of_admins=True),
            Entry(DeliverySlot, "schedule", of_admins=True),
            Entry(Holiday, "event_busy"),
            Entry(Pincode, "pin_drop"),
            Entry(TaxRate, "percent", of_admins=True),
        ),
    ),
    (
        gettext_lazy("System"),
        (Entry(Event, "history"), Entry(EventDelivery, "move_to_inbox")),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar: the first page, then every list that this person may see, in groups."""
    first = {"title": _("Today"), "icon": "space_dashboard", "link": reverse("admin:index")}
    sections: list[dict[str, Any]] = [{"items": [first]}]
    for title, entries in _SECTIONS:
        items = [_item(entry) for entry in entries if _is_offered(request, entry)]
        if items:
            sections.append({"title": str(title), "separator": True, "items": items})
    return sections


def list_url(model: type[Model], **filters: object) -> str:
    """The list page of a model, filtered."""
    options = admin.site.get_model_admin(model).opts
    query = f"?{urlencode(filters)}" if filters else ""
    return reverse(f"admin:{options.app_label}_{options.model_name}_changelist") + query


def _item(entry: Entry) -> dict[str, Any]:
    words = str(entry.title or admin.site.get_model_admin(entry.model).opts.verbose_name_plural)
    link = reverse(f"admin:{entry.page}") if entry.page else list_url(entry.model)
    own = tuple(_pages_below(entry))

    def is_active(request: HttpRequest) -> bool:
        return request.path.startswith(link) and not request.path.startswith(own)

    item: dict[str, Any] = {"title": words[:1].upper() + words[1:], "icon": entry.icon, "link": link}
    return item | {"active": is_active} if own else item


def _pages_below(entry: Entry) -> list[str]:
    """Pages whose address begins as that of a list, and which have entries of their own."""
    if entry.page:
        return []
    others = (other for _title, entries in _SECTIONS for other in entries if other.page and other.model is entry.model)
    return [reverse(f"admin:{other.page}") for other in others]


def _is_offered(request: HttpRequest, entry: Entry) -> bool:
    """What only admins change is on their menu alone; others find it where it is linked from."""
    return (may_keep if entry.of_admins else may_view)(request, entry.model)


def may_keep(request: HttpRequest, model: type[Model]) -> bool:
    """Whether the model has a list that this person may open, and may change what is on it."""
    options = admin.site.get_model_admin(model).opts
    return may_view(request, model) and request.user.has_perm(f"{options.app_label}.change_{options.model_name}")


def may_view(request: HttpRequest, model: type[Model]) -> bool:
    """Whether the model has a list that this person may open."""
    if not admin.site.is_registered(model):
        return False
    return admin.site.get_model_admin(model).has_view_permission(request)
