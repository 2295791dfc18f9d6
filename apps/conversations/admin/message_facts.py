"""What the page of one message says about it."""

from __future__ import annotations

import json

from django.http import HttpRequest

from apps.conversations.admin import decisions, looks
from apps.conversations.admin.transcript import hide_events
from apps.conversations.models import Message, Reply
from apps.core import redaction
from apps.core.admin_kit.details import Fact, Text
from apps.core.admin_kit.display import EMPTY, KEPT, duration, moment, number


def facts_of(message: Message, reply: Reply | None) -> list[Fact]:
    """Return who wrote a message and when, and how the answer went where it is one."""
    facts = [
        Fact("By", message.get_role_display()),
        Fact("Written", moment(message.created_at)),
        Fact("Branch", "shown" if message.is_current else "not shown: another answer was chosen"),
    ]
    if reply is None:
        return facts
    tokens = f"{number(reply.prompt_tokens)} in, {number(reply.completion_tokens)} out"
    return [
        *facts,
        Fact("Model", reply.model),
        Fact("Tokens", tokens),
        Fact("Took", duration(reply.started_at, reply.finished_at)),
    ]


def hidden_facts_of(request: HttpRequest, message: Message) -> list[Fact]:
    """Return who took a message from view, why, what its readers are told, what keeps it so."""
    if not message.is_hidden:
        return []
    event = hide_events(request, [message]).get(message.pk)
    why_not = decisions.why_not_restored(request, message)
    told = message.hidden_reason or "only that it was removed"
    is_kept = decisions.keeps_reasons(message)
    return [
        Fact("Hidden", moment(message.hidden_at)),
        Fact("Hidden by", event.actor_label if event else EMPTY),
        Fact("Reason", KEPT if is_kept else event.reason if event else EMPTY),
        Fact("Readers are told", KEPT if is_kept else told),
        *([Fact("Not restored here", why_not)] if why_not else []),
    ]


def texts_of(message: Message) -> list[Text]:
    """Return the text of a message and what was sent along with it."""
    note = f"{len(message.content):,} characters, shown as plain text"
    if message.is_redacted:
        note = f"{redaction.how_many(message.content)} {note}."
    return [
        Text("Text", looks.text_of(message), note),
        *(
            Text(label, json.dumps(value, indent=2, ensure_ascii=False), is_code=True)
            for label, value in (("Context", message.context), ("Metadata", message.metadata))
            if value
        ),
    ]
