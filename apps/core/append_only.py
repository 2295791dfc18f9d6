"""Rows that are added and never changed or removed; a trigger in PostgreSQL holds them too."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn, TypeVar

from django.db.models import Model

from apps.core.querysets import TimedQuerySet

M = TypeVar("M", bound=Model)


class AppendOnlyError(TypeError):
    """Code tried to change or remove a record; a mistake of ours, never of a caller."""

    def __init__(self) -> None:
        super().__init__("Records are only ever added.")


class AppendOnlyQuerySet(TimedQuerySet[M]):
    """Rows can be added and read, nothing else."""

    def update(self, **kwargs: Any) -> NoReturn:  # noqa: ANN401
        """Refuse: the rows are a record."""
        raise AppendOnlyError

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ANN401
        """Refuse: the rows are a record."""
        raise AppendOnlyError

    def delete(self) -> NoReturn:
        """Refuse: the rows are a record."""
        raise AppendOnlyError

    def _raw_delete(self, using: str | None) -> NoReturn:
        raise AppendOnlyError


class AppendOnly(Model):
    """A row that is added and never changed or removed."""

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
