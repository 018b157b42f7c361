"""Invoices and credit notes: when they come, what they say, how they are numbered."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.http import StreamingHttpResponse
from django.test import Client
from django_q.models import OrmQ, Schedule

from accounts.models import User
from deliveries.actions import mark_delivered, mark_picked_up, schedule_delivery
from milkdelivery.core import clock
from orders import actions as orders
from orders.api.access import order_token
from orders.models import Order
from orders.tokens import claims_link
from payments import actions, tasks
from payments.models import Invoice, InvoiceCounter, Payment, Refund, RefundMovement, Seller
from payments.printing import _OWN, pdf_of, print_words
from payments.printing.words import words_of
from payments.queries.recount import recount
from payments.rules.invoices import heads_of, taxes_by_rate, title_of
from tests.factories.accounts import AdminFactory, PreferencesFactory, UserFactory
from tests.factories.catalog import ProductFactory, VariantFactory
from tests.factories.core import RegionFactory
from tests.factories.inventory import StockFactory
from tests.factories.orders import confirmed_order
from tests.factories.vendors import OfferFactory
from tests.factories.world import World, small_world
from tests.payments.books import STAFF, rupees, told

pytestmark = pytest.mark.django_db

EVENING = "2026-01-30T20:00+05:30"
MORNING = "2026-01-31T06:00+05:30"
GSTIN = "29AAPFU0939F1ZR"
"""Of a dairy in Karnataka."""


@pytest.fixture
def world(at: Callable[[str], datetime]) -> World:
    at(EVENING)
    return small_world()


@pytest.fixture
def seller(world: World) -> Seller:
    facts: dict[str, Any] = {
        "tax_number": GSTIN,
        "food_licence": "11225999000101",
        "year_starts_in": 4,
        "invoices_from": date(2026, 1, 1),
    }
    seller = Seller(region=world.region, name="Bhor Dairy Pvt Ltd", address="14 Richmond Road", **facts)
    seller.invoice_series, seller.credit_series = "BLR", "BLC"
    seller.full_clean()
    return actions.save_seller(seller, by=STAFF)


def delivered(world: World, at: Callable[[str], datetime], *, pieces: int = 2, **options: Any) -> Order:
    """An order that was paid in cash at the door."""
    at(EVENING)
    basket = options.pop("basket", [(world.milk, pieces)])
    order = confirmed_order(customer=options.pop("customer", None) or UserFactory(), basket=basket, slot=world.morning)
    payment = actions.open_payment(order, method="COD", by=STAFF)
    assert payment is not None
    actions.begin_payment(payment, by=STAFF)
    drop = schedule_delivery(order, by=STAFF)
    orders.pack_order(order.pk, by=STAFF)
    at(MORNING)
    mark_picked_up(drop.pk, by=STAFF)
    mark_delivered(drop.pk, by=STAFF)
    order.refresh_from_db()
    return order


def give_back(order: Order, *, key: str = "sour", **wish: Any) -> Refund:
    """Staff give money back into the wallet, and it arrives."""
    payment = Payment.objects.get(order=order)
    refund = actions.refund_payment(
        payment.pk, actions.Wish("It was sour", destination="WALLET", **wish), key=key, by=STAFF
    )
    for movement in RefundMovement.objects.filter(refund=refund):
        actions.move_refund(movement.pk, by=STAFF)
    return refund


def exempt(world: World, price: int = 3000) -> Any:
    """A pack of which nobody takes tax."""
    variant = VariantFactory(product=ProductFactory(category=world.products[0].category), price=price)
    OfferFactory(vendor=world.vendor, variant=variant)
    StockFactory(vendor=world.vendor, variant=variant, on_hand=50)
    return variant


# -- when --------------------------------------------------------------------------------------------------------------


def test_nothing_is_invoiced_before_the_door(world: World, seller: Seller) -> None:
    order = confirmed_order(basket=[(world.milk, 1)], slot=world.morning)
    assert actions.issue_invoices([order.pk]) == []
    assert Invoice.objects.count() == InvoiceCounter.objects.count() == 0


def test_a_delivered_order_is_invoiced_once(world: World, seller: Seller, at: Callable[[str], datetime]) -> None:
    order = delivered(world, at)
    (invoice,) = actions.issue_invoices([order.pk])
    assert actions.issue_invoices([order.pk]) == []
    assert (invoice.number, invoice.year, invoice.issued_on) == ("BLR/2526/1", "2025-26", date(2026, 1, 31))
    assert (invoice.total, invoice.tax) == (order.grand_total, order.tax_total)
    assert told("invoice.issued") == 1


def test_the_delivery_calls_for_the_invoice(
    world: World, seller: Seller, at: Callable[[str], datetime], drain: Callable[[], int]
) -> None:
    order = delivered(world, at)
    early = give_back(order, amount=rupees(1))
    drain()
    queued = [(row.func(), row.args()) for row in OrmQ.objects.all()]
    waits = Schedule.objects.get(func="payments.tasks.issue_invoice")
    assert (waits.args, waits.schedule_type) == (f"({order.pk},)", Schedule.ONCE)
    assert waits.next_run > clock.real_now() + timedelta(minutes=4), "the driver may take the delivery back until then"
    assert ("payments.tasks.issue_credit_note", (early.pk,)) in queued
    tasks.issue_credit_note(early.pk)
    assert Invoice.objects.count() == 0  # it has nothing to take off from yet
    tasks.issue_invoice(order.pk)
    drain()
    assert ("payments.tasks.issue_credit_notes_of", (order.pk,)) in [(r.func(), r.args()) for r in OrmQ.objects.all()]
    assert (tasks.issue_credit_notes_of(order.pk), tasks.issue_credit_notes_of(order.pk)) == (1, 0)


def test_what_nobody_wrote_is_written_at_night(
    world: World, seller: Seller, at: Callable[[str], datetime], caplog: pytest.LogCaptureFixture
) -> None:
    broken, order = delivered(world, at), delivered(world, at)
    Order.objects.filter(pk=broken.pk).update(tax_total=1)
    give_back(order, amount=rupees(10))
    assert actions.issue_what_is_missing() == 2
    assert [row.kind for row in Invoice.objects.order_by("pk")] == ["INVOICE", "CREDIT_NOTE"]
    assert broken.number in caplog.text
    at("2026-02-01T02:00+05:30")
    assert {(drift.claim, drift.subject) for drift in recount("INR")} == {("invoice", broken.number)}


# -- numbers -----------------------------------------------------------------------------------------------------------


def test_numbers_follow_each_other_and_begin_anew_with_the_year(
    world: World, seller: Seller, at: Callable[[str], datetime]
) -> None:
    first, second = delivered(world, at), delivered(world, at)
    at("2026-03-31T23:59+05:30")
    actions.issue_invoices([first.pk])
    at("2026-04-01T00:00+05:30")
    actions.issue_invoices([second.pk])
    assert list(Invoice.objects.order_by("pk").values_list("number", flat=True)) == ["BLR/2526/1", "BLR/2627/1"]


def test_a_number_whose_row_is_not_written_is_taken_again(
    world: World, seller: Seller, at: Callable[[str], datetime]
) -> None:
    first, second = delivered(world, at), delivered(world, at)
    with transaction.atomic():
        actions.issue_invoices([first.pk])
        transaction.set_rollback(True)  # the process is killed
    (invoice,) = actions.issue_invoices([second.pk])
    assert invoice.serial == 1
    assert not [drift for drift in recount("INR") if drift.claim == "invoice_numbers"]


def test_what_was_issued_stays(world: World, seller: Seller, at: Callable[[str], datetime]) -> None:
    actions.issue_invoices([delivered(world, at).pk])
    with pytest.raises(IntegrityError), transaction.atomic():
        Invoice.objects.update(total=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Invoice.objects.all().delete()


def test_nothing_is_invoiced_before_somebody_says_who_sells(world: World, at: Callable[[str], datetime]) -> None:
    early = delivered(world, at)
    assert actions.issue_invoices([early.pk]) == []
    assert actions.issue_what_is_missing() == 0
    assert not actions.recount_books("INR", on=early.delivery_date).drift_count, "and that is no fault of the books"
    names = {"name": "Bhor Dairy", "address": "-", "invoice_series": "BLR", "credit_series": "BLC"}
    seller = actions.save_seller(Seller(region=world.region, **names), by=STAFF)
    assert seller.invoices_from == early.delivery_date, "from the day it was said, if nothing else is"
    seller.invoices_from = early.delivery_date + timedelta(days=1)
    actions.save_seller(seller, by=STAFF)
    assert actions.issue_what_is_missing() == 0
    seller.invoices_from = early.delivery_date
    actions.save_seller(seller, by=STAFF)
    assert actions.issue_what_is_missing() == 1


def test_two_sellers_never_share_a_series(seller: Seller) -> None:
    other = Seller(region=RegionFactory(code="PUN"), name="Other", address="-", year_starts_in=4)
    other.invoice_series, other.credit_series = "BLC", "PUC"
    with pytest.raises(ValidationError) as refusal:
        other.full_clean()
    assert "invoice_series" in refusal.value.message_dict


def test_a_wrong_gstin_is_refused_at_its_field(seller: Seller) -> None:
    seller.tax_number = "29AAPFU0939F1ZV"
    with pytest.raises(ValidationError) as refusal:
        seller.full_clean()
    assert set(refusal.value.message_dict) == {"tax_number"}


# -- what it says ------------------------------------------------------------------------------------------------------


def issued(order: Order) -> Invoice:
    (invoice,) = actions.issue_invoices([order.pk])
    return invoice


def test_tax_within_the_state_is_halved(world: World, seller: Seller, at: Callable[[str], datetime]) -> None:
    document = issued(delivered(world, at)).document
    assert (document["title"], document["heads"]) == ("TAX_INVOICE", ["CGST", "SGST"])
    (share,) = document["taxes"]
    assert share == {"basis_points": 500, "taxable": 5600 - 267, "tax": 267, "parts": [134, 133]}
    assert document["place_of_supply"] == "29 Karnataka"
    assert document["seller"]["food_licence"] == "11225999000101"
    assert document["lines"][0]["hsn"] == world.milk.hsn_code


def test_tax_over_the_border_is_one(world: World, seller: Seller, at: Callable[[str], datetime]) -> None:
    order = delivered(world, at)
    Order.objects.filter(pk=order.pk).update(pincode="635109")  # Hosur, Tamil Nadu
    document = issued(order).document
    assert (document["heads"], document["taxes"][0]["parts"]) == (["IGST"], [267])
    assert document["place_of_supply"] == "33 Tamil Nadu"


@pytest.mark.parametrize(
    ("rates", "title"),
    [([0], "BILL_OF_SUPPLY"), ([500], "TAX_INVOICE"), ([0, 500], "INVOICE_CUM_BILL")],
)
def test_the_title_says_what_is_in_it(rates: list[int], title: str) -> None:
    assert title_of(rates, is_gst=True) == title
    assert title_of(rates, is_gst=False) == "INVOICE"


def test_without_a_gstin_no_gst_is_named(world: World, seller: Seller, at: Callable[[str], datetime]) -> None:
    seller.tax_number = ""
    actions.save_seller(seller, by=STAFF)
    document = issued(delivered(world, at)).document
    assert (document["title"], document["place_of_supply"]) == ("INVOICE", "")
    assert "CGST" not in document["heads"]


def test_later_changes_change_nothing_of_it(world: World, seller: Seller, at: Callable[[str], datetime]) -> None:
    order = delivered(world, at)
    before = pdf_of(issued(order))
    seller.name = "Another Name Ltd"
    actions.save_seller(seller, by=STAFF)
    world.products[0].name = "Another milk"
    world.products[0].save()
    User.objects.filter(pk=order.customer_id).update(name="Somebody else")
    PreferencesFactory(user_id=order.customer_id, language="hi")
    assert pdf_of(Invoice.objects.get()) == before


def test_another_region_adds_its_tax(at: Callable[[str], datetime]) -> None:
    lines = [{"basis_points": 700, "taxable": 1000, "tax": 70}]
    heads = heads_of(is_gst=False, seller_state="", supply_state="", scheme="Sales tax")
    assert (heads.names, taxes_by_rate(lines, heads)[0]["parts"]) == (("Sales tax",), [70])


def test_figures_that_do_not_add_up_are_never_written(
    world: World, seller: Seller, at: Callable[[str], datetime]
) -> None:
    order = delivered(world, at)
    Order.objects.filter(pk=order.pk).update(delivery_total=1)
    with pytest.raises(ValueError, match=order.number):
        actions.issue_invoices([order.pk])
    assert InvoiceCounter.objects.count() == 0


# -- credit notes ------------------------------------------------------------------------------------------------------


def test_pieces_go_back_with_their_tax(world: World, seller: Seller, at: Callable[[str], datetime]) -> None:
    order = delivered(world, at, pieces=3)
    invoice = issued(order)
    line = order.lines.get()
    notes = []
    for piece in range(3):
        note = actions.issue_credit_note(give_back(order, key=f"sour-{piece}", lines={line.pk: 1}).pk)
        assert note is not None
        notes.append(note)
    assert [note.number for note in notes] == ["BLC/2526/1", "BLC/2526/2", "BLC/2526/3"]
    assert sum(note.total.minor for note in notes) == line.total.minor
    assert sum(note.tax.minor for note in notes) == line.tax.minor == invoice.tax.minor
    assert notes[0].document["invoice"]["number"] == invoice.number
    halves = [note.document["taxes"][0]["parts"] for note in notes]
    assert [sum(parts) for parts in zip(*halves, strict=True)] == invoice.document["taxes"][0]["parts"]
    at("2026-01-31T12:00+05:30")
    assert list(recount("INR")) == []


def test_a_note_is_written_once(world: World, seller: Seller, at: Callable[[str], datetime]) -> None:
    order = delivered(world, at)
    issued(order)
    refund = give_back(order, amount=rupees(10))
    assert actions.issue_credit_note(refund.pk) == actions.issue_credit_note(refund.pk)
    assert (Invoice.objects.notes_of(order.pk).count(), told("credit_note.issued")) == (1, 1)


def test_money_that_has_not_gone_is_not_credited(world: World, seller: Seller, at: Callable[[str], datetime]) -> None:
    order = delivered(world, at)
    issued(order)
    payment = Payment.objects.get(order=order)
    wish = actions.Wish("It was sour", amount=rupees(10), destination="WALLET")
    refund = actions.refund_payment(payment.pk, wish, key="sour", by=STAFF)
    assert actions.issue_credit_note(refund.pk) is None


@pytest.mark.parametrize("claim", ["invoice", "invoice_tax", "credit_notes", "invoice_numbers"])
def test_the_recount_finds_what_disagrees(
    world: World, seller: Seller, at: Callable[[str], datetime], claim: str
) -> None:
    order = delivered(world, at)
    issued(order)
    actions.issue_credit_note(give_back(order, amount=rupees(10)).pk)
    at("2026-01-31T12:00+05:30")
    assert list(recount("INR")) == []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(BREAKS[claim])
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert claim in {drift.claim for drift in recount("INR")}


BREAKS = {
    "invoice": "UPDATE payments_invoice SET total = total + 1 WHERE kind = 'INVOICE'",
    "invoice_tax": "UPDATE payments_invoice SET tax = tax + 1 WHERE kind = 'INVOICE'",
    "credit_notes": "UPDATE payments_invoice SET total = total - 1 WHERE kind = 'CREDIT_NOTE'",
    "invoice_numbers": "UPDATE payments_invoicecounter SET last = last + 1 WHERE series = 'BLR'",
}


# -- on paper ----------------------------------------------------------------------------------------------------------


def test_the_same_invoice_is_the_same_file(world: World, seller: Seller, at: Callable[[str], datetime]) -> None:
    invoice = issued(delivered(world, at))
    made = pdf_of(invoice)
    assert made.startswith(b"%PDF-")
    _OWN.__dict__.clear()  # another thread's compiler
    assert pdf_of(invoice) == made


@pytest.mark.parametrize("name", ['#import "/etc/passwd": *', "$x$ \\u{41} <a> @b *c* _d_ `e` // f", "आशा राव ₹"])
def test_what_people_type_is_printed_and_never_run(
    world: World, seller: Seller, at: Callable[[str], datetime], name: str
) -> None:
    order = delivered(world, at)
    Order.objects.filter(pk=order.pk).update(address={**order.address, "name": name, "text": name})
    invoice = issued(order)
    words = words_of(invoice)
    assert words["buyer_rows"][0] == name
    plain = {**words, "buyer_rows": ["A", *words["buyer_rows"][1:]]}
    assert print_words(words, at=0) != print_words(plain, at=0)


def test_it_is_printed_in_the_language_of_its_household(
    world: World, seller: Seller, at: Callable[[str], datetime]
) -> None:
    invoice = issued(delivered(world, at, customer=PreferencesFactory(language="hi").user))
    assert invoice.document["language"] == "hi"
    assert pdf_of(invoice).startswith(b"%PDF-")


# -- faces -------------------------------------------------------------------------------------------------------------


def reader(order: Order) -> Client:
    client = Client()
    client.force_login(order.customer)
    return client


def test_the_household_opens_it_from_the_order(world: World, seller: Seller, at: Callable[[str], datetime]) -> None:
    order = delivered(world, at)
    client = reader(order)
    page = f"/orders/{order.number}/"
    assert "invoice.pdf" not in client.get(page).content.decode()
    early = client.get(f"{page}invoice.pdf", follow=True)
    assert early.redirect_chain == [(page, 302)]
    assert "The invoice is being written" in early.content.decode()
    issued(order)
    note = actions.issue_credit_note(give_back(order, amount=rupees(10)).pk)
    assert note is not None
    for shown in (page, "/account/payments/"):
        text = client.get(shown).content.decode()
        assert f"/orders/{order.number}/invoice.pdf" in text
        assert note.number in text
    answer = client.get(f"{page}invoice.pdf")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert 'filename="BLR-2526-1.pdf"' in answer["Content-Disposition"]
    assert client.get(f"{page}credit-notes/{note.pk}.pdf").status_code == 200
    stranger = Client()
    stranger.force_login(UserFactory())
    for path in ("invoice.pdf", f"credit-notes/{note.pk}.pdf"):
        assert stranger.get(f"{page}{path}").status_code == 404


def test_the_app_and_a_guest_get_the_same(world: World, seller: Seller, at: Callable[[str], datetime]) -> None:
    guest = UserFactory(contact_only=True)
    order = delivered(world, at, customer=guest)
    token = {"X-Order-Token": order_token(order)}
    path = f"/api/v1/orders/{order.number}/"
    refused = Client().get(f"{path}invoice.pdf", headers=token)
    assert (refused.status_code, refused.json()["code"]) == (409, "no_invoice_yet")
    invoice = issued(order)
    note = actions.issue_credit_note(give_back(order, amount=rupees(10)).pk)
    assert note is not None
    listed = Client().get(path, headers=token).json()["documents"]
    assert [document["number"] for document in listed] == [invoice.number, note.number]
    for document in listed:
        answer = Client().get(document["path"], headers={**token, "Accept": "application/pdf"})
        assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")
    assert Client().get(f"{path}invoice.pdf").status_code == 401


def test_a_guest_opens_it_by_the_link_in_the_mail(world: World, seller: Seller, at: Callable[[str], datetime]) -> None:
    guest = UserFactory(contact_only=True)
    order = delivered(world, at, customer=guest)
    page = claims_link(order).removeprefix(settings.SITE_URL)
    early = Client().get(f"{page}invoice.pdf", follow=True)
    assert early.redirect_chain == [(page, 302)]
    assert "The invoice is being written" in early.content.decode()
    issued(order)
    note = actions.issue_credit_note(give_back(order, amount=rupees(10)).pk)
    assert note is not None
    shown = Client().get(page).content.decode()
    for path in ("invoice.pdf", f"credit-notes/{note.pk}.pdf"):
        assert f"{page}{path}" in shown
        answer = Client().get(f"{page}{path}")
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
        assert "no-store" in answer["Cache-Control"]
        assert Client().get(f"{page[:-2]}x/{path}").status_code == 404, "no link of ours"
    other = delivered(world, at, customer=UserFactory(contact_only=True))
    other_page = claims_link(other).removeprefix(settings.SITE_URL)
    assert Client().get(f"{other_page}credit-notes/{note.pk}.pdf").status_code == 404
    guest.set_password("long enough for anybody")
    guest.save()
    assert Client().get(f"{page}invoice.pdf").status_code == 404, "somebody can sign in for it now"


def test_a_delivery_that_was_free_is_not_printed(world: World, seller: Seller, at: Callable[[str], datetime]) -> None:
    small = words_of(issued(delivered(world, at)))
    assert ["Delivery", "₹20.00"] in small["sums"]
    large = words_of(issued(delivered(world, at, pieces=20)))
    assert [name for name, _amount in large["sums"]] == ["Goods"]


def test_staff_take_a_year_as_a_file(world: World, seller: Seller, at: Callable[[str], datetime]) -> None:
    order = delivered(world, at)
    Order.objects.filter(pk=order.pk).update(address={**order.address, "name": "=1+1"})
    issued(order)
    actions.issue_credit_note(give_back(order).pk)
    client = Client()
    client.force_login(AdminFactory())
    chosen = {"action": "register_file", "_selected_action": list(Invoice.objects.values_list("pk", flat=True))}
    answer: Any = client.post("/admin/payments/invoice/?year=2025-26", chosen)
    assert isinstance(answer, StreamingHttpResponse)
    text = b"".join(cast(Iterator[bytes], answer.streaming_content)).decode().removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["Number"] for row in rows] == ["BLR/2526/1", "BLC/2526/1"]
    assert sum(Decimal(row["Total"]) for row in rows) == 0
    assert sum(Decimal(row["CGST"]) for row in rows) == sum(Decimal(row["Taxable value"]) for row in rows) == 0
    assert rows[0]["Customer"] == "'=1+1"
