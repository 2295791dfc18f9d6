"""Finding one's own conversations by what was said, and by their titles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from django.utils.translation import gettext, gettext_noop

from apps.conversations import constants
from apps.conversations.models import Conversation
from apps.conversations.services import words
from apps.conversations.services.words import Part
from apps.conversations.statements import search as statements
from apps.conversations.statements.search import Found
from apps.core.problems import field_problem
from apps.users.models import User

PAGE_SIZE = 20
LOOKED_AT_ONCE = 100
MAX_LOOKS = 3
FROM_THE_NEWEST = 2**63 - 1
DONE = 0
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
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
class Place:
    """Where a search goes on.

    Attributes:
        title: the conversation after which titles are looked at; None when all were.
        message: the message after which messages are; None when all were.
    """

    title: tuple[datetime, int] | None
    message: int | None

    def numbers(self) -> tuple[int, int, int]:
        """Return the place as three numbers, to be written into an address or a cursor."""
        moment, conversation = self.title or (EPOCH, DONE)
        since = (moment - EPOCH) // timedelta(microseconds=1)
        return since, conversation, DONE if self.message is None else self.message

    @classmethod
    def of(cls, numbers: Sequence[int]) -> Place:
        """Return the place that `numbers` wrote down.

        Raises:
            ValueError, OverflowError: these are none.
        """
        since, conversation, message = numbers
        title = (EPOCH + timedelta(microseconds=since), conversation)
        return cls(
            None if conversation == DONE else title,
            None if message == DONE else min(message, FROM_THE_NEWEST),
        )


THE_END = Place(None, None)
BEGINNING = Place((datetime.max.replace(tzinfo=UTC), FROM_THE_NEWEST), FROM_THE_NEWEST)


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of hits, and where the next one begins; None when there is none."""

    hits: list[Hit]
    following: Place | None


def search(
    *, viewer: User, query: str, place: Place = BEGINNING, limit: int = PAGE_SIZE
) -> SearchPage:
    """Return the viewer's conversations and messages with all of these words, the newest first.

    Each word also finds what begins with it. A page begins with some titles; messages follow. What
    is hidden, withheld, deleted or on a branch that is not shown is never found. What is looked at
    is bounded: a page may have fewer hits than asked for, and still a next one.

    Args:
        viewer: whose conversations.
        query: what was typed.
        place: the `following` of the page before.
        limit: at most this many hits.

    Raises:
        ValidationFailedError: nothing in it could be searched for.
    """
    searched = words.searched_words(query[:MAX_QUERY_CHARS])
    if sum(len(word) for word in searched) < MIN_QUERY_CHARS:
        raise field_problem("q", gettext(TOO_SHORT), "query_too_short")
    hits, title = _titles(viewer, searched, place.title, min(limit, MAX_TITLES))
    found, message = _messages(viewer, searched, place.message, limit - len(hits))
    following = Place(title, message)
    return SearchPage([*hits, *found], None if following == THE_END else following)


def _messages(
    viewer: User, searched: list[str], before: int | None, limit: int
) -> tuple[list[Hit], int | None]:
    """Return the next messages, and the last one that was looked at; None when all were."""
    hits: list[Hit] = []
    if before is None or limit == 0:
        return hits, before
    notation = " & ".join(f"'{viewer.pk}/{word}':*" for word in searched)
    for _ in range(MAX_LOOKS):
        found = statements.find(
            viewer_id=viewer.pk, query=notation, before=before, looked_at=LOOKED_AT_ONCE
        )
        for one in found:
            if len(hits) == limit:
                return hits, before
            before = one.message_id
            if one.is_shown:
                hits.append(_message_hit(one, searched))
        if len(found) < LOOKED_AT_ONCE:
            return hits, None
    return hits, before


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


def _titles(
    viewer: User, searched: list[str], after: tuple[datetime, int] | None, limit: int
) -> tuple[list[Hit], tuple[datetime, int] | None]:
    """Return the next conversations by title, and the last one that was looked at."""
    hits: list[Hit] = []
    if after is None:
        return hits, None
    own = Conversation.objects.visible_to(viewer).of_chat().below(*after).newest_first()
    rows = list(own.values_list("pk", "title", "last_message_at")[:TITLES_LOOKED_AT])
    for number, title, last_message_at in rows:
        if words.has_all(title, searched):
            if len(hits) == limit:
                return hits, after
            hits.append(_title_hit(number, words.mark(title, searched), last_message_at))
        after = (last_message_at, number)
    return hits, after if len(rows) == TITLES_LOOKED_AT else None


def _title_hit(number: int, title: list[Part], last_message_at: datetime) -> Hit:
    return Hit(
        kind="title",
        conversation_id=number,
        title=title,
        message_id=None,
        role="",
        created_at=last_message_at,
        excerpt=[],
    )
