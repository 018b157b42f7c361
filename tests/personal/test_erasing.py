"""After a person is erased nothing in the database says who they were, and everything still adds up."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ

from accounts.actions import erase_person, register_contact, save_address
from accounts.models import Address, User
from accounts.rules.erasing import NotErasable, PersonErased
from analytics.actions import make_report, make_report_again
from deliveries.models import Delivery, FailedAttempt, Stop
from inventory.actions import reconcile
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.errors import NotAllowed
from milkdelivery.core.models import Event, EventOrigin
from milkdelivery.core.models.erasing import words_may_go
from milkdelivery.core.money import Money
from milkdelivery.core.personal import as_json, everything_about
from notifications.models import Notification
from notifications.tasks import send_queued
from orders.models import Claim, Order
from orders.tasks import forget_claim_photo
from payments.actions import hold, recount_books
from payments.actions.ledger import post_refund
from payments.models import Invoice, LedgerAccount, LedgerTransfer, Payment
from payments.queries import balance_of
from payments.rules.ledger import AccountKind, Place
from tests.accounts.test_api import as_app
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.orders import confirmed_order, placed_order
from tests.personal.lives import EMAIL, MARKS, PHONE, Life, live

pytestmark = pytest.mark.django_db(transaction=True)

KEPT = {"payments_invoice", "cache_entries"}
"""The law wants invoices as they were issued. The cache counts tries by internet address, for an hour at most."""


@pytest.fixture
def life() -> Life:
    cache.clear()
    return live()


def erase(life: Life, **options: Any) -> User:
    return erase_person(life.person.pk, **{"gives_up_money": True, "by": life.me, **options})


def rows() -> Iterator[tuple[str, str]]:
    """Every row of every table as text, of whatever columns; what is packed is unpacked first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        tables = [name for (name,) in cursor.fetchall()]
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                yield table, " ".join(_as_text(value) for value in row)
    for session in Session.objects.all():
        yield "sessions", json.dumps(session.get_decoded(), default=str)
    for task in OrmQ.objects.all():
        yield "queue", str(task.task)


def _as_text(value: Any) -> str:
    if isinstance(value, memoryview | bytes):
        raw = bytes(value)
        try:
            return str(pickle.loads(raw))
        except Exception:
            return raw.decode("utf-8", "replace")
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)


def found(marks: tuple[str, ...] = MARKS) -> set[tuple[str, str]]:
    """Where such words still stand."""
    return {(table, mark) for table, text in rows() for mark in marks if mark in text.lower()}


def test_nothing_says_who_they_were(life: Life, drain: Callable[[], int]) -> None:
    before = found()
    assert Notification.objects.filter(kind="held_order", body__contains="Qureshi").exists()  # to staff
    assert {mark for _table, mark in before} == set(MARKS)
    erase(life)
    drain()
    send_queued()
    drain()
    left = {(table, mark) for table, mark in found() if table not in KEPT}
    assert left == set()
    assert {mark for table, mark in found() if table == "cache_entries"} <= {"203.0.113.77"}
    assert len({table for table, _mark in before}) > 15


def test_words_of_a_refund_go_though_the_system_carried_it_out(life: Life) -> None:
    with transaction.atomic():
        post_refund(
            Place(AccountKind.GATEWAY), Money(500, "INR"), key="kind", reference=life.delivered.number,
            by=Actor.system("payments"), reason="Zubeida is in hospital",
        )  # fmt: skip
    erase(life)
    assert not LedgerTransfer.objects.filter(reason__contains="hospital").exists()


def test_what_is_kept_of_the_order(life: Life) -> None:
    kept = Order.objects.get(pk=life.delivered.pk)
    erase(life)
    order = Order.objects.get(pk=life.delivered.pk)
    for field in ("number", "pincode", "delivery_date", "grand_total", "tax_total", "status", "placed_at"):
        assert getattr(order, field) == getattr(kept, field), field
    assert order.address == {"city": "Bengaluru", "state": "Karnataka", "pincode": "560034", "country": "IN"}
    assert [line.name for line in order.lines.all()] == [line.name for line in kept.lines.all()]
    payment = Payment.objects.filter(order=order).latest("pk")
    assert payment.amount == kept.grand_total
    claim = Claim.objects.get(order=order)
    assert (claim.amount.minor, claim.words, claim.photo) == (100, "", "")
    assert "Zubeida" in json.dumps(Invoice.objects.get(order=order).document)


def test_the_books_still_add_up(life: Life) -> None:
    region, me = life.world.region, Actor.system("tests")
    with clock.override(clock.now() + timedelta(days=5)):
        days = [clock.today(region) - timedelta(days=back) for back in range(1, 6)]
        before = [make_report(region, day, by=me).figures for day in days]
        stock, books = reconcile(region).drifts, recount_books("INR", on=days[0]).drifts
        erase(life)
        after = [make_report_again(region, day, by=me, reason="somebody was erased").figures for day in days]
        assert after == before
        assert any(figures["orders"] for figures in before)
        assert (reconcile(region).drifts, recount_books("INR", on=days[0]).drifts) == (stock, books)


