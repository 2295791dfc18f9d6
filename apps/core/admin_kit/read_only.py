"""Rows that are only read, in lists that never read a whole table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django.contrib.admin import ShowFacets
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from apps.core.admin_kit.lists import ROWS_PER_PAGE, BoundedPaginator, ChangeList
from apps.core.admin_kit.searching import search_exactly

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
else:
    from unfold.admin import ModelAdmin as UnfoldModelAdmin

    class ModelAdmin(UnfoldModelAdmin):
        """Unfold's base, which can be written with the model's type like the stubs' one."""

        def __class_getitem__(cls, model: object) -> type:
            return cls


M = TypeVar("M", bound=Model)


class ReadOnlyModelAdmin(ModelAdmin[M]):
    """No form of the framework, no free filter, no free sorting, no search that scans."""

    search_keys: ClassVar[Mapping[str, str]] = {}
    search_advice: ClassVar[str] = "Search by number."
    private_advice: ClassVar[str] = ""
    empty_advice: ClassVar[str] = "Rows appear as people use this place."

    actions = None
    list_per_page = ROWS_PER_PAGE
    list_max_show_all = 0
    list_disable_select_all = True
    paginator = BoundedPaginator
    search_fields = ("pk",)
    show_facets = ShowFacets.NEVER
    show_full_result_count = False
    sortable_by = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows are made by services."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """No field is typed into."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Rows are removed by services."""
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Allow the declared filters only: Django allows any column, password hashes included."""
        return lookup in {getattr(chosen, "parameter_name", None) for chosen in self.list_filter}

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """No row is picked for another form."""
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ANN401
        """Return the list that never reads a whole table."""
        return ChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[M], search_term: str
    ) -> tuple[QuerySet[M], bool]:
        """Look up what was typed; refuse what could only be scanned for, which the list tells."""
        if not search_term.strip():
            return queryset, False
        found = self.search(request, queryset, search_term)
        return (queryset.none() if found is None else found), False

    def search(self, request: HttpRequest, rows: QuerySet[M], term: str) -> QuerySet[M] | None:
        """Return what was typed, looked up exactly, or None to refuse."""
        return search_exactly(rows, term, keys=self.search_keys)
