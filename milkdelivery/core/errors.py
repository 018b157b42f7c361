"""What the domain says when it refuses.

A face (page, API, admin) translates these once: a page shows `message` at `field`, the API answers a problem document.
"""

from typing import Any, ClassVar


class DomainError(Exception):
    """A rule of the business was not met. Nothing was changed.

    `code` is stable and for programs; `status` is the HTTP status the API answers; `message` is for people and
    translated; `field` names the input that caused it, where one did; `facts` are further plain values.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409

    def __init__(self, message: Any, *, field: str | None = None, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.facts = facts

    def __str__(self) -> str:
        return str(self.message)

    @property
    def errors(self) -> dict[str, list[str]]:
        """What is wrong, by the input that caused it."""
        return {self.field: [str(self.message)]} if self.field else {}


class InvalidInput(DomainError):
    """What was sent can't be right, whatever the state of the world."""

    code = "invalid"
    status = 422


class NotFound(DomainError):
    """It does not exist, or is not the caller's: a stranger is told the same."""

    code = "not_found"
    status = 404


class NotAllowed(DomainError):
    """The actor's role does not permit this."""

    code = "not_allowed"
    status = 403
