"""Who may do what with models."""

from __future__ import annotations

from typing import Protocol

from apps.core.errors import ForbiddenError


class Actor(Protocol):
    """A person of the users app, which this app does not know."""

    pk: int

    @property
    def label(self) -> str:
        """The name that the record keeps."""

    def has_perm(self, perm: str, /) -> bool:
        """Tell whether the person has a permission."""


def require(actor: Actor | None, permission: str) -> None:
    """Check a right; the operator's commands come without an actor and may do everything.

    Raises:
        ForbiddenError: the actor does not have it.
    """
    if actor is not None and not actor.has_perm(permission):
        raise ForbiddenError
