"""What happens to people. Ids only: names and addresses never ride in events."""

from dataclasses import dataclass

from milkdelivery.core.eventlog import DomainEvent


@dataclass(frozen=True)
class UserRegistered(DomainEvent):
    """`via` is how: email, phone, checkout or staff."""

    name = "user.registered"
    user_id: int
    via: str


@dataclass(frozen=True)
class UserUpdated(DomainEvent):
    """`fields` says what changed; "email" and "phone" mean that one was proven, "password" that it was set."""

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
    """A sign-in that failed. Whom it was meant for is known only where that person proved the contact."""

    name = "user.login_failed"
    user_id: int | None = None

    @property
    def subject(self) -> str:
        return f"user:{self.user_id}" if self.user_id else "guest"


@dataclass(frozen=True)
class UserDeviceAdded(DomainEvent):
    name = "user.device_added"
    user_id: int
    device_id: int


@dataclass(frozen=True)
class UserDeviceRevoked(DomainEvent):
    """Somebody signed a device out from afar; its sessions and tokens ended with it."""

    name = "user.device_revoked"
    user_id: int
    device_id: int


@dataclass(frozen=True)
class UserDeactivated(DomainEvent):
    name = "user.deactivated"
    user_id: int


@dataclass(frozen=True)
class UserReactivated(DomainEvent):
    """An admin let a deactivated person in again."""

    name = "user.reactivated"
    user_id: int


@dataclass(frozen=True)
class UserDeviceDistrusted(DomainEvent):
    """Staff or the person took back that a device is trusted: the next sign-in there asks for a second step."""

    name = "user.device_distrusted"
    user_id: int
    device_id: int


@dataclass(frozen=True)
class UserNoted(DomainEvent):
    """Staff wrote a note about a person; what it says stands in its record alone."""

    name = "user.noted"
    user_id: int
    note_id: int


@dataclass(frozen=True)
class UserNoteStruck(DomainEvent):
    name = "user.note_struck"
    user_id: int
    note_id: int


@dataclass(frozen=True)
class UserErased(DomainEvent):
    """Everything that said who they are is gone; their number stands for nobody any more."""

    name = "user.erased"
    user_id: int
