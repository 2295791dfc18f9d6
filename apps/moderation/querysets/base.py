"""What queries over many kinds of rows have in common: whom a row is about, and of which case."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from django.apps import apps
from django.db.models import (
    BooleanField,
    ExpressionWrapper,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.lookups import IsNull

from apps.core.querysets import TimedQuerySet

if TYPE_CHECKING:
    from apps.moderation.models import Case
    from apps.users.models import User

M = TypeVar("M", bound=Model)
Rows = TypeVar("Rows", bound=QuerySet[Any, Any])


def all_rows(queries: type[Rows], model: str) -> Rows:
    """Return all rows of a model of this app, for queries over the rows of another.

    Args:
        queries: the named queries over them.
        model: its name; no module here may import it.
    """
    return queries(apps.get_model("moderation", model))


def is_there(rows: QuerySet[Any, Any]) -> Q:
    """Return the condition that any of these rows exists, asked of each row that a list shows.

    It is answered by an index each time. An EXISTS leaves it to the database to read all of these
    rows first, which may be everything that a person ever wrote.
    """
    return Q(IsNull(Subquery(rows.order_by().values("pk")[:1]), False))  # noqa: FBT003


class SubjectQuerySet(TimedQuerySet[M]):
    """Named queries over rows that are about a person.

    Attributes:
        person_path: the path from a row to the person.
    """

    person_path: ClassVar[str] = "subject"

    def about(self, person: User | int | OuterRef) -> Self:
        """Return those that are about a person."""
        return self.filter(**{self.person_path: person})

    def not_about(self, viewer: User | int) -> Self:
        """Leave out those about whoever reads: they hear of those as everybody does."""
        return self.exclude(**{self.person_path: viewer})


class CaseRowQuerySet(SubjectQuerySet[M]):
    """Named queries over rows that belong to a case.

    Attributes:
        case_path: the path from a row to the case.
    """

    case_path: ClassVar[str] = "case"

    def of_case(self, case: Case | int | OuterRef) -> Self:
        """Return those of one case."""
        return self.filter(**{self.case_path: case})

    def of_cases(self, numbers: Collection[int]) -> Self:
        """Return those of several cases."""
        return self.filter(**{f"{self.case_path}__in": list(numbers)})


def whether(condition: Q) -> ExpressionWrapper[Q]:
    """Return a condition as a column, for rows that say of themselves whether they meet it."""
    return ExpressionWrapper(condition, output_field=BooleanField())