def test_files_and_sessions_go_with_them(life: Life) -> None:
    browser = Client()
    browser.force_login(life.person)
    assert browser.get(reverse("account")).status_code == 200
    erase(life)
    assert browser.get(reverse("account")).status_code == 302
    assert default_storage.exists(f"claims/{life.photo}.webp")
    [stem] = [task.task["args"][0] for task in OrmQ.objects.all() if task.task["func"].endswith("forget_claim_photo")]
    forget_claim_photo(stem)
    assert not default_storage.exists(f"claims/{life.photo}.webp")


def test_the_old_contact_is_unknown_and_free(life: Life) -> None:
    stranger = Client().post(reverse("account_login"), {"login": "nobody@household.example", "password": PASSWORD})
    erase(life)
    cache.clear()
    answer = Client().post(reverse("account_login"), {"login": EMAIL, "password": PASSWORD})
    assert answer.status_code == stranger.status_code == 200
    words = "This e-mail address and password don"
    assert words in stranger.content.decode()
    assert words in answer.content.decode()
    anew = UserFactory(email=EMAIL, phone=PHONE, name="Zubeida")
    assert anew.pk != life.person.pk
    assert everything_about(anew.pk)["orders"] == []
    contact, _device = register_contact(name="Zubeida", email=EMAIL, by=Actor.guest())
    assert contact.contact_email == EMAIL


def test_twice_is_once(life: Life) -> None:
    first = erase(life).erased_at
    second = erase(life).erased_at
    assert first == second
    assert Event.objects.named("user.erased").count() == 1
    assert Notification.objects.filter(kind="account_closed").count() == 1


def test_the_last_word_is_sent_and_forgotten(life: Life, drain: Callable[[], int]) -> None:
    waiting = Notification.objects.create(
        recipient=life.person, role="CUSTOMER", kind="welcome", channel="EMAIL", address=EMAIL,
        dedupe_key="waits", created_at=clock.now(), next_attempt_at=clock.real_now(),
    )  # fmt: skip
    mail.outbox.clear()
    erase(life)
    drain()
    send_queued()
    [letter] = [letter for letter in mail.outbox if EMAIL in letter.to]
    assert letter.subject == "Your account is closed"
    assert "invoices stay" in str(letter.body)
    goodbye = Notification.objects.get(kind="account_closed")
    assert (goodbye.status, goodbye.address, goodbye.body) == ("SENT", "", "")
    waiting.refresh_from_db()
    assert (waiting.status, waiting.address) == ("SKIPPED", "")


def test_who_it_was_is_told_by_a_number_only(life: Life) -> None:
    person = erase(life)
    assert str(person) == f"Erased household {person.pk}"
    event = Event.objects.named("user.erased").get()
    assert (event.actor_id, event.origin, event.data) == (person.pk, None, {"user_id": person.pk})
    assert not EventOrigin.objects.filter(ip="203.0.113.77").exists()
    copy = as_json(everything_about(person.pk)).decode().lower()
    assert {mark for mark in MARKS if mark in json.dumps(json.loads(copy) | {"invoices": []})} == set()


def test_nothing_can_be_added_afterwards(life: Life) -> None:
    person = erase(life)
    with pytest.raises(PersonErased):
        confirmed_order(customer=person, slot=life.world.morning)
    with pytest.raises(PersonErased):
        save_address(Address(user=person, line1="17 Peacock Lane", city="B", pincode="560034"), by=life.me)
    with pytest.raises(DatabaseError), transaction.atomic():
        User.objects.filter(pk=person.pk).update(name="Zubeida")


def test_a_door_goes_unless_a_neighbour_lives_behind_it(life: Life) -> None:
    """A stop that its delivery has left again is known by the attempt that failed there."""
    here = Stop.objects.get(deliveries__order=life.delivered)
    old = Stop.objects.create(route=here.route, sequence=90, door="17 Peacock Lane, back", latitude=12, longitude=77)
    FailedAttempt.objects.filter(delivery__order=life.delivered).update(stop=old)
    shared = Stop.objects.create(route=here.route, sequence=91, door="17 Peacock Lane, both", latitude=12, longitude=77)
    neighbours = placed_order(slot=life.world.morning)
    drops = {"hub": life.world.hub, "slot": life.world.morning, "delivery_date": neighbours.delivery_date}
    drops |= {"stop": shared, "status": "DELIVERED", "created_at": clock.now()}
    theirs = Delivery.objects.create(order=neighbours, **drops)
    mine = placed_order(customer=life.person, slot=life.world.morning)
    Order.objects.filter(pk=mine.pk).update(status="DELIVERED")
    Delivery.objects.create(order=mine, **drops)
    erase(life)
    doors = {stop.pk: (stop.door, stop.latitude is None) for stop in Stop.objects.all()}
    assert doors[here.pk] == (f"erased {here.pk}", True)
    assert doors[old.pk] == (f"erased {old.pk}", True)
    assert doors[shared.pk] == ("17 Peacock Lane, both", False)
    theirs.refresh_from_db()
    assert theirs.tracking_token


