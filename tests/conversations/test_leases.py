"""Two parts that write to one answer at the same moment never lose or mix its text."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from apps.conversations.constants import ReplyState
from apps.conversations.models import Reply
from apps.conversations.services import deleting, leases, reaping, turns, visibility
from apps.conversations.services.leases import Claim, Ending
from apps.conversations.services.titles import TITLE_TASK
from apps.conversations.services.turn_requests import TurnRequest
from apps.llm.gateway.contract import GenerationRequest
from apps.llm.services.usage import Call
from apps.users.models import User
from tests.conversations.conftest import running_worker
from tests.factories import ReplyFactory, UserFactory
from tests.llm.conftest import until
from tests.support.processes import wait_until
from tests.support.upstream import ScriptedUpstream

OWNER = "worker-of-the-test"


@pytest.fixture
def reply(transactional_db: None) -> Reply:
    """An answer that a worker writes."""
    answer: Reply = ReplyFactory(running=True, message__content="the first half")
    return answer


def claim_of(reply: Reply, *, is_untitled: bool = False) -> Claim:
    return Claim(
        reply_id=reply.pk,
        conversation_id=reply.conversation_id,
        owner_id=reply.conversation.owner_id,
        fence=reply.fence,
        asked="A question?",
        is_untitled=is_untitled,
        call=Call(
            user_id=reply.conversation.owner_id,
            purpose="reply",
            reference_id=reply.pk,
            model="scripted",
        ),
        request=GenerationRequest(
            system_prompt="",
            history=(),
            question="A question?",
            context=None,
            model="scripted",
            temperature=0.7,
            max_prompt_tokens=100,
            max_completion_tokens=None,
            user_id=reply.conversation.owner_id,
            purpose="reply",
            correlation_id="",
        ),
    )


def finish(reply: Reply, *, text: str, state: ReplyState = ReplyState.COMPLETE) -> bool:
    ending = Ending(state=state, text=text, usage=None)
    return leases.finish(claim=claim_of(reply), owner=OWNER, ending=ending)


class Meanwhile:
    """Work in another thread, which by now waits for a lock that the test holds."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work
        self._failures: list[BaseException] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        wait_until(
            lambda: not self._thread.is_alive() or is_somebody_waiting(), seconds=5, what="a lock"
        )

    def join(self) -> None:
        """Wait for its end, which must be a good one."""
        self._thread.join(10)
        assert not self._thread.is_alive()
        assert self._failures == []

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001  told to the test
            self._failures.append(error)
        finally:
            connection.close()


def is_somebody_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        (count,) = cursor.fetchone() or (0,)
    return bool(count)


def stored(reply: Reply) -> Reply:
    return Reply.objects.select_related("message").get(pk=reply.pk)


@pytest.mark.parametrize(
    ("state", "text"),
    [(ReplyState.COMPLETE, "the first half and the second"), (ReplyState.WITHHELD, "")],
)
def test_a_checkpoint_that_waited_for_the_end_does_not_overwrite_it(
    reply: Reply, state: ReplyState, text: str
) -> None:
    older = [(reply.pk, "the first half and")]
    with transaction.atomic():
        assert finish(reply, text=text, state=state)
        checkpoint = Meanwhile(lambda: leases.checkpoint(owner=OWNER, texts=older))
    checkpoint.join()
    assert stored(reply).message.content == text
    assert stored(reply).state == state


def test_an_end_that_waited_for_a_checkpoint_has_the_last_word(reply: Reply) -> None:
    with transaction.atomic():
        leases.checkpoint(owner=OWNER, texts=[(reply.pk, "the first half and")])
        end = Meanwhile(lambda: finish(reply, text="the first half and the second"))
    end.join()
    assert stored(reply).message.content == "the first half and the second"


def test_hiding_an_answer_while_its_end_is_stored_blocks_nobody(reply: Reply) -> None:
    moderator = UserFactory(moderator=True)
    with transaction.atomic():
        visibility.hide_message(actor=moderator, message_id=reply.pk, reason="Insults.")
        end = Meanwhile(lambda: finish(reply, text="all of it"))
    end.join()
    assert (stored(reply).message.content, stored(reply).message.is_hidden) == ("all of it", True)


def test_deleting_a_conversation_while_an_end_is_stored_blocks_nobody(reply: Reply) -> None:
    owner = reply.conversation.owner
    with transaction.atomic():
        deleting.delete_conversation(actor=owner, conversation_id=reply.conversation_id)
        end = Meanwhile(lambda: finish(reply, text="all of it"))
    end.join()
    assert stored(reply).state == ReplyState.COMPLETE


