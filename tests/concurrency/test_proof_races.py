"""A photo comes while its tap is taken back, and twice at once. Each race is shown with its lock off first."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from deliveries.actions import PhotoSent, attach_photo
from deliveries.actions import proofs as proofs_module
from deliveries.models import Delivery, DeliveryQuerySet, Driver, Proof, ProofQuerySet, RouteQuerySet
from deliveries.rules.proof import PhotoOfNothing
from milkdelivery.core import clock
from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.photos import KeptPhoto
from tests.concurrency.test_driver_races import SIX, at_six, on_the_road, taps
from tests.concurrency.threads import Meeting, in_threads

pytestmark = pytest.mark.django_db(transaction=True)


def attach(driver: Driver, delivery: Delivery, stem: str) -> Proof:
    with clock.override(SIX):
        photo = KeptPhoto(stem * 16, 720, 960)
        return attach_photo(PhotoSent(delivery.pk, "d", driver), photo, by=Actor.user(driver.user_id, Role.DRIVER))


def photo_while_taken_back(monkeypatch: pytest.MonkeyPatch, *, looks_again: bool) -> list[BaseException]:
    """The tap is taken back between the first look at it and the lock of its round; what the photo was told."""
    world, _route, (delivery,) = on_the_road(1)
    taps(world.driver, "DELIVERED", delivery, "d")()
    looked, undone = threading.Event(), threading.Event()
    look = proofs_module._action_of
    seen: list[Any] = []

    def slow(sent: PhotoSent) -> Any:
        if seen and not looks_again:
            return seen[0]
        seen.append(look(sent))
        looked.set()
        undone.wait(5)
        return seen[-1]

    def undo() -> None:
        looked.wait(10)
        taps(world.driver, "UNDO", delivery, "u")()
        undone.set()

    monkeypatch.setattr(proofs_module, "_action_of", slow)
    problems = in_threads(at_six(lambda: attach(world.driver, delivery, "ab")), undo)
    delivery.refresh_from_db()
    assert delivery.status == "IN_TRANSIT"
    return problems


def test_without_a_second_look_a_photo_proves_what_was_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    assert photo_while_taken_back(monkeypatch, looks_again=False) == []
    assert Proof.objects.filter(proves__isnull=False).exists()


def test_a_photo_of_what_is_taken_back_meanwhile_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    (problem,) = photo_while_taken_back(monkeypatch, looks_again=True)
    assert isinstance(problem, PhotoOfNothing)
    assert not Proof.objects.exists()


def twice_at_once(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Which of two photos under one key was told that it is kept."""
    world, _route, (delivery,) = on_the_road(1)
    with clock.override(SIX):
        Proof.objects.create(driver=world.driver, key="d", delivery=delivery, created_at=SIX)
    meeting, find = Meeting(2), ProofQuerySet.get_or_create

    def slow(self: ProofQuerySet, **facts: Any) -> Any:
        found = find(self, **facts)
        meeting.wait()
        return found

    monkeypatch.setattr(ProofQuerySet, "get_or_create", slow)
    told: set[str] = set()
    works = [lambda stem=stem: told.add(attach(world.driver, delivery, stem).photo) for stem in ("ab", "cd")]
    assert in_threads(*works) == []
    return told


def test_without_locks_both_photos_are_told_that_they_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RouteQuerySet, "locked", lambda self, pk: self.get(pk=pk))
    monkeypatch.setattr(DeliveryQuerySet, "locked", lambda self, pk: self.get(pk=pk))
    assert len(twice_at_once(monkeypatch)) == 2


def test_of_two_photos_at_once_one_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert twice_at_once(monkeypatch) == {Proof.objects.get().photo}
