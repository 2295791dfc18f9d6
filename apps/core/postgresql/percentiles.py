"""Percentiles, computed by the database over the rows of a group."""

from typing import Any

from django.db.models import Aggregate, Field, FloatField
from django.db.models.expressions import Combinable


class Percentile(Aggregate):
    """The value below which a share of the group lies, between two rows where it falls there.

    It is a number, or a span of time where `output_field` says so.
    """

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"

    def __init__(
        self,
        expression: str | Combinable,
        *,
        share: float,
        output_field: Field[Any, Any] | None = None,
        **extra: Any,  # noqa: ANN401
    ) -> None:
        if not 0 <= share <= 1:
            raise ValueError("A share lies between 0 and 1.")
        super().__init__(
            expression, share=repr(float(share)), output_field=output_field or FloatField(), **extra
        )
