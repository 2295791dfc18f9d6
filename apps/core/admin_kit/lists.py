"""Lists that stay fast on ten million rows: capped counts, no deep pages, no free sorting."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.views.main import ORDER_VAR
from django.contrib.admin.views.main import ChangeList as DjangoChangeList
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from apps.core.admin_kit.filters import ChoiceFilter
from apps.core.numbers import whole_number

BEFORE_PARAMETER = "before"
ROWS_PER_PAGE = 50
MAX_PAGES = 100
_THOUSAND = 1_000
_MILLION = 1_000_000


class BoundedPaginator(Paginator[Any]):
    """A paginator that never counts, and never skips, more rows than its pages can show."""

    @cached_property
    def found(self) -> int:
        """How many rows there are, counted up to one more than the pages can show."""
        rows: QuerySet[Model] = self.object_list  # type: ignore[assignment]
        return rows.order_by().values("pk")[: self.max_rows + 1].count()

    @property
    def max_rows(self) -> int:
        """How many rows the pages can show."""
        return self.per_page * MAX_PAGES

    @cached_property
    def count(self) -> int:
        """How many rows the pages show."""
        return min(self.found, self.max_rows)

    @property
    def is_capped(self) -> bool:
        """Whether there are more rows than the pages show."""
        return self.found > self.max_rows

    @cached_property
    def total(self) -> str:
        """The number of rows in words: exact while small, the planner's estimate when large."""
        if not self.is_capped:
            return f"{self.count:,}"
        rows: QuerySet[Model] = self.object_list  # type: ignore[assignment]
        estimate = 0 if rows.query.where else estimate_rows(rows.model)
        if estimate > self.max_rows:
            return f"about {round_number(estimate)}"
        return f"more than {self.max_rows:,}"


class ChangeList(DjangoChangeList):
    """A list that sorts by indexed columns only, and goes on below a number without skipping."""

    sortable_by: Any

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        self.before = whole_number(request.GET.get(BEFORE_PARAMETER))
        super().__init__(request, *args, **kwargs)

    def get_filters_params(self, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what the filters shall look at, which the place in the list is not part of."""
        lookups: dict[str, Any] = super().get_filters_params(params)
        lookups.pop(BEFORE_PARAMETER, None)
        return lookups

    def get_ordering_field(self, field_name: Any) -> Any:  # noqa: ANN401
        """Return the field to sort by, or nothing where sorting would read the whole table."""
        if field_name not in (self.sortable_by or ()):
            return None
        return super().get_ordering_field(field_name)

    def get_queryset(
        self,
        request: HttpRequest,
        exclude_parameters: Any | None = None,  # noqa: ANN401
    ) -> QuerySet[Model]:
        """Return the rows of the list, below the number that the link before it ended with."""
        rows: QuerySet[Model] = super().get_queryset(request, exclude_parameters)
        return rows if self.before is None else rows.filter(pk__lt=self.before)

    @property
    def is_refused(self) -> bool:
        """Whether what was typed was not searched for, so that the empty list says nothing."""
        return bool(self.query) and self.queryset.query.is_empty()

    @property
    def menus(self) -> list[dict[str, Any]]:
        """Return the filters as menus: their title, what is chosen and what could be."""
        return [
            {"title": spec.title, "chosen": spec.chosen, "choices": list(spec.choices(self))}
            for spec in self.filter_specs
            if isinstance(spec, ChoiceFilter)
        ]

    @property
    def continuation(self) -> str:
        """The link to the rows below the last one of the last page, where the list goes on."""
        paginator: BoundedPaginator = self.paginator
        is_last = self.page_num == paginator.num_pages
        if not (paginator.is_capped and is_last) or ORDER_VAR in self.params:
            return ""
        last = list(self.result_list)[-1]
        return self.get_query_string({BEFORE_PARAMETER: last.pk})


def estimate_rows(model: type[Model]) -> int:
    """Return how many rows the planner believes a table has; 0 where it was never analysed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s)",
            [connection.ops.quote_name(model._meta.db_table)],  # noqa: SLF001
        )
        row = cursor.fetchone()
    return max(int(row[0]), 0) if row else 0


def round_number(number: int) -> str:
    """Write a large number as a person says it: 12,300 is 12 thousand."""
    if number >= _MILLION:
        return f"{number / _MILLION:.1f} million"
    return f"{number // _THOUSAND} thousand" if number >= _THOUSAND else str(number)