# -- what stands in the way ------------------------------------------------------------------------------------------


def test_an_order_under_way_is_named(life: Life) -> None:
    order = confirmed_order(customer=life.person, slot=life.world.morning, basket=[(life.world.milk, 1)])
    with pytest.raises(NotErasable, match=order.number) as refusal:
        erase(life)
    assert "order_under_way" in {obstacle.code for obstacle in refusal.value.obstacles}
    assert User.objects.get(pk=life.person.pk).name == "Zubeida Qureshi"


def test_money_in_the_wallet_is_given_up_only_in_words(life: Life) -> None:
    left = balance_of(life.person.pk, "INR")
    assert left.minor > 0
    with pytest.raises(NotErasable, match="in the wallet"):
        erase(life, gives_up_money=False)
    erase(life)
    assert not balance_of(life.person.pk, "INR")
    transfer = LedgerTransfer.objects.get(reason="given_up")
    assert transfer.entries.get().amount == left


def test_what_is_owed_is_paid_first(life: Life) -> None:
    LedgerAccount.objects.of(life.person.pk).wallets().update(credit_limit=100_000)
    balance = balance_of(life.person.pk, "INR")
    with transaction.atomic():
        hold(life.person.pk, balance + Money(5_000, "INR"), key="owes", reference=life.cancelled.number, by=life.me)
    with pytest.raises(NotErasable) as refusal:
        erase(life)
    assert {obstacle.code for obstacle in refusal.value.obstacles} == {"wallet_owes", "money_set_aside"}


def test_a_claim_is_decided_first(life: Life) -> None:
    Claim.objects.update(status="OPEN", decided_at=None)
    with pytest.raises(NotErasable) as refusal:
        erase(life)
    assert [obstacle.code for obstacle in refusal.value.obstacles] == ["claim_open"]


@pytest.mark.parametrize("role", [Role.VENDOR, Role.DRIVER, Role.MANAGER, Role.ADMIN])
def test_who_works_here_gives_the_role_back_first(role: Role) -> None:
    colleague = UserFactory(role=role)
    with pytest.raises(NotErasable) as refusal:
        erase_person(colleague.pk, by=Actor.user(colleague.pk, role))
    assert [obstacle.code for obstacle in refusal.value.obstacles] == ["has_a_role"]


def test_nobody_erases_a_neighbour(life: Life) -> None:
    other = UserFactory()
    with pytest.raises(NotAllowed):
        erase_person(life.person.pk, by=Actor.user(other.pk, Role.CUSTOMER))


def test_who_only_typed_a_contact_has_no_say_in_what_others_did_with_it(life: Life) -> None:
    impostor, _device = register_contact(name="Somebody", email=EMAIL, by=Actor.guest())
    erase_person(impostor.pk, by=Actor.user(impostor.pk, Role.CUSTOMER))
    assert ("vendors_waiting", EMAIL) in found()
    assert ("accounts_user", EMAIL) in found()


# -- what is written once --------------------------------------------------------------------------------------------

CHANGES = (
    "UPDATE core_event SET data = data || '{\"reason\": \"\"}' WHERE name = 'order.cancelled'",
    "UPDATE payments_ledgertransfer SET reason = ''",
    'UPDATE deliveries_driveraction SET payload = payload || \'{"note": ""}\'',
)
NEVER = (
    "UPDATE core_event SET data = '{}'",
    "UPDATE core_event SET data = data || '{\"reason\": \"nicer\"}' WHERE name = 'order.cancelled'",
    "UPDATE core_event SET data = data || '{\"order_id\": \"\"}' WHERE name = 'order.cancelled'",
    "UPDATE core_event SET actor_id = NULL",
    "DELETE FROM core_event",
    "UPDATE payments_ledgertransfer SET reason = 'nicer'",
    "UPDATE payments_ledgertransfer SET actor = ''",
    "UPDATE payments_ledgerentry SET amount = amount + 1",
    "UPDATE payments_invoice SET document = '{}'",
    "UPDATE deliveries_driveraction SET kind = 'DELIVERED'",
    "UPDATE deliveries_driveraction SET payload = '{}'",
)