def test_a_lease_is_renewed_only_for_answers_in_the_workers_hands(reply: Reply) -> None:
    forgotten: Reply = ReplyFactory(running=True)
    before = forgotten.lease_expires_at
    Reply.objects.filter(pk=reply.pk).update(lease_expires_at=timezone.now())
    assert leases.beat(owner=OWNER, reply_ids=[reply.pk]) == set()
    assert (stored(reply).lease_expires_at or before) > timezone.now() + timedelta(seconds=5)
    assert stored(forgotten).lease_expires_at == before


def test_a_worker_is_told_which_answers_are_not_its_own_any_more(reply: Reply) -> None:
    Reply.objects.filter(pk=reply.pk).update(
        state=ReplyState.INTERRUPTED, finished_at=timezone.now()
    )
    other: Reply = ReplyFactory(running=True)
    assert leases.beat(owner=OWNER, reply_ids=[reply.pk, other.pk]) == {reply.pk}


@pytest.mark.parametrize(
    ("asked", "state", "code"),
    [("", "interrupted", "worker_lost"), ("stopped", "stopped", ""), ("halted", "halted", "")],
)
def test_an_answer_whose_worker_is_gone_ends_as_somebody_asked(
    reply: Reply, asked: str, state: str, code: str
) -> None:
    Reply.objects.filter(pk=reply.pk).update(
        lease_expires_at=timezone.now() - timedelta(seconds=1), stop_state=asked
    )
    reaper = reaping.Reaper()
    assert reaper.look() == []
    assert reaper.look() == [reply.pk]
    ended = stored(reply)
    assert (ended.state, ended.error_code) == (state, code)
    assert ended.message.content == "the first half"


def test_a_queued_answer_of_a_deleted_conversation_is_never_asked_of_the_model(
    transactional_db: None,
) -> None:
    queued: Reply = ReplyFactory(queued=True)
    deleting.delete_conversation(
        actor=queued.conversation.owner, conversation_id=queued.conversation_id
    )
    assert stored(queued).state == ReplyState.STOPPED
    assert leases.claim(reply_id=queued.pk, owner=OWNER) is None


def test_only_a_live_answer_is_called_one(person: User) -> None:
    """Whatever else the database refuses is a fault of ours, and never said to pass by itself."""
    request = TurnRequest(conversation_id=None, content="refused")
    alter = "ALTER TABLE conversations_message {} CONSTRAINT of_the_test {}"
    with connection.cursor() as cursor:
        cursor.execute(alter.format("ADD", "CHECK (content <> 'refused')"))
    try:
        with pytest.raises(IntegrityError, match="of_the_test"):
            async_to_sync(turns.start_turn)(actor=person, request=request)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(alter.format("DROP", ""))


def test_a_second_live_answer_is_called_one(reply: Reply) -> None:
    with pytest.raises(IntegrityError) as refused:
        ReplyFactory(message__conversation=reply.conversation, queued=True)
    turns.ensure_answer_is_live(refused.value)


async def test_an_end_that_was_not_stored_is_not_logged_as_one(
    person: User, upstream: ScriptedUpstream, caplog: pytest.LogCaptureFixture
) -> None:
    request = TurnRequest(conversation_id=None, content="[[stream tokens=4000 rate=100]]")
    turn = await turns.start_turn(actor=person, request=request)
    async with running_worker() as worker:
        writing = worker.begin(turn.reply.pk)
        assert await until(upstream, lambda book: book.open_connections == 1)
        await Reply.objects.filter(pk=turn.reply.pk).aupdate(lease_owner="another")
        with caplog.at_level(logging.INFO):
            worker.runtime.running[turn.reply.pk].request_stop(ReplyState.STOPPED)
            await writing
    assert "REPLY_LOST" in caplog.text
    assert "REPLY_FINISHED" not in caplog.text


@pytest.mark.parametrize(
    ("state", "has_another", "titles"),
    [("complete", False, 1), ("failed", False, 0), ("complete", True, 0)],
)
def test_the_first_whole_answer_has_its_conversation_named(
    reply: Reply, state: str, *, has_another: bool, titles: int
) -> None:
    if has_another:
        ReplyFactory(message__conversation=reply.conversation)
    ending = Ending(state=ReplyState(state), text="An answer.", usage=None)
    claim = claim_of(reply, is_untitled=True)
    assert leases.finish(claim=claim, owner=OWNER, ending=ending)
    jobs = ProcrastinateJob.objects.filter(args__conversation_id=reply.conversation_id)
    assert jobs.filter(task_name=TITLE_TASK).count() == titles
