"""Every answer tells its tokens and cost: on the page, in the API, in its last event, in a file."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.conversations.models import Reply
from apps.conversations.schemas import ReplyOut
from apps.conversations.services import exporting, following, presenting
from apps.llm.constants import NANO
from tests.factories import MessageFactory, ReplyFactory

COUNTED = {"prompt_tokens": 1_200, "completion_tokens": 34}
TOKENS = (
    "1,234 tokens were counted. 1,200 of them are what was sent to the model, earlier messages too."
)
CASES = [
    ("reported", NANO // 100, "exact", f"{TOKENS} They cost $0.01."),
    ("estimated", NANO // 100, "estimated", f"About {TOKENS} They cost about $0.01."),
    ("reported", 0, "exact", f"{TOKENS} They cost nothing."),
    (
        "reported",
        None,
        "unknown",
        f"{TOKENS} What they cost is unknown: the model has no price.",
    ),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("counted_by", "nano", "source", "words"), CASES)
def test_an_answer_that_ended_well_says_what_it_used_and_how_sure_its_cost_is(
    counted_by: str, nano: int | None, source: str, words: str
) -> None:
    question = MessageFactory()
    reply: Reply = ReplyFactory(
        message__conversation=question.conversation,
        message__parent=question,
        usage_source=counted_by,
        cost_nano=nano,
        **COUNTED,
    )
    event = following.finished_event(reply.message, reply)
    shown = ReplyOut.of(reply)
    file: dict[str, Any] = exporting._as_json(reply.message)
    assert (event.counted, presenting.counted_tokens(reply)) == (words, words)
    assert {event.cost_source, shown.cost_source, file["cost_source"]} == {source}
    assert {event.cost, shown.cost, file["cost"]} == {event.cost}
    reader = Client()
    reader.force_login(question.conversation.owner)
    page = reader.get(reverse("chat:conversation", args=[question.conversation_id]))
    text = page.content.decode()
    assert f"data-used>{words}</p>" in text.replace("&#x27;", "'")
    assert "<span data-counted></span>" in text


def test_what_has_not_begun_costs_nothing_yet() -> None:
    waiting = Reply(state="queued")
    assert (presenting.cost_source(waiting), presenting.counted_tokens(waiting)) == (None, "")
