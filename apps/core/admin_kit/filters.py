"""Filters of lists: few, named in the address, each over an indexed or a very small set."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest


class ChoiceFilter(SimpleListFilter):
    """One choice out of a closed set; a value outside of it filters nothing."""

    options: ClassVar[tuple[tuple[str, str], ...]]

    def lookups(
        self, request: HttpRequest, model_admin: ModelAdmin[Any]
    ) -> tuple[tuple[str, str], ...]:
        """Return the values and the words for them."""
        return self.options

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of the chosen value."""
        value = self.value()
        if value is None or value not in dict(self.options):
            return queryset
        return self.narrow(queryset, value)

    def narrow(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Return the rows of one of the values."""
        return rows.filter(**{self.parameter_name or "": value})

    @property
    def chosen(self) -> str:
        """The words for what is chosen, for the button of the filter; empty for no choice."""
        return dict(self.options).get(self.value() or "", "")


def choice_filter(
    *, title: str, parameter_name: str, options: tuple[tuple[str, str], ...], field: str = ""
) -> type[ChoiceFilter]:
    """Make a filter over one column.

    Args:
        title: its heading.
        parameter_name: its name in the address.
        options: values and words.
        field: the lookup, where it is not the parameter's name.
    """
    lookup = field or parameter_name

    class _Filter(ChoiceFilter):
        def narrow(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
            return rows.filter(**{lookup: value})

    _Filter.title = title
    _Filter.parameter_name = parameter_name
    _Filter.options = options
    return _Filter


def count_up_to(rows: QuerySet[Any, Any], limit: int) -> str:
    """Return how many rows there are, reading at most `limit` of them: "12" or "1,000+"."""
    found = rows.order_by().values("pk")[: limit + 1].count()
    return f"{found:,}" if found <= limit else f"{limit:,}+"
