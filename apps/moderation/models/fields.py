"""Columns and rows that outlive what they are about."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.db import models

from apps.moderation.errors import AppendOnlyError
from apps.moderation.querysets import AppendOnlyQuerySet


def lasting_key(to: str, **options: Any) -> models.ForeignKey[Any, Any]:  # noqa: ANN401
    """Return a reference that neither keeps its target from being removed nor is blanked by it.

    The record says what was done even when the message or the account is gone; whoever follows the
    reference must expect to find nothing.
    """
    return models.ForeignKey(
        to, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+", **options
    )


def actor_key(**options: Any) -> models.ForeignKey[Any, Any]:  # noqa: ANN401
    """Return a reference to a person who acted; kept when their account is deleted."""
    return lasting_key(settings.AUTH_USER_MODEL, **options)


class AppendOnly(models.Model):
    """A row that is added and never changed or removed; a database trigger holds it too."""

    objects: ClassVar[AppendOnlyQuerySet[Any]] = AppendOnlyQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Add the row.

        Raises:
            AppendOnlyError: the row is stored already.
        """
        if not self._state.adding:
            raise AppendOnlyError
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ANN401
        """Refuse: the row is a record.

        Raises:
            AppendOnlyError: always.
        """
        raise AppendOnlyError
