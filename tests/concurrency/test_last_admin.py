"""Two admins who take each other's role at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.actions import LastAdmin, grant_role
from accounts.models import User, UserManager
from milkdelivery.core.actors import Actor, Role
from tests.concurrency.threads import Meeting, in_threads
from tests.factories.accounts import AdminFactory

pytestmark = pytest.mark.django_db(transaction=True)


def demote(taker: User, other: User) -> Callable[[], object]:
    return lambda: grant_role(other.pk, role=Role.MANAGER, by=Actor.user(taker.pk, Role.ADMIN))


def test_one_of_two_admins_stays_and_the_other_is_told_why(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = AdminFactory(), AdminFactory()
    meeting = Meeting(2)
    locked = UserManager.locked

    def slow(manager: UserManager, pk: int) -> Any:
        person = locked(manager, pk)
        meeting.wait()
        return person

    monkeypatch.setattr(UserManager, "locked", slow)
    problems = in_threads(demote(one, two), demote(two, one))
    assert [type(problem) for problem in problems] == [LastAdmin]
    roles = {User.objects.get(pk=person.pk).role for person in (one, two)}
    assert roles == {Role.ADMIN, Role.MANAGER}
