"""Words are private: they are searched within one conversation, which the viewer may read."""

from __future__ import annotations

import re
from typing import cast

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from apps.conversations.admin import reading
from apps.conversations.models import Conversation, Message
from apps.conversations.querysets import MessageQuerySet
from apps.core.admin_kit.filters import ChoiceFilter
from apps.core.admin_kit.model_admin import StaffModelAdmin

_WITHIN = re.compile(r"conversation:\s*#?(\d{1,18})\s+(\S.{1,199})", re.IGNORECASE)
PRIVATE_ADVICE = (
    "What people write is private: words are not searched for in all conversations. The list of "
    "messages finds them in one, by conversation:12 bread, where a case is open on it or you give "
    "a reason to read it."
)


class HiddenFilter(ChoiceFilter):
    """The messages that staff took from view, which an index of their own holds."""

    title = "hidden"
    parameter_name = "hidden"
    options = (("yes", "Hidden by staff"),)

    def narrow(self, rows: QuerySet[Message], value: str) -> QuerySet[Message]:
        """Return what the index holds."""
        return cast("MessageQuerySet", rows).hidden()


def words_within(term: str) -> tuple[int, str] | None:
    """Take `conversation:12 some words` apart; None where it is anything else."""
    match = _WITHIN.fullmatch(term.strip())
    return (int(match.group(1)), match.group(2)) if match else None


def search(rows: QuerySet[Message], term: str) -> QuerySet[Message] | None:
    """Return the messages that hold the words, of rows `with_beginnings`; None for none."""
    asked = words_within(term)
    if asked is None:
        return None
    found = cast("MessageQuerySet", rows).of_conversation(asked[0])
    return found.readable_with(asked[1])


def gate(
    request: HttpRequest, subject: StaffModelAdmin[Conversation] | None
) -> HttpResponse | None:
    """Ask for a reason before words are searched for where no case is open; None lets in.

    Args:
        request: the list's, with what was typed.
        subject: the conversations' pages.

    Raises:
        ForbiddenError: the viewer may not read the conversation, whatever the reason.
    """
    asked = words_within(request.GET.get("q", ""))
    conversation = Conversation.objects.filter(pk=asked[0]).first() if asked else None
    if conversation is None or subject is None:
        return None
    ask_url = subject.url_of(conversation.pk, "read")
    return reading.gate(request, conversation, ask_url, is_glance=False)