def run(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.rowcount


@pytest.mark.parametrize("statement", CHANGES)
def test_words_go_inside_one_transaction_and_nowhere_else(life: Life, statement: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        run(statement)
    with transaction.atomic():
        with words_may_go():
            assert run(statement) > 0
        with pytest.raises(DatabaseError), transaction.atomic():
            run(statement)
        transaction.set_rollback(True)
    run("SET milkdelivery.erasing = '1'")
    with pytest.raises(DatabaseError), transaction.atomic():
        run(statement)
    run("RESET milkdelivery.erasing")


def test_nothing_else_of_them_ever_changes(life: Life) -> None:
    for statement in NEVER:
        with pytest.raises(DatabaseError), transaction.atomic(), words_may_go():
            run(statement)


# -- pages and API ---------------------------------------------------------------------------------------------------


def signed_in() -> Client:
    browser = Client()
    browser.post(reverse("account_login"), {"login": EMAIL, "password": PASSWORD})
    return browser


def test_the_page_says_what_happens_and_does_it(life: Life) -> None:
    browser = signed_in()
    page = browser.get(reverse("account_close")).content.decode()
    assert "Invoices as they were issued" in page
    assert balance_of(life.person.pk, "INR").format() in page
    unsure = browser.post(reverse("account_close"), {"is_sure": "on"})
    assert unsure.status_code == 422
    assert "Have it paid out first, or give it up" in unsure.content.decode()
    answer = browser.post(reverse("account_close"), {"is_sure": "on", "gives_up_money": "on"})
    assert answer["Location"] == reverse("account_closed")
    assert "Your account is closed" in browser.get(answer["Location"]).content.decode()
    assert browser.get(reverse("account")).status_code == 302
    assert User.objects.get(pk=life.person.pk).erased_at is not None


def test_the_page_leads_to_what_is_under_way(life: Life) -> None:
    order = confirmed_order(customer=life.person, slot=life.world.morning, basket=[(life.world.milk, 1)])
    browser = signed_in()
    page = browser.get(reverse("account_close")).content.decode()
    assert reverse("orders:detail", args=[order.number]) in page
    assert "Close my account for good" not in page
    answer = browser.post(reverse("account_close"), {"is_sure": "on", "gives_up_money": "on"})
    assert answer.status_code == 422
    assert User.objects.get(pk=life.person.pk).erased_at is None


def test_a_session_left_open_closes_nothing(life: Life) -> None:
    browser = Client()
    browser.force_login(life.person)
    answer = browser.post(reverse("account_close"), {"is_sure": "on", "gives_up_money": "on"})
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert User.objects.get(pk=life.person.pk).erased_at is None


def test_the_app_closes_it_too(life: Life) -> None:
    app = as_app(life.person)
    refused = app.call("delete", "/api/v1/users/me/")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_erasable")
    assert [each["code"] for each in refused.json()["facts"]["in_the_way"]] == ["wallet_not_empty"]
    assert app.call("delete", "/api/v1/users/me/", {"gives_up_money": True}).status_code == 204
    assert app.call("get", "/api/v1/users/me/").status_code == 401
    assert User.objects.get(pk=life.person.pk).erased_at is not None


def test_staff_erase_a_guest_on_request(life: Life) -> None:
    guest, _device = register_contact(name="Kamala Guest", email="kamala@guest.example", by=Actor.guest())
    placed_order(customer=guest, slot=life.world.morning)
    Order.objects.filter(customer=guest).update(status="CANCELLED")
    desk = Client()
    desk.force_login(life.manager)
    page = desk.get(f"/admin/accounts/user/{guest.pk}/erase/").content.decode()
    assert "orders (1) with goods" in page
    assert desk.post(f"/admin/accounts/user/{guest.pk}/erase/", {}).status_code == 200
    done = desk.post(f"/admin/accounts/user/{guest.pk}/erase/", {"is_asked_for": "on"})
    assert done.status_code == 302
    assert Order.objects.get(customer=guest).address == {"city": "Bengaluru", "pincode": "560034", "country": "IN"}
    event = Event.objects.named("user.erased").get()
    assert (event.subject, event.actor_id) == (f"user:{guest.pk}", life.manager.pk)
    shown = desk.get(f"/admin/accounts/user/{guest.pk}/change/").content.decode()
    assert f"Erased household {guest.pk}" in shown
    assert "kamala" not in shown.lower()
    assert f"/admin/accounts/user/{guest.pk}/erase/" not in shown
    found_by_name = desk.get("/admin/accounts/user/?q=kamala").content.decode()
    assert f"/admin/accounts/user/{guest.pk}/change/" not in found_by_name


def test_the_page_names_others_with_the_same_contact(life: Life) -> None:
    register_contact(name="Zubeida Guest", email=EMAIL, by=Actor.guest())
    desk = Client()
    desk.force_login(life.manager)
    assert "Zubeida Guest" in desk.get(f"/admin/accounts/user/{life.person.pk}/erase/").content.decode()
