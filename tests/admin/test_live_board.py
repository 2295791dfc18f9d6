"""The live board: who sees what, what it costs to look, and ending one, some or all answers."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.audit.models import AuditEvent
from apps.conversations.models import Conversation, Message, Reply
from apps.llm.constants import NANO
from apps.llm.services import pauses, prices
from apps.llm.services.prices import PriceRequest
from apps.users.models import User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

BOARD, NOW = reverse("admin:live_board"), reverse("admin:live_board_now")
STOP = reverse("admin:live_board_stop")
MOST_QUERIES = 15


def answering(owner: User, *, model: str = "m", state: str = "running", text: str = "") -> Reply:
    """Make an answer that has not ended, to a question of 400 characters."""
    talk = Conversation.objects.create(owner=owner)
    asked = Message.objects.create(conversation=talk, role="user", content="x" * 400)
    answer = Message.objects.create(conversation=talk, role="assistant", content=text, parent=asked)
    return Reply.objects.create(
        message=answer,
        conversation=talk,
        state=state,
        model=model,
        is_asked=state == "running",
    )


def test_it_shows_each_answer_with_person_model_tokens_and_cost_so_far(
    as_admin: Client, person: User
) -> None:
    prices.add_price(
        actor=None, wanted=PriceRequest(model_name="m", input_nano=NANO, output_nano=4 * NANO)
    )
    reply = answering(person, text="y" * 80)
    Reply.objects.filter(pk=reply.pk).update(sent_tokens=108, thought_tokens=5)
    answering(UserFactory(name="Zed"), model="free", state="queued")
    text = as_admin.get(NOW).content.decode()
    assert f"#{reply.pk}" in text
    assert person.name in text
    assert "~133" in text
    assert "~$0.0002" in text
    assert "Zed" in text
    assert "No price" in text
    assert "Waiting for a worker" in text


def test_what_waits_for_its_turn_at_a_model_is_not_being_written(
    as_admin: Client, person: User
) -> None:
    answering(person)
    Reply.objects.filter(pk=answering(person).pk).update(is_asked=False)
    answering(person, state="queued")
    text = " ".join(re.sub(r"<[^>]+>", " ", as_admin.get(NOW).content.decode()).split())
    assert "Being written 1 answers" in text
    assert "Waiting 2 for a worker or a model" in text
    for state in ("m Being written", "m Waiting for the model", "m Waiting for a worker"):
        assert text.count(state) == 1


def test_looking_takes_the_same_few_queries_for_one_answer_and_for_fifty(
    as_admin: Client,
) -> None:
    answering(UserFactory())
    as_admin.get(NOW)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert as_admin.get(BOARD).status_code == 200
        counts.append(len(queries))
        for number in range(50):
            answering(UserFactory(), model=f"m{number}")
    assert counts[0] == counts[1] <= MOST_QUERIES


def test_moderators_see_no_cost_and_stop_a_persons_answers_but_not_everybodys(
    as_moderator: Client, person: User
) -> None:
    reply, other = answering(person), answering(UserFactory())
    text = as_moderator.get(BOARD).content.decode()
    assert "Cost" not in text
    assert "Stop all" not in text.replace("Stop all answers of", "")
    for choice in ({}, {"model": "m"}):
        assert as_moderator.get(STOP, choice).status_code == 403
        assert as_moderator.post(STOP, {**choice, "reason": "It lies."}).status_code == 403
    chosen = {"user": person.pk, "reason": "A storm."}
    assert as_moderator.post(STOP, chosen).status_code == 302
    asked = Reply.objects.filter(stop_state="halted").values_list("pk", flat=True)
    assert list(asked) == [reply.pk] != [other.pk]


def test_an_admin_stops_the_answers_of_a_model_and_then_all(
    as_admin: Client, admin: User, person: User
) -> None:
    bad = answering(person, model="bad")
    waiting = answering(UserFactory(), model="good", state="queued")
    assert "1 answer will be stopped" in as_admin.get(STOP, {"model": "bad"}).content.decode()
    as_admin.post(STOP, {"model": "bad", "reason": "It writes nonsense."})
    bad.refresh_from_db()
    waiting.refresh_from_db()
    assert (bad.stop_state, waiting.state) == ("halted", "queued")
    as_admin.post(STOP, {"reason": "Everything does."})
    waiting.refresh_from_db()
    assert waiting.state == "halted"
    events = AuditEvent.objects.filter(action="reply.halted").order_by("pk")
    assert [(one.target_id, one.actor_id, one.reason) for one in events] == [
        (bad.pk, admin.pk, "It writes nonsense."),
        (waiting.pk, admin.pk, "Everything does."),
    ]


def test_all_are_all_however_many_are_ended_at_a_time(
    as_admin: Client, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.conversations.services.board.AT_ONCE", 2)
    for _ in range(5):
        answering(person)
    as_admin.post(STOP, {"reason": "Everything does."})
    assert Reply.objects.filter(stop_state="halted").count() == 5


def test_without_a_reason_or_a_person_nothing_is_stopped(as_admin: Client, person: User) -> None:
    reply = answering(person)
    assert as_admin.post(STOP, {}).status_code == 400
    for nobody in ("0", "x", "9" * 30):
        assert as_admin.get(STOP, {"user": nobody}).status_code == 404
    reply.refresh_from_db()
    assert reply.stop_requested_at is None


def test_a_pause_that_holds_is_said_with_the_way_to_lift_it(as_admin: Client) -> None:
    pause = pauses.pause(actor=None, reason="It lies.")
    text = as_admin.get(BOARD).content.decode()
    assert "Answers of all models are paused" in text
    assert reverse("admin:llm_pause_lift", args=[pause.pk]) in text


def test_it_opens_for_staff_who_may_halt_only(as_person: Client) -> None:
    for url in (BOARD, NOW, STOP):
        assert as_person.get(url)["Location"].startswith("/admin/login/")


def test_more_answers_than_are_listed_are_counted_all_and_those_with_most_tokens_are_listed(
    as_admin: Client, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.conversations.services.board.MOST", 2)
    wanted = PriceRequest(model_name="m", input_nano=NANO, output_nano=4 * NANO)
    prices.add_price(actor=None, wanted=wanted)
    sent = {answering(person).pk: tokens for tokens in (9, 100_000, 70_000, 8)}
    for pk, tokens in sent.items():
        Reply.objects.filter(pk=pk).update(sent_tokens=tokens)
    answering(UserFactory(name="Zed"), model="free", state="queued")
    text = as_admin.get(NOW).content.decode()
    assert [f"#{pk}<" in text for pk in sent] == [False, True, True, False]
    assert "the 2 with most tokens so far are listed" in text
    shown = re.findall(r'class="staff-figure-value">([^<]*)<', text)
    assert shown == ["4", "1", "2", "$0.17"]
    assert "1 without a price" in text
    assert re.findall(r'class="board-count">([^<]*)<', text) == ["4", "1", "4", "1"]
