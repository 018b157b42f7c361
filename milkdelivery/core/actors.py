"""Who does something. Every write takes an Actor and every event carries one."""

from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum


class Role(StrEnum):
    """A person's job here. Roles are Django groups of the same name."""

    GUEST = "GUEST"
    CUSTOMER = "CUSTOMER"
    DRIVER = "DRIVER"
    VENDOR = "VENDOR"
    MANAGER = "MANAGER"
    ADMIN = "ADMIN"


class AccessLevel(IntEnum):
    GUEST = 0
    CUSTOMER = 1
    DRIVER = 2
    VENDOR = 2
    MANAGER = 3
    ADMIN = 4


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """Where a request came from. Personal: kept in an erasable side row, never in the event itself."""

    request_id: str
    ip: str | None = None
    device_id: str | None = None
    user_agent: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """`kind` is user, guest, system or gateway; `name` says which part of the system or which gateway."""

    kind: str
    role: Role | None = None
    user_id: int | None = None
    name: str = ""
    request: RequestFacts | None = None

    @classmethod
    def system(cls, name: str) -> "Actor":
        return cls(kind="system", name=name)

    @classmethod
    def guest(cls, request: RequestFacts | None = None) -> "Actor":
        return cls(kind="guest", role=Role.GUEST, request=request)

    @classmethod
    def user(cls, user_id: int, role: Role, request: RequestFacts | None = None) -> "Actor":
        return cls(kind="user", role=role, user_id=user_id, request=request)

    def without_device(self) -> "Actor":
        """The same, where the browser must not be taken for that of the household for whom staff act."""
        if self.request is None:
            return self
        return replace(self, request=replace(self.request, device_id=None))

    @property
    def is_staff(self) -> bool:
        """A manager or an admin: may act for others."""
        return self.role in (Role.MANAGER, Role.ADMIN)

    @property
    def is_system(self) -> bool:
        return self.kind in ("system", "gateway")

    @property
    def label(self) -> str:
        """For logs and histories: user:12, system:nightly."""
        return f"{self.kind}:{self.user_id or self.name}" if (self.user_id or self.name) else self.kind
