"""Finding one's own conversations by what was said, and by their titles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils.translation import gettext, gettext_noop

from apps.conversations import constants
from apps.conversations.models import Conversation
from apps.conversations.services import words
from apps.conversations.services.words import Part
from apps.conversations.statements import search as statements
from apps.conversations.statements.search import Found
from apps.users.models import User
from apps.users.services.problems import field_problem

PAGE_SIZE = 20
LOOKED_AT_ONCE = 100
MAX_LOOKS = 3
FROM_THE_NEWEST = 2**63 - 1
TITLES_LOOKED_AT = 2_000
MAX_TITLES = 5
MIN_QUERY_CHARS = 2
MAX_QUERY_CHARS = 200
TOO_SHORT = gettext_noop("Type at least two letters or digits.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A conversation by its title, or one message of it, with the searched words marked.

    Attributes:
        kind: what was found.
        conversation_id: where.
        title: the conversation's, in parts.
        message_id: which message; None for a title.
        role: who wrote it; empty for a title.
        created_at: when it was written; for a title when something was written there last.
        excerpt: the message around the first searched word; empty for a title.
    """

    kind: Literal["title", "message"]
    conversation_id: int
    title: list[Part]
    message_id: int | None
    role: str
    created_at: datetime
    excerpt: list[Part]


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of hits, and the number of the message that the next page goes on from."""

    hits: list[Hit]
    next_before: int | None


def search(
    *, viewer: User, query: str, before: int | None = None, limit: int = PAGE_SIZE
) -> SearchPage:
    """Return the viewer's conversations and messages with all of these words, the newest first.

    Each word also finds what begins with it. Titles come first, on the first page. What is hidden,
    withheld, deleted or on a branch that is not shown is never found. What is looked at is bounded:
    a page may have fewer hits than asked for, and still a next one.

    Args:
        viewer: whose conversations.
        query: what was typed.
        before: the `next_before` of the page before; None for the first.
        limit: at most this many hits.

    Raises:
        ValidationFailedError: nothing in it could be searched for.
    """
    searched = words.searched_words(query[:MAX_QUERY_CHARS])
    if sum(len(word) for word in searched) < MIN_QUERY_CHARS:
        raise field_problem("q", gettext(TOO_SHORT), "query_too_short")
    hits = _titles(viewer, searched, min(limit, MAX_TITLES)) if before is None else []
    notation = " & ".join(f"'{viewer.pk}/{word}':*" for word in searched)
    for _ in range(MAX_LOOKS):
        found = statements.find(
            viewer_id=viewer.pk, query=notation, before=before, looked_at=LOOKED_AT_ONCE
        )
        for one in found:
            if len(hits) == limit:
                return SearchPage(hits, before or FROM_THE_NEWEST)
            before = one.message_id
            if one.is_shown:
                hits.append(_message_hit(one, searched))
        if len(found) < LOOKED_AT_ONCE:
            return SearchPage(hits, None)
    return SearchPage(hits, before)


def _message_hit(found: Found, searched: list[str]) -> Hit:
    return Hit(
        kind="message",
        conversation_id=found.conversation_id,
        title=words.mark(found.title or gettext(constants.UNTITLED), searched),
        message_id=found.message_id,
        role=found.role,
        created_at=found.created_at,
        excerpt=words.excerpt(found.content, searched),
    )


def _titles(viewer: User, searched: list[str], limit: int) -> list[Hit]:
    """Look through the titles of the conversations that were active last."""
    own = Conversation.objects.visible_to(viewer).of_chat().newest_first()
    rows = own.values_list("pk", "title", "last_message_at")[:TITLES_LOOKED_AT]
    hits: list[Hit] = []
    for number, title, last_message_at in rows:
        if len(hits) < limit and words.has_all(title, searched):
            hits.append(
                Hit(
                    kind="title",
                    conversation_id=number,
                    title=words.mark(title, searched),
                    message_id=None,
                    role="",
                    created_at=last_message_at,
                    excerpt=[],
                )
            )
    return hits
