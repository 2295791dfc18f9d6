"""The staff site: one sign-in with the pages, an index by job, a time limit on every page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from apps.core.admin_kit.jumping import Destination, destinations
from apps.core.admin_kit.limits import with_statement_timeout
from apps.core.admin_kit.model_admin import StaffModelAdmin
from apps.core.admin_kit.pages import StaffPage
from apps.core.admin_kit.sections import Section
from apps.core.admin_kit.viewing import set_request

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite
else:
    from unfold.sites import UnfoldAdminSite as AdminSite


class StaffSite(AdminSite):
    """Where staff work; whoever is no staff is told so in a sentence."""

    enable_nav_sidebar = True
    index_title = "Overview"

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self._pages: list[StaffPage] = []
        self.disable_action("delete_selected")

    def register_page(self, page_class: type[StaffPage]) -> type[StaffPage]:
        """Take a page that is about no single row; usable as a decorator."""
        self._pages.append(page_class(self))
        return page_class

    def get_urls(self) -> list[Any]:
        """Return the addresses of the pages, and those of the subjects."""
        own = [pattern for page in self._pages for pattern in page.urls()]
        return [*own, *super().get_urls()]

    def pages(self, request: HttpRequest) -> list[StaffPage]:
        """Return the pages that this person may open, in the order they are shown."""
        allowed = [page for page in self._pages if page.is_allowed(request)]
        return sorted(allowed, key=lambda page: page.place)

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[Any] | None = None,
        **options: Any,  # noqa: ANN401
    ) -> None:
        """Take our own pages only: what other packages register would let rows be typed into."""
        if admin_class is not None and issubclass(admin_class, StaffModelAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Tell whether the admin opens for whoever asks: active staff in good standing."""
        user = request.user
        is_open = bool(user.is_active and getattr(user, "is_staff", False))
        return is_open and not getattr(user, "is_suspended", False)

    def admin_view(  # type: ignore[override]
        self,
        view: Callable[..., HttpResponse],
        cacheable: bool = False,  # noqa: FBT001, FBT002
    ) -> Callable[..., HttpResponse]:
        """Guard a view, and bound what it asks of the database."""
        limited = with_statement_timeout(view)

        @wraps(view)
        def viewed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ANN401
            set_request(request)
            return limited(request, *args, **kwargs)

        return super().admin_view(viewed, cacheable)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send to the one sign-in page; a person without rights is told so, without a loop."""
        target = request.GET.get("next", "")
        is_ours = url_has_allowed_host_and_scheme(
            target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )
        target = target if target and is_ours else reverse(f"{self.name}:index")
        if self.has_permission(request):
            return HttpResponseRedirect(target)
        if request.user.is_authenticated:
            return render(request, "admin/not_staff.html", status=403)
        url = resolve_url(settings.LOGIN_URL)
        return HttpResponseRedirect(f"{url}?{urlencode({'next': target})}")

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send to the one page where a password is changed."""
        return HttpResponseRedirect(reverse("account_change_password"))

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show the numbers of the moment and what there is to do, by job."""
        fronts = [front for subject in self.subjects(request) if (front := subject.front(request))]
        context = {
            **self.each_context(request),
            "title": self.index_title,
            "figures": [figure for front in fronts for figure in front.figures],
            "tables": [front.table for front in fronts if front.table is not None],
            "sections": self.get_app_list(request),
            **(extra_context or {}),
        }
        request.current_app = self.name
        return TemplateResponse(request, "admin/index.html", context)

    def search(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Answer the box that opens with Ctrl-K; nothing is kept of what was typed."""
        term = request.GET.get("s", "").strip()[:100]
        context = {"term": term, "found": self._found(request, term)}
        return TemplateResponse(request, "admin/found.html", context)

    def _found(self, request: HttpRequest, term: str) -> list[Destination]:
        words = term.strip().lower()
        pages = self.pages(request)
        return [
            *(lead for page in pages for lead in page.destinations(request, term)),
            *(
                Destination(page.title, page.description, page.url(), page.icon)
                for page in pages
                if words and words in page.title.lower()
            ),
            *destinations(self.subjects(request), request, term),
        ]

    def app_index(  # type: ignore[override]
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send to the index: pages are grouped by job, not by app."""
        return HttpResponseRedirect(reverse(f"{self.name}:index"))

    def subjects(self, request: HttpRequest) -> list[StaffModelAdmin[Any]]:
        """Return the subjects that this person may look at, in the order they are shown."""
        order = list(Section)
        subjects = [
            subject
            for subject in self._registry.values()
            if isinstance(subject, StaffModelAdmin) and subject.has_view_permission(request)
        ]
        return sorted(subjects, key=lambda subject: (order.index(subject.section), subject.place))

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[dict[str, Any]]:
        """Return the subjects grouped by the job they serve."""
        groups: dict[Section, list[dict[str, Any]]] = {}
        order = list(Section)
        for page in self.pages(request):
            groups.setdefault(page.section, []).append(_page_entry(page, request))
        for subject in self.subjects(request):
            groups.setdefault(subject.section, []).append(_entry(subject))
        home = reverse(f"{self.name}:index")
        return [
            {
                "name": section.title,
                "purpose": section.purpose,
                "app_label": section.name.lower(),
                "app_url": home,
                "has_module_perms": True,
                "models": entries,
            }
            for section, entries in sorted(groups.items(), key=lambda group: order.index(group[0]))
        ]


def _page_entry(page: StaffPage, request: HttpRequest) -> dict[str, Any]:
    return {
        "model": None,
        "name": page.title,
        "object_name": page.name,
        "perms": {"add": False, "change": False, "delete": False, "view": True},
        "admin_url": page.url(),
        "add_url": None,
        "view_only": True,
        "icon": page.icon,
        "description": page.description,
        "badge": page.badge(request),
        "badge_words": page.badge_words,
    }


def _entry(subject: StaffModelAdmin[Any]) -> dict[str, Any]:
    return {
        "model": subject.model,
        "name": subject.title,
        "object_name": subject.opts.object_name,
        "perms": {"add": False, "change": False, "delete": False, "view": True},
        "admin_url": subject.list_url(),
        "add_url": None,
        "view_only": True,
        "icon": subject.icon,
        "description": subject.description,
    }


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the navigation: the overview, then the subjects of this person by job."""
    overview = {"title": "Overview", "icon": "space_dashboard", "link": reverse("admin:index")}
    groups = [
        {
            "title": group["name"],
            "items": [
                {
                    "title": entry["name"],
                    "icon": entry["icon"],
                    "link": entry["admin_url"],
                    "badge": entry.get("badge", ""),
                    "badge_words": entry.get("badge_words", ""),
                }
                for entry in group["models"]
            ],
        }
        for group in admin.site.get_app_list(request)
    ]
    return [{"items": [overview]}, *groups]
