"""People who came through a checkout and left no more than a name and a contact."""

from typing import Protocol


class Person(Protocol):
    email: str | None
    phone: str | None
    is_active: bool

    def has_usable_password(self) -> bool: ...


def has_only_typed(person: Person) -> bool:
    """Nothing is proven and there is no password: nobody has ever been able to sign in as this person."""
    return not person.email and not person.phone and not person.has_usable_password()


def is_contact_only(person: Person) -> bool:
    """A person of a checkout that nobody can sign in as, so nobody else can be meant."""
    return person.is_active and has_only_typed(person)


def is_proven(person: Person) -> bool:
    """The person has shown that a contact is theirs."""
    return bool(person.is_active and (person.email or person.phone))
