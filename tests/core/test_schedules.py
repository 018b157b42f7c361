"""What the worker does by the clock is installed, and stays installed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils.module_loading import import_string
from django_q.models import OrmQ, Schedule
from django_q.scheduler import scheduler

from milkdelivery.core import clock
from milkdelivery.core.tasks import clean_sessions

pytestmark = pytest.mark.django_db


def test_every_task_is_scheduled_once() -> None:
    for _ in range(2):
        call_command("sync", verbosity=0)
    installed = dict(Schedule.objects.values_list("name", "func"))
    assert installed == {name: task for name, (task, _) in settings.SCHEDULES.items()}
    assert set(Schedule.objects.values_list("schedule_type", "repeats")) == {(Schedule.MINUTES, -1)}


@pytest.mark.parametrize("task", [task for task, _ in settings.SCHEDULES.values()])
def test_every_task_runs_where_nothing_is_due(task: str) -> None:
    assert not import_string(task)()


def test_an_update_neither_delays_nor_doubles_a_start() -> None:
    soon = clock.real_now() + timedelta(seconds=20)
    Schedule.objects.update(next_run=soon, minutes=7)
    Schedule.objects.filter(name="Send notifications").update(name="Send mails", func="notifications.tasks.send_queued")
    call_command("sync", verbosity=0)
    assert Schedule.objects.filter(func="notifications.tasks.send_queued").count() == 1
    assert Schedule.objects.get(name="Carry on stalled checkouts").next_run == soon
    assert Schedule.objects.get(name="Carry on stalled checkouts").minutes == 1


def test_what_staff_planned_stays() -> None:
    Schedule.objects.create(name="Once tonight", func="math.sqrt", args="4", schedule_type=Schedule.ONCE)
    call_command("sync", verbosity=0)
    assert Schedule.objects.filter(name="Once tonight").exists()


@pytest.mark.django_db(transaction=True)
def test_the_queue_starts_what_is_due_and_plans_the_next_minute() -> None:
    Schedule.objects.update(next_run=clock.real_now() - timedelta(hours=6))
    OrmQ.objects.all().delete()
    scheduler()
    started = sorted(task.func() for task in OrmQ.objects.all())
    assert started == sorted(task for task, _ in settings.SCHEDULES.values()), "once each, however late"
    assert not Schedule.objects.filter(next_run__lt=clock.real_now()).exists()


def test_expired_sessions_go_and_others_stay() -> None:
    for age in (-60, 3600):
        session = SessionStore()
        session.set_expiry(3600)
        session.save()
        Session.objects.filter(pk=session.session_key).update(expire_date=clock.real_now() + timedelta(seconds=age))
    clean_sessions()
    assert Session.objects.count() == 1
