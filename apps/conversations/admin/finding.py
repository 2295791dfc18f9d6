"""Words are private: they are searched within one conversation, which the viewer may read."""

from __future__ import annotations

import re

from django.db.models import Q
from django.http import HttpRequest, HttpResponse

from apps.conversations.admin import reading
from apps.conversations.models import Conversation
from apps.core.admin_kit.model_admin import StaffModelAdmin

_WITHIN = re.compile(r"conversation:\s*#?(\d{1,18})\s+(\S.{1,199})", re.IGNORECASE)
PRIVATE_ADVICE = (
    "What people write is private: words are not searched for in all conversations. The list of "
    "messages finds them in one, by conversation:12 bread, where a case is open on it or you give "
    "a reason to read it."
)


def words_within(term: str) -> tuple[int, str] | None:
    """Take `conversation:12 some words` apart; None where it is anything else."""
    match = _WITHIN.fullmatch(term.strip())
    return (int(match.group(1)), match.group(2)) if match else None


def condition(term: str) -> Q | None:
    """Return the condition of messages that hold the words; only of rows `with_beginnings`."""
    asked = words_within(term)
    if asked is None:
        return None
    return Q(is_readable=True, conversation_id=asked[0], content__icontains=asked[1])


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
