"""Staff give a reason before they read a conversation; until then its text is not drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from apps.conversations.admin.decisions import actor_of
from apps.conversations.models import Conversation
from apps.conversations.reading_gate import reading_gate
from apps.core.admin_kit.actions import RowAction
from apps.core.admin_kit.decisions import Decision
from apps.core.admin_kit.people import has_right

PRIVATE = "(private)"


def is_readable(row: object) -> bool:
    """Tell whether the list may show words of a row."""
    return bool(getattr(row, "is_readable", False))


def gate(
    request: HttpRequest, conversation: Conversation, ask_url: str, *, is_glance: bool
) -> HttpResponse | None:
    """Note a reading and let it begin, or send to the page that asks for the reason."""
    if reading_gate().enter(actor_of(request), conversation, is_glance=is_glance):
        return None
    return HttpResponseRedirect(f"{ask_url}?{urlencode({'next': request.get_full_path()})}")


def note_page(
    request: HttpRequest,
    page: HttpResponse,
    talk_of: Callable[[Any], tuple[int, int]],
    *,
    is_glance: bool,
) -> HttpResponse:
    """Note whose words a list shows that is about to be drawn, and return its page.

    Args:
        request: the list's.
        page: as the list made it; another page shows no rows.
        talk_of: returns the number of a row's conversation, and whose it is.
        is_glance: the list shows no more of each than its title.
    """
    found = (getattr(page, "context_data", None) or {}).get("cl")
    if found is not None:
        note_rows(request, found.result_list, talk_of, is_glance=is_glance)
    return page


def note_rows(
    request: HttpRequest,
    rows: Iterable[Any],
    talk_of: Callable[[Any], tuple[int, int]],
    *,
    is_glance: bool,
) -> None:
    """Note whose words are shown of those rows that may be read; see `note_page`."""
    owners = dict(talk_of(row) for row in rows if is_readable(row))
    if owners:
        reading_gate().note_list(actor_of(request), owners, is_glance=is_glance)


def read_action(url_of: Any) -> RowAction[Conversation]:  # noqa: ANN401
    """Return the page that asks why somebody wants to read a conversation."""

    def build(request: HttpRequest, row: Conversation) -> Decision:
        def apply(typed: Mapping[str, Any]) -> None:
            reading_gate().ask(actor_of(request), row.pk, typed["reason"])

        return Decision(
            title=f"Read conversation {row.pk}",
            effects=[
                "No case is open on this conversation. It is private.",
                "You can read it for four hours. Each time is written down.",
                f"{row.owner.name} can see that you read it, when, and the reason you give.",
            ],
            submit="Read it",
            done="You can read this conversation now. Its owner can see that you do.",
            apply=apply,
            back_url=url_of(row.pk),
        )

    return RowAction(
        name="read",
        label="Read",
        icon="visibility",
        is_allowed=lambda request: has_right(request, "moderation.read_conversation"),
        is_offered=lambda _, __: False,
        decide=build,
        asks_to_read=True,
    )
