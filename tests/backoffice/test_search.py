"""The one search field of the back office: whatever somebody has in hand finds its record, and no role finds more."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Address, User
from accounts.queries import doors_like, people_like
from accounts.rules import roles
from catalog.models import Product
from deliveries.models import Vehicle
from milkdelivery.backoffice.search import MOST, Find, found
from milkdelivery.core.actors import Role
from milkdelivery.core.finding import beginnings, digits_of
from payments.models import Invoice
from tests.backoffice.rows import MAKERS
from tests.factories.accounts import AddressFactory, UserFactory
from tests.factories.orders import placed_order
from tests.factories.world import World

pytestmark = pytest.mark.django_db


def finds(client: Client, term: str) -> dict[str, Find]:
    request = client.get(reverse("admin:index")).wsgi_request
    return {find.link: find for group in found(request, term) for find in group.finds}


def page_of(record: object) -> str:
    options = record._meta  # type: ignore[attr-defined]
    return reverse(f"admin:{options.app_label}_{options.model_name}_change", args=(record.pk,))  # type: ignore[attr-defined]


@pytest.fixture
def lakshmi(world: World) -> User:
    UserFactory(name="Gopal Shetty", phone="+919880054321")
    return UserFactory(name="Lakshmi Rao-Menon", phone="+919845011122", email="lakshmi.menon@example.com")


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("+919845011122", "phone"),
        ("+91 98450 11122", "phone"),
        ("00919845011122", "phone"),
        ("09845011122", "phone"),
        ("98450-11122", "phone"),
        ("(98450) 11122", "phone"),
        ("98450", "phone"),
        ("11122", "phone, last digits"),
        ("1122", "phone, last digits"),
        ("९८४५०११", "phone"),
        ("Lakshmi", "name"),
        ("lakshmi rao", "name"),
        ("MENON lak", "name"),
        ("rao-me", "name"),
        ("lakshmi 11122", "name"),
        ("Lakshmi.Menon@Example.com", "e-mail address"),
        ("lakshmi.me", "e-mail address"),
    ],
)
def test_a_person_is_found_by_what_one_has_of_them(
    typed: str, reason: str, manager_client: Client, lakshmi: User
) -> None:
    answer = finds(manager_client, typed)
    people = [link for link in answer if "/accounts/user/" in link]
    assert people == [page_of(lakshmi)]
    assert answer[people[0]].reason == reason


@pytest.mark.parametrize(
    "typed", ["lakshmi gopal", "akshmi", "9845012", "22111", "%", "' | 'a", "\\", "':*", "()", "&"]
)
def test_who_does_not_match_is_not_found(typed: str, manager_client: Client, lakshmi: User) -> None:
    assert not [link for link in finds(manager_client, typed) if "/accounts/user/" in link]


def test_hindi_names_and_both_ways_of_writing_a_letter(manager_client: Client, world: World) -> None:
    person = UserFactory(name="फ़िरोज़ खान")
    for typed in ("फ़िरो", "खान", "फ़िरोज़ ख"):
        assert page_of(person) in finds(manager_client, typed)


def test_numbers_that_were_typed_and_not_proven_find_too(manager_client: Client, world: World) -> None:
    person = UserFactory(contact_only=True, contact_email="", contact_phone="+919811122233")
    assert page_of(person) in finds(manager_client, "22233")


@pytest.mark.parametrize(
    "how",
    ["whole", "lower", "start", "without the M", "lower, without the M", "with blanks", "with #", "with # and a blank"],
)
def test_an_order_is_found_by_its_number(how: str, manager_client: Client, world: World) -> None:
    order = placed_order()
    number = str(order.number)
    typed = {
        "whole": number,
        "lower": number.lower(),
        "start": number[:5],
        "without the M": number[1:],
        "lower, without the M": number[1:].lower(),
        "with blanks": f" {number[:3]} {number[3:]} ",
        "with #": f"#{number}",
        "with # and a blank": f"# {number}",
    }[how]
    assert finds(manager_client, typed)[page_of(order)].reason == "number"


def test_the_list_of_orders_takes_a_number_with_its_mark(manager_client: Client, world: World) -> None:
    order, other = placed_order(), placed_order()
    page = manager_client.get(reverse("admin:orders_order_changelist"), {"q": f"#{order.number}"}).content.decode()
    assert page_of(order) in page
    assert page_of(other) not in page


@pytest.mark.parametrize("change", [str.upper, str.lower])
def test_an_invoice_is_found_by_its_whole_number(change: Callable[[str], str], manager_client: Client) -> None:
    MAKERS[Invoice](1, 2)
    first, second = Invoice.objects.order_by("pk")[:2]
    answer = finds(manager_client, change(first.number))
    assert answer[page_of(first)].title == first.number
    assert page_of(second) not in answer


def test_addresses_dairies_products_and_vehicles(manager_client: Client, world: World) -> None:
    home = AddressFactory(user=world.customer, society="Prestige Lakeside", flat="B-1204", pincode="560087")
    gone = AddressFactory(society="Prestige Gardens", is_deleted=True, is_default=False)
    van = Vehicle.objects.create(hub=world.hub, plate="KA 01 AB 1234", crates=10)
    Product.objects.filter(pk=world.products[0].pk).update(name_hi="टोन्ड दूध")
    for typed, record, reason in (
        ("prestige lake", home, "address"),
        ("560087", home, "pincode"),
        ("prestige b-1204", home, "address"),
        (world.vendor.name[:6], world.vendor, "name"),
        ("toned", world.products[0], "name"),
        ("दूध", world.products[0], "name"),
        (world.milk.sku, world.milk, "SKU"),
        ("ka01ab", van, "number plate"),
        ("KA-01", van, "number plate"),
    ):
        assert finds(manager_client, typed)[page_of(record)].reason == reason, typed
    assert page_of(gone) not in finds(manager_client, "prestige")


def test_lists_are_found_by_their_name(manager_client: Client) -> None:
    assert reverse("admin:orders_claim_changelist") in finds(manager_client, "claim")


def test_what_a_role_may_not_open_is_not_found(
    manager_client: Client, lakshmi: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = roles.PERMISSIONS[Role.MANAGER]
    monkeypatch.setitem(roles.PERMISSIONS, Role.MANAGER, (*before, "!accounts.*", "!catalog.*"))
    call_command("sync")
    answer = finds(manager_client, "lakshmi")
    assert not [link for link in answer if "/accounts/" in link]
    assert not [link for link in finds(manager_client, "toned") if "/catalog/" in link]
    monkeypatch.setitem(roles.PERMISSIONS, Role.MANAGER, before)
    call_command("sync")


def test_what_a_search_asks_does_not_grow(manager_client: Client, world: World) -> None:
    url = reverse("admin:search")

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert manager_client.get(url, {"s": "many"}, headers={"HX-Request": "true"}).status_code == 200
        return len(asked)

    UserFactory(name="Many One")
    queries()
    few = queries()
    people = User.objects.bulk_create(User(name=f"Many {n}", email=f"many{n}@example.com") for n in range(60))
    Address.objects.bulk_create(
        Address(user=person, line1="Many Street", city="Bengaluru", pincode="560034") for person in people
    )
    assert queries() == few <= 13


def test_the_window_gets_the_finds_and_the_page_everything(manager_client: Client, lakshmi: User) -> None:
    url = reverse("admin:search")
    part = manager_client.get(url, {"s": "lakshmi"}, headers={"HX-Request": "true"}).content.decode()
    page = manager_client.get(url, {"s": "lakshmi"}).content.decode()
    assert page_of(lakshmi) in part
    assert "<html" not in part
    assert page_of(lakshmi) in page
    assert 'value="lakshmi"' in page
    assert "Nothing begins with" in manager_client.get(url, {"s": "<b>nobody"}).content.decode()
    assert "<b>nobody" not in manager_client.get(url, {"s": "<b>nobody"}).content.decode()


def test_a_group_that_is_cut_leads_to_its_list(manager_client: Client, world: World) -> None:
    User.objects.bulk_create(User(name=f"Ganga {n}", email=f"ganga{n}@example.com") for n in range(MOST + 2))
    request = manager_client.get(reverse("admin:index")).wsgi_request
    people = next(group for group in found(request, "ganga") if group.title == "People")
    assert (len(people.finds), people.is_cut) == (MOST, True)
    assert manager_client.get(people.url).context["cl"].result_count == MOST + 2


def test_one_letter_finds_nothing(manager_client: Client, lakshmi: User) -> None:
    assert finds(manager_client, "L") == {}


@pytest.mark.parametrize("look", [people_like, doors_like])
def test_the_index_answers(look: object, world: World) -> None:
    """The expression of the search is the very one of the index."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        plan = look("rao men").explain()  # type: ignore[operator]
    assert "by_words" in plan, plan


def test_digits_of_every_script() -> None:
    assert digits_of("+९१ 98-٤٥") == "919845"


@pytest.mark.parametrize("typed", ["", "   ", "- . ,", "\0"])
def test_nothing_to_look_for_asks_nothing(typed: str) -> None:
    assert beginnings(typed) == ""
