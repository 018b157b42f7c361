"""Who may erase whom, and what it means that somebody was."""

from django.utils.translation import gettext_lazy as _

from milkdelivery.core.actors import Actor, Role
from milkdelivery.core.erasing import Obstacle
from milkdelivery.core.errors import DomainError, NotAllowed, NotFound

HAS_A_ROLE = Obstacle(
    "has_a_role", _("This account works here. An admin has to take its role away first, so that nothing is left lying.")
)


class PersonErased(NotFound):
    """The account was closed for good: nobody is behind it any more, and nothing can be added to it."""

    code = "person_erased"


class NotErasable(DomainError):
    """Something of theirs is still under way. `obstacles` says what; nothing was changed."""

    code = "not_erasable"

    def __init__(self, obstacles: list[Obstacle]) -> None:
        in_the_way = [{"code": each.code, "text": str(each.text)} for each in obstacles]
        super().__init__(" ".join(str(each.text) for each in obstacles), in_the_way=in_the_way)
        self.obstacles = obstacles


def ensure_may_erase(user_id: int, by: Actor) -> None:
    """Oneself, or staff for a household that asked. Raises NotAllowed."""
    if by.is_staff or by.is_system or (by.kind == "user" and by.user_id == user_id):
        return
    raise NotAllowed(_("Only the household itself, or staff, may do this."))


def role_in_the_way(role: Role) -> list[Obstacle]:
    return [] if role == Role.CUSTOMER else [HAS_A_ROLE]
