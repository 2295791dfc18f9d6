"""The queue: where moderators begin their day."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from apps.core.admin_kit.jumping import Destination
from apps.core.admin_kit.pages import StaffPage
from apps.core.admin_kit.people import has_right
from apps.core.admin_kit.searching import number_in, split_key
from apps.core.admin_kit.sections import Section
from apps.core.errors import ForbiddenError, NotFoundError
from apps.moderation.admin import appeal_actions, case_actions, case_giving, case_views, queue_tools
from apps.moderation.admin.answers import actor_of
from apps.moderation.errors import SearchRefusedError
from apps.moderation.services.cases import cases
from apps.moderation.services.desk import queue, queue_filters, saved_views

View = Callable[..., HttpResponseBase]


def guarded(view: View) -> View:
    """Open a view to those who may see cases."""

    def opened(request: HttpRequest, *args: int | str, **kwargs: int | str) -> HttpResponseBase:
        if not has_right(request, cases.VIEW):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return opened


def show_queue(request: HttpRequest) -> HttpResponse:
    """Show one page of the queue."""
    actor = actor_of(request)
    chosen = queue_filters.parse(request.GET.dict())
    refused = ""
    try:
        found = queue.take_slice(viewer=actor, chosen=chosen, after=request.GET.get("after", ""))
    except SearchRefusedError as error:
        refused = error.message
        found = queue.QueueSlice(mine=(), rows=(), after="", total="0")
    context = {
        **admin.site.each_context(request),
        "title": "Queue",
        "crumbs": [],
        "is_fullwidth": "1",
        "found": found,
        "refused": refused,
        "chosen": chosen,
        "query": chosen.to_query(),
        "views": saved_views.views_of(actor),
        "menus": queue_filters.menus(chosen),
        "orders": queue_filters.Order.choices,
        "windows": queue_filters.WINDOWS,
        "is_later_page": bool(request.GET.get("after")),
        "rights": {
            "decide": actor.has_perm(cases.DECIDE),
            "override": actor.has_perm(cases.OVERRIDE),
            "export": actor.has_perm("moderation.export_case"),
        },
        "collapse_from": found.collapse_from,
    }
    return TemplateResponse(request, "admin/moderation/queue.html", context)


class QueuePage(StaffPage):
    """What waits for a decision, and the pages of its cases."""

    section = Section.MODERATION
    place = 0
    name = "moderation_queue"
    title = "Queue"
    icon = "inbox"
    description = "Take the next case, decide it, take it back."
    badge_words = "past due"

    def urls(self) -> list[URLPattern]:
        """Return the addresses of the queue and of the cases in it."""

        def at(route: str, view: View, name: str) -> URLPattern:
            return path(
                f"moderation/queue/{route}",
                self.site.admin_view(cast("Callable[..., HttpResponse]", guarded(view))),
                name=f"moderation_{name}",
            )

        return [
            at("", show_queue, "queue"),
            at("next/", case_actions.take_next, "queue_next"),
            at("decisions/<int:decision_id>/undo/", case_actions.undo, "decision_undo"),
            at("views/counts/", queue_tools.count_views, "view_counts"),
            at("views/save/", queue_tools.save_view, "view_save"),
            at("views/<int:view_id>/delete/", queue_tools.delete_view, "view_delete"),
            at("preference/", queue_tools.keep_preference, "preference"),
            at("bulk/", queue_tools.decide_bulk, "bulk"),
            at("batches/<uuid:batch_id>/", queue_tools.show_batch, "batch"),
            at("export/", queue_tools.export, "export"),
            at("appeals/<int:appeal_id>/opinion/", appeal_actions.note_opinion, "appeal_opinion"),
            at("appeals/<int:appeal_id>/decide/", appeal_actions.decide, "appeal_decide"),
            at("<int:case_id>/", case_views.show_case, "case_page"),
            at("<int:case_id>/body/", case_views.body_of_case, "case_body"),
            at("<int:case_id>/standing/", case_views.show_standing, "case_standing"),
            at("<int:case_id>/news/", case_actions.show_news, "case_news"),
            at("<int:case_id>/more/", case_views.show_more, "case_more"),
            at("<int:case_id>/claim/", case_actions.claim, "case_claim"),
            at("<int:case_id>/release/", case_actions.release, "case_release"),
            at("<int:case_id>/take-over/", case_actions.take_over, "case_take_over"),
            at("<int:case_id>/reassign/", case_giving.give, "case_reassign"),
            at("<int:case_id>/decide/", case_actions.decide, "case_decide"),
            at("<int:case_id>/preview/", case_actions.preview, "case_preview"),
            at("<int:case_id>/note/", case_actions.write_note, "case_note"),
            at("<int:case_id>/reveal/", case_actions.reveal, "case_reveal"),
        ]

    def is_allowed(self, request: HttpRequest) -> bool:
        """Open it to those who may see cases."""
        return has_right(request, cases.VIEW)

    def badge(self, request: HttpRequest) -> str:
        """Return how many cases are past due."""
        return queue.overdue_count()

    def destinations(self, request: HttpRequest, term: str) -> list[Destination]:
        """Lead to the page of a case by its number."""
        words = term.strip().lower()
        views = [
            Destination(
                view.name, "Saved view of the queue", case_views.queue_url(view.query), "bookmarks"
            )
            for view in saved_views.views_of(actor_of(request))
            if len(words) > 1 and words in view.name.lower()
        ]
        key, number = split_key(words)
        number = number if number is not None else number_in(words)
        if number is None or key not in ("", "case"):
            return views
        try:
            cases.access_case(viewer=actor_of(request), case_id=number)
        except (ForbiddenError, NotFoundError):
            return views
        url = case_views.case_url(number)
        return [*views, Destination(f"Case {number}", "Its page in the queue", url, self.icon)]


admin.site.register_page(QueuePage)  # type: ignore[attr-defined]
