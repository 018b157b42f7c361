"""When reports are made, who is mailed, and what happens afterwards."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from analytics import tasks
from analytics.actions import NIGHTLY, DayNotOver, NoReport, make_report, make_report_again, want_reports
from analytics.files import csv_of, pdf_of
from analytics.models import DailyReport
from analytics.queries import figures_of
from analytics.rules import last_ended, missing_days
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.errors import InvalidInput, NotAllowed
from milkdelivery.core.models import Event, Region
from notifications.models import Notification
from notifications.tasks import send_queued
from tests.factories.accounts import AdminFactory, ManagerFactory, UserFactory
from tests.factories.orders import placed_order
from tests.factories.world import World, small_world
from tests.payments.test_invoices import delivered, give_back

pytestmark = pytest.mark.django_db

At = Callable[[str], datetime]
DAY = date(2026, 1, 31)
"""Of the order that `delivered` brings to its door."""
ME = Actor.system("tests")


@pytest.fixture
def world(at: At) -> World:
    at("2026-01-30T20:00+05:30")
    return small_world()


# -- when --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "zone", "ended"),
    [
        ("2026-01-31T00:59+05:30", "Asia/Kolkata", "2026-01-29"),
        ("2026-01-31T01:00+05:30", "Asia/Kolkata", "2026-01-30"),
        ("2026-01-31T01:00+05:30", "America/New_York", "2026-01-29"),  # 14:30 of the 30th there
        ("2026-01-31T06:00+00:00", "America/New_York", "2026-01-30"),  # 01:00 there
        ("2026-03-08T07:30+00:00", "America/New_York", "2026-03-07"),  # two o'clock is left out there that night
    ],
)
def test_a_day_ends_where_it_is_lived(now: str, zone: str, ended: str) -> None:
    assert last_ended(datetime.fromisoformat(now), zone) == date.fromisoformat(ended)


def test_only_days_that_are_missing_are_made() -> None:
    day = [date(2026, 1, number) for number in range(1, 10)]
    assert missing_days([], until=day[4]) == [day[4]]
    assert missing_days([day[4]], until=day[4]) == []
    assert missing_days([day[1], day[3], day[8]], until=day[5]) == [day[2], day[4], day[5]]


def test_the_night_makes_a_report_of_the_day_that_ended(world: World, at: At) -> None:
    delivered(world, at)
    at("2026-02-01T00:59+05:30")
    assert tasks.make_daily_reports() == 0  # the day before had no order
    at("2026-02-01T01:00+05:30")
    assert tasks.make_daily_reports() == 1
    report = DailyReport.objects.get()
    assert (report.region, report.date, report.times_made) == (world.region, DAY, 1)
    assert report.figures["orders"]["revenue"] == {"INR": 7600}
    assert report.figures["deliveries"]["on_time"] == 1
    assert report.figures["cash"] == {"to_collect": {"INR": 7600}, "collected": {"INR": 7600}}
    assert tasks.make_daily_reports() == 0


def test_after_days_of_downtime_every_missed_day_is_made_once(world: World, at: At) -> None:
    delivered(world, at)
    at("2026-02-01T01:00+05:30")
    tasks.make_daily_reports()
    at("2026-02-05T14:00+05:30")
    assert tasks.make_daily_reports() == 4
    days = [DAY + timedelta(days=ahead) for ahead in range(5)]
    assert list(DailyReport.objects.order_by("date").values_list("date", flat=True)) == days
    assert Event.objects.named("report.made").count() == 5


def test_each_region_has_its_own_night(world: World, at: At) -> None:
    delivered(world, at)
    there = Region.objects.create(
        code="BTV", name="Burlington", country="US", currency="USD", time_zone="America/New_York",
        postal_code_pattern="[0-9]{5}", phone_prefix="+1",
    )  # fmt: skip
    placed_order(slot=world.morning)
    order = placed_order(slot=world.morning)
    order.region, order.delivery_date = there, DAY
    order.save()
    at("2026-02-01T01:00+05:30")  # 14:30 of the 31st in Burlington
    tasks.make_daily_reports()
    assert not DailyReport.objects.filter(region=there, date=DAY).exists()
    at("2026-02-01T06:00+00:00")
    tasks.make_daily_reports()
    assert DailyReport.objects.filter(region=there, date=DAY).exists()


def test_a_region_without_orders_has_no_reports(world: World, at: At) -> None:
    at("2026-02-01T01:00+05:30")
    assert tasks.make_daily_reports() == 0


def test_a_day_is_reported_when_it_is_over(world: World, at: At) -> None:
    at("2026-01-31T23:59+05:30")
    with pytest.raises(DayNotOver):
        make_report(world.region, DAY, by=ME)
    at("2026-02-01T00:00+05:30")
    make_report(world.region, DAY, by=ME)


# -- late changes ------------------------------------------------------------------------------------------------------


def test_a_refund_counts_on_the_day_it_is_decided(world: World, at: At) -> None:
    order = delivered(world, at)
    at("2026-02-01T01:00+05:30")
    report = make_report(world.region, DAY, by=ME)
    at("2026-02-01T09:00+05:30")
    give_back(order, amount=order.grand_total.share(5000))
    at("2026-02-02T01:00+05:30")
    following = make_report(world.region, DAY + timedelta(days=1), by=ME)
    half = order.grand_total.minor // 2
    assert figures_of(world.region, DAY) == report.figures
    assert following.figures["orders"]["revenue"] == {"INR": -half}
    assert following.figures["refunds"]["kinds"] == [{"key": "AMOUNT", "count": 1, "worth": {"INR": half}}]


def test_a_report_stays_until_it_is_made_again_with_a_reason(world: World, at: At) -> None:
    order = delivered(world, at)
    at("2026-02-01T01:00+05:30")
    report = make_report(world.region, DAY, by=ME)
    type(order).objects.filter(pk=order.pk).update(grand_total=1)
    assert make_report(world.region, DAY, by=ME).figures == report.figures
    with pytest.raises(InvalidInput):
        make_report_again(world.region, DAY, by=ME, reason="  ")
    again = make_report_again(world.region, DAY, by=ME, reason="A price was wrong")
    assert again.figures["orders"]["worth"] == {"INR": 1}
    assert (again.times_made, again.reason) == (2, "A price was wrong")
    assert [told["figures"]["orders"]["worth"] for told in again.earlier] == [{"INR": 7600}]
    told = Event.objects.named("report.made").order_by("pk")
    assert [(event.data["times_made"], event.data["reason"]) for event in told] == [(1, ""), (2, "A price was wrong")]
    with pytest.raises(NoReport):
        make_report_again(world.region, DAY - timedelta(days=9), by=ME, reason="Why not")


# -- by mail -----------------------------------------------------------------------------------------------------------


def reports_mailed() -> list[str]:
    return list(
        Notification.objects.filter(kind="daily_report", channel="EMAIL")
        .order_by("pk")
        .values_list("address", flat=True)
    )


def test_the_report_is_mailed_once_to_whoever_wants_it(world: World, at: At, drain: Any, mailoutbox: list[Any]) -> None:
    delivered(world, at)
    manager, left = ManagerFactory(email="m@example.com"), ManagerFactory(email="left@example.com")
    ManagerFactory(email="other@example.com")
    for person in (manager, left):
        want_reports(wants=True, by=Actor.user(person.pk, Role.MANAGER))
    want_reports(wants=False, by=Actor.user(left.pk, Role.MANAGER))
    at("2026-02-01T01:00+05:30")
    tasks.make_daily_reports()
    drain()
    tasks.make_daily_reports()
    drain()
    assert reports_mailed() == [django_settings.ADMIN_EMAIL, "m@example.com"]
    send_queued()
    (letter,) = [each for each in mailoutbox if each.to == ["m@example.com"]]
    assert "₹76.00" in letter.subject
    assert "1 of 1 in their slot" in letter.body


def test_what_is_no_news_is_mailed_to_nobody(world: World, at: At, drain: Any) -> None:
    delivered(world, at)
    at("2026-02-20T09:00+05:30")
    make_report(world.region, DAY, by=NIGHTLY)  # three weeks late
    make_report(world.region, date(2026, 2, 19), by=ME)  # by hand
    make_report_again(world.region, date(2026, 2, 19), by=NIGHTLY, reason="Again")
    drain()
    assert reports_mailed() == []


def test_only_staff_may_read_by_mail(world: World) -> None:
    with pytest.raises(NotAllowed):
        want_reports(wants=True, by=Actor.user(UserFactory().pk, Role.DRIVER))


def test_whoever_leaves_the_staff_gets_none(world: World, at: At, drain: Any) -> None:
    delivered(world, at)
    manager = ManagerFactory(email="m@example.com")
    want_reports(wants=True, by=Actor.user(manager.pk, Role.MANAGER))
    manager.groups.clear()
    at("2026-02-01T01:00+05:30")
    tasks.make_daily_reports()
    drain()
    assert reports_mailed() == [django_settings.ADMIN_EMAIL]


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_command_makes_and_makes_again(world: World, at: At) -> None:
    delivered(world, at)
    at("2026-02-01T09:00+05:30")
    told = io.StringIO()
    call_command("daily_report", region=world.region.code, stdout=told)
    call_command("daily_report", date=DAY, region=world.region.code, again="Looked again", stdout=told)
    assert told.getvalue().splitlines() == ["BLR 2026-01-31: 1 orders, revenue ₹76.00"] * 2
    assert DailyReport.objects.get().times_made == 2
    with pytest.raises(CommandError, match="not over"):
        call_command("daily_report", date=date(2026, 2, 1), region=world.region.code)
    with pytest.raises(CommandError, match="no region"):
        call_command("daily_report", region="XYZ")


# -- files and pages ---------------------------------------------------------------------------------------------------


@pytest.fixture
def report(world: World, at: At) -> DailyReport:
    product = world.products[0]
    product.name = "=cmd|' /C calc'!A0"
    product.save()
    delivered(world, at)
    at("2026-02-01T01:00+05:30")
    return make_report(world.region, DAY, by=NIGHTLY)


def test_the_table_says_what_the_report_says(report: DailyReport) -> None:
    text = csv_of(report)
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    told = {(row["section"], row["key"]): row for row in rows}
    assert told["orders", "revenue"]["amount"] == "76.00"
    assert told["orders", "revenue"]["currency"] == "INR"
    assert told["deliveries", "on_time"]["count"] == "1"
    (product,) = [row for row in rows if row["section"] == "products"]
    assert product["label"].startswith("'=cmd")


def test_the_sheet_is_a_pdf_and_the_same_twice(report: DailyReport) -> None:
    made = pdf_of(report)
    assert made.startswith(b"%PDF")
    assert made == pdf_of(report)


@pytest.fixture
def manager_client() -> Client:
    client = Client()
    client.force_login(ManagerFactory())
    return client


PAGE = "/admin/analytics/dailyreport/"


def test_the_page_shows_the_day_and_the_days_beside_it(report: DailyReport, at: At, manager_client: Client) -> None:
    at("2026-02-03T01:00+05:30")
    following = make_report(report.region, DAY + timedelta(days=1), by=ME)
    page = manager_client.get(f"{PAGE}{report.pk}/change/").content.decode()
    assert "₹76.00" in page
    assert f"{PAGE}{following.pk}/change/" in page
    assert "&#x27;!A0" in page  # the product's name, escaped
    for kind, content in (("pdf", "application/pdf"), ("csv", "text/csv; charset=utf-8"), ("json", "application/json")):
        answer = manager_client.get(f"{PAGE}{report.pk}/{kind}")
        answer = answer if answer.status_code == 200 else manager_client.get(f"{PAGE}{report.pk}/{kind}/")
        assert (answer.status_code, answer["Content-Type"]) == (200, content)


def test_the_month_is_drawn(report: DailyReport, manager_client: Client) -> None:
    page = manager_client.get(f"{PAGE}?month=2026-01&of=BLR").content.decode()
    assert page.count('class="bo-chart-bar"') == 1
    assert "January 2026" in page
    assert "No reports in this month" in manager_client.get(f"{PAGE}?month=2025-12").content.decode()
    for nonsense in ("2026-13", "0000-01", "9999-12", "x", "2026-01-01"):
        assert manager_client.get(f"{PAGE}?month={nonsense}").status_code == 200


def test_a_manager_makes_it_again(report: DailyReport, manager_client: Client) -> None:
    url = f"{PAGE}{report.pk}/again/"
    url = url if manager_client.get(url).status_code == 200 else url.rstrip("/")
    assert manager_client.post(url, {"reason": ""}).status_code == 200
    assert manager_client.post(url, {"reason": "A price was wrong"}).status_code == 302
    page = manager_client.get(f"{PAGE}{report.pk}/change/").content.decode()
    assert "A price was wrong" in page
    assert "What it said before" in page


def test_mails_are_chosen_on_the_page(report: DailyReport) -> None:
    client, admin = Client(), AdminFactory()
    client.force_login(admin)
    assert "Mail it to me every night" in client.get(PAGE).content.decode()
    assert client.get(f"{PAGE}mail/").status_code == 405
    assert client.post(f"{PAGE}mail/", {"wants": "yes"}).status_code == 302
    assert "No more mails with it" in client.get(PAGE).content.decode()


# -- the API -----------------------------------------------------------------------------------------------------------


def test_the_api_tells_it(report: DailyReport, manager_client: Client) -> None:
    told = manager_client.get("/api/v1/reports/daily/?date=2026-01-31&region=BLR").json()
    assert told["figures"]["orders"]["revenue"] == [{"amount": "76.00", "currency": "INR"}]
    assert told["figures"]["refunds"]["worth"] == [{"amount": "0.00", "currency": "INR"}]
    kept = manager_client.get("/api/v1/reports/daily.json?date=2026-01-31")
    assert json.loads(kept.content) == told
    assert 'filename="report-BLR-2026-01-31.json"' in kept["Content-Disposition"]
    assert manager_client.get("/api/v1/reports/daily.pdf?date=2026-01-31").content.startswith(b"%PDF")
    assert (
        manager_client.get("/api/v1/reports/daily.csv?date=2026-01-31", headers={"Accept": "text/csv"}).status_code
        == 200
    )


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("date=yesterday", 400),
        ("date=2026-01-31&region=XYZ", 404),
        ("date=2026-01-30&region=BLR", 404),
        ("date=2026-01-31&region=far-too-long", 400),
        ("date=2026-01-31&region=%00", 400),
        ("date=99999-01-31", 400),
    ],
)
def test_what_the_api_is_asked_wrongly(report: DailyReport, manager_client: Client, query: str, status: int) -> None:
    answer = manager_client.get(f"/api/v1/reports/daily/?{query}")
    assert answer.status_code == status, answer.content


def test_reports_are_for_managers_and_admins(report: DailyReport) -> None:
    for person, status in ((UserFactory(), 403), (UserFactory(role=Role.VENDOR), 403), (AdminFactory(), 200)):
        client = Client()
        client.force_login(person)
        assert client.get("/api/v1/reports/daily/?date=2026-01-31").status_code == status
    assert Client().get("/api/v1/reports/daily/?date=2026-01-31").status_code == 401


def test_the_reader_is_known_by_a_proven_address_only(world: World, at: At, drain: Any) -> None:
    delivered(world, at)
    manager: User = ManagerFactory(email=None, phone="+919812345678", contact_email="typed@example.com")
    want_reports(wants=True, by=Actor.user(manager.pk, Role.MANAGER))
    at("2026-02-01T01:00+05:30")
    tasks.make_daily_reports()
    drain()
    assert reports_mailed() == [django_settings.ADMIN_EMAIL]
