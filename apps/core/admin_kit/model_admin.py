"""The base of every subject: what its pages show, and the actions that call services."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, update_wrapper
from typing import Any, ClassVar, TypeVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from apps.core.admin_kit.actions import Button, RowAction
from apps.core.admin_kit.decisions import decide
from apps.core.admin_kit.details import Detail, Front, Related
from apps.core.admin_kit.display import EMPTY, link
from apps.core.admin_kit.read_only import ReadOnlyModelAdmin
from apps.core.admin_kit.sections import Section
from apps.core.admin_kit.viewing import current_request
from apps.core.numbers import whole_number

M = TypeVar("M", bound=Model)


class StaffModelAdmin(ReadOnlyModelAdmin[M]):
    """Rows that staff read and never type into; what changes them is a `RowAction`."""

    section: ClassVar[Section]
    place: ClassVar[int] = 0
    heading: ClassVar[str] = ""
    is_jumped_to: ClassVar[bool] = False
    icon: ClassVar[str] = "article"
    description: ClassVar[str] = ""
    detail_template: ClassVar[str] = "admin/detail.html"

    def detail(self, request: HttpRequest, row: M) -> Detail:
        """Return what the page of one row shows."""
        raise NotImplementedError

    def detail_rows(self, request: HttpRequest) -> QuerySet[M]:
        """Return the rows that the page of one row is looked up in, with what it needs."""
        return self.get_queryset(request)

    def gate(self, request: HttpRequest, row: M, *, is_glance: bool = False) -> HttpResponse | None:
        """Return what is shown in place of a row that may not be read yet; None lets in.

        Args:
            request: whose rights count.
            row: what is about to be shown.
            is_glance: only a part of it is, on the page of an action.
        """
        del request, row, is_glance
        return None

    def row_actions(self) -> Sequence[RowAction[M]]:
        """Return what can be done to a row."""
        return ()

    def bulk_buttons(self, request: HttpRequest) -> Sequence[Button]:
        """Return what can be done to the rows that are selected in the list."""
        return ()

    def list_buttons(self, request: HttpRequest) -> Sequence[Button]:
        """Return what can be done from the list that is about none of its rows."""
        return ()

    def front(self, request: HttpRequest) -> Front | None:
        """Return what this subject shows on the front page."""
        return None

    @property
    def title(self) -> str:
        """The subject's name in menus and headings."""
        return self.heading or str(self.opts.verbose_name_plural).capitalize()

    @property
    def noun(self) -> str:
        """What one row is called."""
        return str(self.opts.verbose_name).capitalize()

    def audit_names(self) -> Sequence[str]:
        """Return the words by which the audit record calls these rows."""
        return (str(self.opts.model_name),)

    def can_open(self, request: HttpRequest, row: M) -> bool:
        """Tell whether this person may open the page of a row."""
        return self.has_view_permission(request)

    def detail_context(self, request: HttpRequest, row: M) -> dict[str, Any]:
        """Return what the page of a row needs besides its detail."""
        return {}

    def subject(self, name: str) -> StaffModelAdmin[Any] | None:
        """Return the subject whose rows the audit record calls by this name, if there is one."""
        for admin in self.admin_site._registry.values():  # noqa: SLF001
            if isinstance(admin, StaffModelAdmin) and name in admin.audit_names():
                return admin
        return None

    def lists_of(self, request: HttpRequest, query: str, *names: str) -> list[Related]:
        """Return links to what other subjects find for a query, where the viewer may look."""
        links = []
        for name in names:
            subject = self.subject(name)
            if subject is not None and subject.has_view_permission(request):
                links.append(Related(subject.title, subject.list_url(query), subject.icon, query))
        return links

    def link_to(self, row: Model | None, text: str = "") -> SafeString | str:
        """Link to the page of a row; its name alone where the viewer may not open it."""
        if row is None:
            return EMPTY
        words = text or str(row)
        subject = self.admin_site._registry.get(type(row))  # noqa: SLF001
        if not isinstance(subject, StaffModelAdmin) or row.pk is None:
            return words
        is_open = subject.can_open(current_request(), row)
        return link(subject.url_of(row.pk), words) if is_open else words

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, with what can be done to selected rows."""
        context = {
            "title": self.title,
            "crumbs": [],
            "bulk_buttons": self.bulk_buttons(request),
            "list_buttons": self.list_buttons(request),
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    def get_urls(self) -> list[URLPattern]:
        """Return Django's addresses and one for each action."""
        own = [
            path(
                f"<path:object_id>/{action.name}/",
                self._wrapped(partial(self.action_view, action=action)),
                name=self.url_name(action.name),
            )
            for action in self.row_actions()
        ]
        return [*own, *super().get_urls()]

    def url_name(self, name: str) -> str:
        """Return the name of one of this subject's addresses."""
        return f"{self.opts.app_label}_{self.opts.model_name}_{name}"

    def url_of(self, row_id: int, name: str = "change") -> str:
        """Return the address of a row's page, or of an action on it."""
        return reverse(f"{self.admin_site.name}:{self.url_name(name)}", args=[row_id])

    def list_url(self, query: str = "") -> str:
        """Return the address of the list, or of what it finds."""
        url = reverse(f"{self.admin_site.name}:{self.url_name('changelist')}")
        return f"{url}?q={query}" if query else url

    def crumb(self) -> tuple[str, str]:
        """Return the way back to the list."""
        return self.title, self.list_url()

    def crumb_of(self, row: M) -> tuple[str, str]:
        """Return the way back to a row's page."""
        return f"#{row.pk}", self.url_of(row.pk)

    def row_or_404(self, request: HttpRequest, object_id: str) -> M:
        """Return a row that this person may see; unknown and not visible look the same.

        Raises:
            PermissionDenied: this person sees none of them.
            Http404: no such row for this person.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        number = whole_number(object_id)
        row = None if number is None else self.detail_rows(request).filter(pk=number).first()
        if row is None:
            raise Http404
        return row

    def action_view(
        self, request: HttpRequest, object_id: str, action: RowAction[M]
    ) -> HttpResponse:
        """Ask for the reason and do it.

        Raises:
            PermissionDenied: this person may not do it.
        """
        row = self.row_or_404(request, object_id)
        if not action.is_allowed(request):
            raise PermissionDenied
        refused = None if action.asks_to_read else self.gate(request, row, is_glance=True)
        if refused is not None:
            return refused
        is_offered = action.asks_to_read or action.is_offered(request, row)
        if request.method != "POST" and not is_offered:
            senseless = f"“{action.label}” makes no sense here any more."
            messages.warning(request, action.why_not(request, row) or senseless)
            return HttpResponseRedirect(self.url_of(row.pk))
        context = {
            "opts": self.opts,
            "crumbs": [self.crumb(), self.crumb_of(row)],
            "here": action.label,
        }
        return decide(
            request, site=self.admin_site, decision=action.decide(request, row), context=context
        )

    def buttons(self, request: HttpRequest, row: M) -> list[Button]:
        """Return the actions that this person may take on a row as it is."""
        return [
            Button(action.label, self.url_of(row.pk, action.name), action.icon, action.is_danger)
            for action in self.row_actions()
            if action.is_allowed(request) and action.is_offered(request, row)
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the page of one row; there is nothing to send to it."""
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        row = self.row_or_404(request, object_id)
        refused = self.gate(request, row)
        if refused is not None:
            return refused
        detail = self.detail(request, row)
        context = {
            **self.admin_site.each_context(request),
            "title": detail.title,
            "opts": self.opts,
            "crumbs": [self.crumb()],
            "here": f"#{row.pk}",
            "detail": detail,
            "buttons": self.buttons(request, row),
            **self.detail_context(request, row),
            **(extra_context or {}),
        }
        return TemplateResponse(request, self.detail_template, context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send to the row's page: what was done to it is in the audit record."""
        return HttpResponseRedirect(self.url_of(self.row_or_404(request, object_id).pk))

    def _wrapped(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        def wrapper(*args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ANN401
            return self.admin_site.admin_view(view)(*args, **kwargs)

        wrapper.model_admin = self  # type: ignore[attr-defined]
        return update_wrapper(wrapper, getattr(view, "func", view))
