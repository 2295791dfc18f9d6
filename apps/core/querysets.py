"""Named queries that many tables share, and those over the rows of core and of the job queue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Self, TypeAlias, TypeVar

from django.db.models import Model, Q, QuerySet

if TYPE_CHECKING:
    from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob

    from apps.core.models import IdempotentRequest  # noqa: F401

M = TypeVar("M", bound=Model)

Condition: TypeAlias = Q
"""What says of each row whether something holds, as ports return it: an app above decides that."""
GIVEN_UP = ("failed", "aborted")
"""The states of jobs that nobody tries again."""


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


class IdempotentRequestQuerySet(TimedQuerySet["IdempotentRequest"]):
    """Named queries over requests with a key."""

    def with_key(self, *, caller: str, operation: str, key_hash: str) -> Self:
        """Return the request that a caller sent with a key, if there is one."""
        return self.filter(caller=caller, operation=operation, key_hash=key_hash)

    def unanswered(self) -> Self:
        """Return those that have no answer yet."""
        return self.filter(status_code=None)


def after_place(rows: QuerySet[M], order: Sequence[str], values: Sequence[object]) -> QuerySet[M]:
    """Return what follows a place in an ordered list.

    Args:
        rows: the list.
        order: the columns that order it, a leading minus for the largest first.
        values: what the row at the place has in these columns.
    """
    condition = Q()
    equal = Q()
    for name, value in zip(order, values, strict=True):
        column = name.removeprefix("-")
        step = "lt" if name.startswith("-") else "gt"
        condition |= equal & Q(**{f"{column}__{step}": value})
        equal &= Q(**{column: value})
    return rows.filter(condition)


def waiting_jobs(jobs: QuerySet[ProcrastinateJob]) -> QuerySet[ProcrastinateJob]:
    """Return those that no worker has taken."""
    return jobs.filter(status="todo")


def given_up_jobs(jobs: QuerySet[ProcrastinateJob], task: str) -> QuerySet[ProcrastinateJob]:
    """Return those of a task that the queue gave up, whatever the reason, the oldest first."""
    return jobs.filter(task_name=task, status__in=GIVEN_UP).order_by("pk")


def events_of_job(
    events: QuerySet[ProcrastinateEvent], job_id: int
) -> QuerySet[ProcrastinateEvent]:
    """Return what happened to one job, the last first."""
    return events.filter(job_id=job_id).order_by("-id")
