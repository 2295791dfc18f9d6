"""Whether somebody has a right at the moment: asked in one way by every app."""

from __future__ import annotations

from typing import Protocol

from apps.core.errors import ForbiddenError


class Actor(Protocol):
    """Whoever acts: a person of the users app, which the apps below it do not know."""

    pk: int

    @property
    def label(self) -> str:
        """The name that the record keeps."""

    def has_perm(self, perm: str, /) -> bool:
        """Tell whether they have a permission at the moment, as `app.codename`.

        Nobody has one whose account is closed or suspended.
        """


def require(actor: Actor | None, permission: str) -> None:
    """Check a right; the product itself and the operator's commands have no actor and every right.

    Raises:
        ForbiddenError: the actor does not have it at the moment.
    """
    if actor is not None and not actor.has_perm(permission):
        raise ForbiddenError
