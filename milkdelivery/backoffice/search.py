"""One field for the whole back office: orders, invoices, people, addresses, dairies, products, vehicles and pages.

What a role may not open is not looked for. Each group is one query, answered by an index where there can be many rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib import admin
from django.db.models import F, Model, Q, Value
from django.db.models.functions import Replace, Upper
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Address, User
from accounts.queries import doors_like, number_query, people_like
from catalog.models import Product, Variant
from deliveries.models import Vehicle
from milkdelivery.backoffice.frame import list_url, may_view, navigation
from milkdelivery.backoffice.pages import record_url
from milkdelivery.core.finding import LONGEST_TERM, digits_of, normal
from orders.models import Order
from payments.models import Invoice
from vendors.models import Vendor

MOST = 6
"""Finds of a group that are shown; its list has the rest."""
SHORTEST = 2
FULL = 10
"""Digits of a whole phone number, without its country."""
FEWEST_OF_A_DAIRY = 5
"""Digits of a phone that are looked for anywhere in a dairy's."""
_NUMBER = re.compile(r"M?[0-9A-Z]{3,6}")
_INVOICE = re.compile(r"[0-9A-Z]+(/[0-9]+){1,2}")


@dataclass(frozen=True, slots=True)
class Find:
    """One find: what it is called, what else says that it is the right one, and why it was found."""

    title: str
    description: str
    reason: str
    link: str
    icon: str


@dataclass(frozen=True, slots=True)
class Group:
    """Finds of one kind. `url` is their list, searched for the same; "" where that would not find more."""

    title: str
    finds: tuple[Find, ...]
    is_cut: bool = False
    url: str = ""


def found(request: HttpRequest, typed: str) -> list[Group]:
    """The groups in which something was found, in their order; nothing for a single letter. At most nine queries."""
    term = " ".join(typed.replace("\0", "").split())[:LONGEST_TERM]
    if len(term) < SHORTEST:
        return []
    groups = [
        _group(request, model, title, look(term), term)
        for model, title, look in (
            (Order, _("Orders"), _orders),
            (Invoice, _("Invoices and credit notes"), _invoices),
            (User, _("People"), _people),
            (Address, _("Addresses"), _doors),
            (Vendor, _("Dairies"), _vendors),
            (Product, _("Products"), _products),
            (Variant, _("Packs"), _packs),
            (Vehicle, _("Vehicles"), _vehicles),
        )
        if may_view(request, model)
    ]
    groups.append(Group(_("Pages"), tuple(_pages(request, term))))
    return [group for group in groups if group.finds]


def _group(request: HttpRequest, model: type[Model], title: str, finds: Iterable[Find], term: str) -> Group:
    all_finds = tuple(finds)
    return Group(title, all_finds[:MOST], len(all_finds) > MOST, list_url(model, q=term))


def _change(record: Model) -> str:
    return record_url(admin.site.get_model_admin(type(record)), record)


# -- what is looked at, one more than is shown -------------------------------------------------------------------------


def _orders(term: str) -> Iterable[Find]:
    """By the beginning of the number, with or without # and M, in small letters too. No query for anything else."""
    wanted = term.replace(" ", "").lstrip("#").upper()
    if not _NUMBER.fullmatch(wanted):
        return
    starts = Q(number__startswith=f"M{wanted}")
    if wanted.startswith("M"):
        starts |= Q(number__startswith=wanted)
    for order in Order.objects.filter(starts).select_related("customer", "slot").order_by("-id")[: MOST + 1]:
        day = f"{date_format(order.delivery_date, 'j M')} {order.slot.get_code_display()}"
        facts = (str(order.customer), order.get_status_display(), day, order.grand_total.format())
        yield Find(order.number, " · ".join(facts), _("number"), _change(order), "receipt_long")


def _invoices(term: str) -> Iterable[Find]:
    """By the whole number, in small letters too. No query for anything that is not of its form."""
    wanted = term.replace(" ", "").upper()
    if not _INVOICE.fullmatch(wanted):
        return
    for invoice in Invoice.objects.filter(number=wanted).select_related("order__customer"):
        facts = (invoice.get_kind_display(), invoice.order.number, str(invoice.order.customer))
        yield Find(invoice.number, " · ".join(facts), _("number"), _change(invoice), "request_quote")


