"""Checks that nobody waits for: a job after the answer, and what a hit then takes from view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from apps.conversations.constants import LIVE_STATES, Author, ReplyState
from apps.conversations.guardrails import Judged
from apps.conversations.models import Message
from apps.conversations.services import rewriting, visibility
from apps.core import db, jobs
from apps.core.querysets import given_up_jobs
from apps.moderation.constants import AppliesTo, HitOutcome, Stage
from apps.moderation.models import RuleHit
from apps.moderation.services.rules import checking, hits, remote_checks, rule_sets
from apps.moderation.services.rules.findings import Finding, failure_of, verdict_of
from apps.moderation.services.rules.rule_sets import REMOTE_KINDS, LiveRule, RuleSet

TASK = "moderation.check_later"
QUEUE = "background"
EVERY = tuple(AppliesTo)
PAUSED_SECONDS = 60
NOTED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class _Exchange:
    """An answer with its question, as both are stored now."""

    question: Message
    answer: Message
    is_withheld: bool


def defer(judged: Judged) -> None:
    """Have an exchange looked at once more after its transaction, if there is anything to ask."""
    if not judged.is_answer:
        return
    rules = rule_sets.latest() if judged.is_checked and not judged.is_lost else None
    if rules is None:
        rules = rule_sets.look()
    if due_rules(rules, is_checked=judged.is_checked, is_lost=judged.is_lost):
        given = {
            "message_id": judged.message_id,
            "is_checked": judged.is_checked,
            "is_lost": judged.is_lost,
        }
        jobs.defer(TASK, given, queue=QUEUE)


def due_rules(rules: RuleSet, *, is_checked: bool, is_lost: bool = False) -> list[LiveRule]:
    """Return the rules that have not looked yet, or whose findings are gone.

    Those of the later stage; those that ask elsewhere and only watch, for which nobody waited; and,
    for an answer that ended before its last check, the rules of that check, and those that ask
    elsewhere about the stream: they have not seen its end. What all rules on the stream had found
    in an answer is lost with its worker.
    """
    due = [rule for rule in rules.lane(Stage.LATER, *EVERY) if not rule.is_broken]
    for stage in (Stage.INPUT, Stage.STREAM, Stage.OUTPUT):
        for rule in rules.lane(stage, *EVERY):
            is_remote = rule.kind in REMOTE_KINDS
            is_cut_short = stage == Stage.OUTPUT or (
                stage == Stage.STREAM and (is_remote or is_lost)
            )
            if (is_cut_short and not is_checked) or (is_remote and not rule.enforces):
                due.append(rule)
    return due


async def check_later(
    *,
    message_id: int,
    is_checked: bool,
    is_lost: bool = False,
    version_ids: Sequence[int] | None = None,
) -> None:
    """Look at an exchange with the rules that have not looked yet, and act on what they find.

    What staff have paused is asked when the pause is over: nothing of what people have read already
    is taken from view for it, and nothing goes unchecked.

    Args:
        message_id: the answer.
        is_checked: whether the rules on the whole answer have looked.
        is_lost: whether what rules found while it was written is lost with its worker.
        version_ids: the versions that wait for the end of a pause; None for all that are due.
    """
    rules = due_rules(await rule_sets.current(), is_checked=is_checked, is_lost=is_lost)
    if version_ids is not None:
        rules = [rule for rule in rules if rule.version_id in version_ids]
    paused = [
        rule for rule in rules if rule.kind in REMOTE_KINDS and await remote_checks.is_paused(rule)
    ]
    if paused:
        waiting = [rule.version_id for rule in paused]
        await db.call(_ask_again, message_id, is_checked=is_checked, version_ids=waiting)
        rules = [rule for rule in rules if rule not in paused]
    exchange = await db.call(_read, message_id)
    if exchange is not None and rules:
        await _look(exchange, rules)


async def _look(exchange: _Exchange, rules: Sequence[LiveRule]) -> None:
    """Ask rules about each text of an exchange, and act on what they find."""
    user_id = exchange.question.conversation.owner_id
    texts = checking.texts_of(
        _text_of(exchange.question), "" if exchange.is_withheld else exchange.answer.content
    )
    for target in EVERY:
        text, lead = texts[target]
        lane = [rule for rule in rules if rule.applies_to == target]
        is_question = target == AppliesTo.USER
        if not lane or not text or (not is_question and exchange.is_withheld):
            continue
        findings = await checking.check_text(
            lane,
            checking.Asked(
                text=text,
                stage=Stage.LATER,
                is_question=is_question,
                user_id=user_id,
                shown_chars=len(text) - lead,
                lead=lead,
            ),
        )
        if findings:
            message = exchange.question if is_question else exchange.answer
            await db.call(_record, message, findings)


@transaction.atomic
def note_given_up() -> int:
    """Write down that checks failed for good, as hits of their rules; returns how many they were.

    That is what the queue gave up, whatever the reason: nothing goes unchecked without a word.
    """
    found = given_up_jobs(ProcrastinateJob.objects.all(), TASK)
    given_up = list(found.select_for_update(skip_locked=True)[:NOTED_AT_ONCE])
    if not given_up:
        return 0
    rules = rule_sets.look()
    for job in given_up:
        _note_given_up(rules, **jobs.given_to(job.args))
    ProcrastinateJob.objects.filter(pk__in=[job.pk for job in given_up]).delete()
    return len(given_up)


def _note_given_up(
    rules: RuleSet,
    *,
    message_id: int,
    is_checked: bool,
    is_lost: bool = False,
    version_ids: Sequence[int] | None = None,
) -> None:
    exchange = _read(message_id)
    if exchange is None:
        return
    due = [
        rule
        for rule in due_rules(rules, is_checked=is_checked, is_lost=is_lost)
        if version_ids is None or rule.version_id in version_ids
    ]
    for message, is_question in ((exchange.question, True), (exchange.answer, False)):
        failed = [
            failure_of(rule, Stage.LATER, is_question=is_question)
            for rule in due
            if (rule.applies_to == AppliesTo.USER) == is_question
        ]
        if failed:
            _record(message, failed)


def _ask_again(message_id: int, *, is_checked: bool, version_ids: Sequence[int]) -> None:
    given = {
        "message_id": message_id,
        "is_checked": is_checked,
        "version_ids": list(version_ids),
    }
    jobs.defer(TASK, given, queue=QUEUE, wait_seconds=PAUSED_SECONDS)


def _read(message_id: int) -> _Exchange | None:
    answer = (
        Message.objects.select_related("parent__conversation", "reply", "conversation")
        .answers()
        .filter(pk=message_id)
        .first()
    )
    if answer is None or answer.parent is None or answer.reply.state in LIVE_STATES:
        return None
    return _Exchange(answer.parent, answer, answer.reply.state == ReplyState.WITHHELD)


@transaction.atomic
def _record(message: Message, findings: Sequence[Finding]) -> None:
    """Store what was found once, however often the job runs, and take the text from view."""
    locked = visibility.locked_message(message.pk)
    before = RuleHit.objects.on_message(locked.pk).at_stage(Stage.LATER)
    known = set(before.values_list("version_id", flat=True))
    fresh = [one for one in findings if one.rule.version_id not in known]
    is_answer = locked.role == Author.ASSISTANT
    is_gone = locked.is_hidden or (is_answer and not locked.content)
    if is_gone:
        fresh = [replace(one, outcome=_watched(one)) for one in fresh]
    verdict = verdict_of(fresh)
    is_withheld = verdict.is_block and any(one.outcome == HitOutcome.ENFORCED for one in fresh)
    text, ended = _text_of(locked), None
    if is_withheld and is_answer:
        ended = rewriting.withhold_answer(
            actor=None,
            message_id=locked.pk,
            notice=verdict.reason_for_user,
            reason="Found by a rule afterwards.",
        )
    elif is_withheld:
        visibility.hide_message(
            actor=None,
            message_id=locked.pk,
            reason="Found by a rule afterwards.",
            reason_for_user=verdict.reason_for_user,
        )
    hits.record(
        Judged(
            message_id=locked.pk,
            conversation_id=locked.conversation_id,
            user_id=locked.conversation.owner_id,
            is_answer=is_answer,
            text=text,
            shown_chars=len(text),
            is_withheld=is_withheld,
            is_checked=True,
            ended=ended,
        ),
        fresh,
    )


def _text_of(message: Message) -> str:
    """Return what the rules look at: a question with all that the model reads beside it."""
    if message.role == Author.ASSISTANT:
        return message.content
    return checking.question_text(message)


def _watched(finding: Finding) -> HitOutcome:
    """Return the outcome for a text that is out of view already: nothing is left to do."""
    is_failure = finding.outcome == HitOutcome.ERROR
    return HitOutcome.ERROR if is_failure else HitOutcome.RECORDED
