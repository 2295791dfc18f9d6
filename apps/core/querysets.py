"""Named queries that many tables share: the rows of a range of numbers, and those of a time."""

from __future__ import annotations

from datetime import datetime
from typing import Self, TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


class NumberedQuerySet(QuerySet[M]):
    """Rows that are read a step at a time, by their numbers."""

    def after_number(self, number: int) -> Self:
        """Return what was numbered later than a row."""
        return self.filter(pk__gt=number)

    def before_number(self, number: int) -> Self:
        """Return what was numbered earlier than a row."""
        return self.filter(pk__lt=number)

    def up_to_number(self, number: int) -> Self:
        """Return a row and what was numbered earlier."""
        return self.filter(pk__lte=number)


class TimedQuerySet(NumberedQuerySet[M]):
    """Rows that know when they were created."""

    def since(self, moment: datetime) -> Self:
        """Return those that were created at a moment or later."""
        return self.filter(created_at__gte=moment)

    def after(self, moment: datetime) -> Self:
        """Return those that were created later than a moment."""
        return self.filter(created_at__gt=moment)

    def until(self, moment: datetime) -> Self:
        """Return those that were created at a moment or earlier."""
        return self.filter(created_at__lte=moment)

    def before(self, moment: datetime) -> Self:
        """Return those that were created earlier than a moment."""
        return self.filter(created_at__lt=moment)
