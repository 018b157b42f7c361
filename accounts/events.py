"""What happens to people. Ids only: names and addresses never ride in events."""

from dataclasses import dataclass

from milkdelivery.core.eventlog import DomainEvent


@dataclass(frozen=True)
class UserRegistered(DomainEvent):
    name = "user.registered"
    user_id: int
    via: str


@dataclass(frozen=True)
class UserUpdated(DomainEvent):
    name = "user.updated"
    user_id: int
    fields: tuple[str, ...]


@dataclass(frozen=True)
class UserRoleChanged(DomainEvent):
    name = "user.role_changed"
    user_id: int
    roles: tuple[str, ...]


@dataclass(frozen=True)
class UserLoggedIn(DomainEvent):
    name = "user.logged_in"
    user_id: int
    device_id: int | None = None


@dataclass(frozen=True)
class UserLoginFailed(DomainEvent):
    """A sign-in that failed; who it was meant for is known only where a person exists."""

    name = "user.login_failed"
    user_id: int | None = None


@dataclass(frozen=True)
class UserDeviceAdded(DomainEvent):
    name = "user.device_added"
    user_id: int
    device_id: int