def _people(term: str) -> Iterable[Find]:
    for person in people_like(term)[: MOST + 1]:
        facts = [part for part in (person.mail_address, person.phone_number) if part and part != str(person)]
        if not person.is_active:
            facts.append(_("deactivated"))
        yield Find(str(person), " · ".join(facts), _why_person(person, term), _change(person), "person")


def _why_person(person: User, term: str) -> str:
    """What of a person begins as something that was typed."""
    digits = digits_of(term).lstrip("0")
    if number_query(term):
        is_end = any(number.endswith(digits) for number in (person.phone, person.contact_phone) if number)
        return _("phone, last digits") if is_end and len(digits) < FULL else _("phone")
    word = normal(term).split(" ")[0]
    if any(part.startswith(word) for part in (normal(person.name), *normal(person.name).split(" "))):
        return _("name")
    is_mail = any(mail.startswith(word) for mail in (person.email or "", person.contact_email))
    return _("e-mail address") if is_mail else _("name")


def _doors(term: str) -> Iterable[Find]:
    if "@" in term:
        return
    for address in doors_like(term).select_related("user")[: MOST + 1]:
        reason = _("pincode") if normal(term) == address.pincode else _("address")
        yield Find(str(address), str(address.user), reason, _change(address), "home_pin")


def _vendors(term: str) -> Iterable[Find]:
    wanted = Q(name__icontains=term) | Q(name_hi__icontains=term) | Q(email__icontains=term) | Q(pincode=term)
    if len(digits := digits_of(term).lstrip("0")) >= FEWEST_OF_A_DAIRY and number_query(term):
        wanted |= Q(phone__contains=digits)
    for vendor in Vendor.objects.filter(wanted).order_by("-is_active", "name")[: MOST + 1]:
        facts = [vendor.email, vendor.phone] + ([] if vendor.is_active else [_("not active")])
        is_named = normal(term) in normal(f"{vendor.name} {vendor.name_hi}")
        reason = _("name") if is_named else _("contact")
        yield Find(str(vendor), " · ".join(facts), reason, _change(vendor), "agriculture")


def _products(term: str) -> Iterable[Find]:
    wanted = Q(name__icontains=term) | Q(name_hi__icontains=term)
    products = Product.objects.filter(wanted).select_related("category").order_by("-is_active", "name")
    for product in products[: MOST + 1]:
        facts = [str(product.category)] + ([] if product.is_active else [_("not active")])
        yield Find(str(product), " · ".join(facts), _("name"), _change(product), "egg_alt")


def _packs(term: str) -> Iterable[Find]:
    packs = Variant.objects.filter(sku__istartswith=term).select_related("product").order_by("-is_active", "sku")
    for pack in packs[: MOST + 1]:
        yield Find(f"{pack.product} {pack.name}", pack.sku, _("SKU"), _change(pack), "package_2")


def _vehicles(term: str) -> Iterable[Find]:
    """By the plate, blanks and hyphens aside."""
    wanted = "".join(filter(str.isalnum, term)).upper()
    if not wanted:
        return
    plate = Upper(Replace(Replace(F("plate"), Value(" ")), Value("-")))
    found_vehicles = Vehicle.objects.annotate(plain=plate).filter(plain__contains=wanted).select_related("hub")
    for vehicle in found_vehicles.order_by("-is_active", "plate")[: MOST + 1]:
        yield Find(vehicle.plate, str(vehicle.hub), _("number plate"), _change(vehicle), "local_shipping")


def _pages(request: HttpRequest, term: str) -> Iterable[Find]:
    """Lists of the sidebar, by their name. No query."""
    wanted = normal(term)
    for section in navigation(request):
        for item in section["items"]:
            if any(word.startswith(wanted) for word in (normal(item["title"]), *normal(item["title"]).split())):
                yield Find(item["title"], section.get("title", ""), _("page"), item["link"], item["icon"])
