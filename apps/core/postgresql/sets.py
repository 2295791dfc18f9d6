"""A set of numbers that another query finds, found once and then looked up by an index."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, QuerySet


def is_among(column: str, rows: QuerySet[Any, Any]) -> Func:
    """Return the condition that a column holds one of the numbers that a query finds.

    `case_id = ANY(ARRAY(...))` reads the inner rows once and then asks the index of the column for
    each; of `IN (...)` the planner may think that few rows are worth a join over whole tables.
    """
    return Func(
        F(column),
        ArraySubquery(rows),
        template="(%(expressions)s))",
        arg_joiner=" = ANY(",
        output_field=BooleanField(),
    )
