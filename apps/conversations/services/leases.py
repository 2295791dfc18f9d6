"""What a worker writes while it answers: every statement is conditional on its lease."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Case, F, Value, When
from django.db.models.functions import Now
from django.utils import timezone

from apps.conversations import constants
from apps.conversations.models import Conversation, Message, Reply
from apps.conversations.services import presenting
from apps.core.compiled import CompiledSelect, CompiledUpdate
from apps.core.markdown import RENDERER_VERSION
from apps.llm.gateway.contract import Finished, GenerationRequest, PromptMessage, Usage
from apps.llm.services import usage as ledger

LEASE = timedelta(seconds=constants.LEASE_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An answer that this worker may write, with all that the model needs."""

    reply_id: int
    conversation_id: int
    owner_id: int
    fence: int
    question: str
    is_first: bool
    request: GenerationRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an answer ended.

    Attributes:
        state: one of the end states.
        text: all text that viewers were shown.
        usage: tokens of the call; None where no call was made.
        finished: what the model server said at the end, if it did.
        error_code: stable code of what went wrong, or empty.
        notice: sentence for the person; empty for the state's own.
        first_token_ms: milliseconds to the first text, if there was one.
        duration_ms: milliseconds of the call.
    """

    state: constants.ReplyState
    text: str
    usage: Usage | None
    finished: Finished | None = None
    error_code: str = ""
    notice: str = ""
    first_token_ms: int | None = None
    duration_ms: int = 0


_QUEUED = CompiledSelect(
    lambda reply_id: Reply.objects.filter(
        pk=reply_id, state=constants.ReplyState.QUEUED, message__parent__isnull=False
    ).values_list(
        "conversation_id",
        "conversation__owner_id",
        "fence",
        "model",
        "temperature",
        "correlation_id",
        "message__parent_id",
        "message__parent__content",
        "message__parent__context",
    ),
    reply_id=int,
)
_TAKE = CompiledUpdate(
    lambda reply_id, fence, owner: Reply.objects.filter(
        pk=reply_id, state=constants.ReplyState.QUEUED, fence=fence
    ),
    lambda reply_id, fence, owner: {
        "state": constants.ReplyState.RUNNING,
        "lease_owner": owner,
        "lease_expires_at": Now() + LEASE,
        "fence": F("fence") + 1,
        "started_at": Now(),
    },
    reply_id=int,
    fence=int,
    owner=str,
)


_END = CompiledUpdate(
    lambda owner, reply_id, fence, **_: Reply.objects.held_by(owner).filter(
        pk=reply_id, fence=fence
    ),
    lambda owner, reply_id, fence, first_token, **plain: {
        **plain,
        "lease_expires_at": None,
        "first_token_at": F("started_at") + Value(first_token),
        "finished_at": Now(),
    },
    owner=str,
    reply_id=int,
    fence=int,
    first_token=timedelta,
    state=str,
    error_code=str,
    notice=str,
    finish_reason=str,
    prompt_tokens=int,
    completion_tokens=int,
    usage_source=str,
)
_STORE_TEXT = CompiledUpdate(
    lambda reply_id, content, html: Message.objects.filter(pk=reply_id),
    lambda reply_id, content, html: {
        "content": content,
        "html": html,
        "html_version": RENDERER_VERSION,
    },
    reply_id=int,
    content=str,
    html=str,
)
_TOUCH = CompiledUpdate(
    lambda conversation_id: Conversation.objects.filter(pk=conversation_id),
    lambda conversation_id: {"last_message_at": Now()},
    conversation_id=int,
)


@cache
def _last_messages(size: int) -> CompiledSelect:
    return CompiledSelect(
        lambda conversation_id, question_id: Message.objects.filter(
            conversation_id=conversation_id, pk__lt=question_id
        )
        .on_path()
        .filter(hidden_at=None)
        .exclude(content="")
        .exclude(reply__state=constants.ReplyState.WITHHELD)
        .order_by("-id")
        .values_list("role", "content")[:size],
        conversation_id=int,
        question_id=int,
    )


def claim(*, reply_id: int, owner: str) -> Claim | None:
    """Take the lease of a queued answer; None if it was stopped, taken or removed meanwhile.

    What the model needs is read first and the lease is taken last, by a statement that is
    conditional on what was read: no transaction is needed, and whatever fails, the answer is still
    queued.
    """
    row = _QUEUED.first(reply_id=reply_id)
    if row is None:
        return None
    conversation_id, owner_id, fence, model, temperature, correlation_id, *asked = row
    question_id, question, context = asked
    history = _window(conversation_id, question_id)
    if not _TAKE.run(reply_id=reply_id, fence=fence, owner=owner):
        return None
    return Claim(
        reply_id=reply_id,
        conversation_id=conversation_id,
        owner_id=owner_id,
        fence=fence + 1,
        question=question,
        is_first=not history,
        request=GenerationRequest(
            system_prompt=settings.SYSTEM_PROMPT,
            history=history,
            question=question,
            context=context,
            model=model,
            temperature=temperature,
            max_prompt_tokens=settings.MAX_TOKENS,
            max_completion_tokens=settings.LLM_MAX_COMPLETION_TOKENS or None,
            user_id=owner_id,
            purpose="reply",
            correlation_id=correlation_id,
        ),
    )


def _window(conversation_id: int, question_id: int) -> tuple[PromptMessage, ...]:
    """Return the last exchanges before the question; hidden and withheld text never enters."""
    rows = _last_messages(2 * settings.CONVERSATION_MEMORY_SIZE).rows(
        conversation_id=conversation_id, question_id=question_id
    )
    return tuple(
        PromptMessage(
            role="assistant" if role == constants.Author.ASSISTANT else "user", content=text
        )
        for role, text in reversed(rows)
    )


def checkpoint(*, owner: str, texts: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """Store what this worker's answers have by now, in one statement for all of them.

    Args:
        owner: the worker.
        texts: answer and its whole text, for those that gained some.

    Returns:
        The answers that somebody asked to end, with the state to end in; those of people who may
        not be here any more are halted.
    """
    if texts:
        _store_texts(owner, texts)
    asked = Reply.objects.held_by(owner).to_be_ended().values_list("pk", "stop_state")
    return [(pk, state or constants.ReplyState.HALTED.value) for pk, state in asked]


def beat(*, owner: str, reply_ids: Sequence[int]) -> set[int]:
    """Renew the leases of the answers that are in this worker's hands.

    Returns:
        Those of them that are not its own any more: ended by somebody else, or removed.
    """
    held = Reply.objects.held_by(owner).filter(pk__in=reply_ids)
    held.update(lease_expires_at=Now() + LEASE)
    return set(reply_ids) - set(held.values_list("pk", flat=True))


def _store_texts(owner: str, texts: Sequence[tuple[int, str]]) -> None:
    """Write the texts of answers that are still held.

    The rows of the answers are locked first: a statement that began before an answer ended would
    otherwise wait for its end, and then put the older text over the final one.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH held AS MATERIALIZED (
                SELECT message_id FROM conversations_reply
                WHERE message_id = ANY(%(ids)s) AND lease_owner = %(owner)s AND state = %(state)s
                ORDER BY message_id FOR NO KEY UPDATE
            )
            UPDATE conversations_message AS message SET content = fresh.content
            FROM unnest(%(ids)s::bigint[], %(texts)s::text[]) AS fresh (id, content)
            JOIN held ON held.message_id = fresh.id
            WHERE message.id = fresh.id
            """,
            {
                "ids": [reply_id for reply_id, _ in texts],
                "texts": [text for _, text in texts],
                "owner": owner,
                "state": constants.ReplyState.RUNNING,
            },
        )


def finish(*, claim: Claim, owner: str, ending: Ending) -> bool:
    """Write the one end of an answer; false if somebody else ended it first.

    Text, state, ledger and conversation change together or not at all. The text is rendered before,
    while no row is locked.
    """
    message = Message(pk=claim.reply_id, role=constants.Author.ASSISTANT, content=ending.text)
    return _store_end(claim, owner, ending, presenting.html_of(message))


@transaction.atomic
def _store_end(claim: Claim, owner: str, ending: Ending, html: str) -> bool:
    usage, finished = ending.usage, ending.finished
    first_token_ms = ending.first_token_ms
    ended = _END.run(
        reply_id=claim.reply_id,
        owner=owner,
        fence=claim.fence,
        state=ending.state,
        error_code=ending.error_code,
        notice=ending.notice,
        finish_reason=finished.finish_reason[:40] if finished else "",
        prompt_tokens=usage.prompt_tokens if usage else None,
        completion_tokens=usage.completion_tokens if usage else None,
        usage_source=usage.source if usage else "",
        first_token=None if first_token_ms is None else timedelta(milliseconds=first_token_ms),
    )
    if not ended:
        return False
    _STORE_TEXT.run(reply_id=claim.reply_id, content=ending.text, html=html)
    _TOUCH.run(conversation_id=claim.conversation_id)
    if usage is not None:
        ledger.record_call(
            user_id=claim.owner_id,
            purpose="reply",
            reference_id=claim.reply_id,
            model=claim.request.model,
            usage=usage,
            outcome=ending.error_code or ending.state,
            first_token_ms=ending.first_token_ms,
            duration_ms=ending.duration_ms,
        )
    return True


@transaction.atomic
def reap(*, reply_ids: Sequence[int], live_texts: Mapping[int, str]) -> list[int]:
    """End answers whose worker stopped beating as interrupted; what their viewers saw is kept.

    One that somebody asked to end before ends as they asked.

    Args:
        reply_ids: those that a reaper found lost twice.
        live_texts: what they were known to have last; it counts where it continues what is stored.

    Returns:
        Those that this call ended.
    """
    lost = list(
        Reply.objects.lease_lost()
        .filter(pk__in=reply_ids)
        .select_for_update(skip_locked=True)
        .values_list("pk", flat=True)
    )
    Reply.objects.filter(pk__in=lost).update(
        state=Case(
            When(stop_state="", then=Value(constants.ReplyState.INTERRUPTED.value)),
            default=F("stop_state"),
        ),
        error_code=Case(When(stop_state="", then=Value("worker_lost")), default=Value("")),
        lease_expires_at=None,
        finished_at=Now(),
    )
    for message in Message.objects.filter(pk__in=[pk for pk in lost if pk in live_texts]):
        text = live_texts[message.pk]
        if len(text) > len(message.content) and text.startswith(message.content):
            message.content = text
            message.save(update_fields=["content"])
    return lost


@transaction.atomic
def expire_queue() -> list[int]:
    """End answers that no worker took in two minutes; returns which."""
    moment = timezone.now() - timedelta(seconds=constants.QUEUE_TIMEOUT_SECONDS)
    waiting = list(
        Reply.objects.queued_before(moment)
        .select_for_update(skip_locked=True)
        .values_list("pk", flat=True)[:500]
    )
    Reply.objects.filter(pk__in=waiting).update(
        state=constants.ReplyState.FAILED,
        error_code="no_worker",
        notice="Nobody was there to answer. Try again in a minute.",
        finished_at=Now(),
    )
    return waiting


def lost_leases() -> list[int]:
    """Return the running answers whose lease has passed, for a reaper that looks twice."""
    return list(Reply.objects.lease_lost().values_list("pk", flat=True)[:500])
