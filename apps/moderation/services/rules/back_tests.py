"""Tries a version on stored messages, beside the live one, in steps that a crash cannot lose."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Max, Min, QuerySet
from django.utils import timezone

from apps.audit.constants import AuditAction
from apps.conversations.models import Message
from apps.conversations.querysets import MessageQuerySet
from apps.conversations.services.turn_requests import policy_text
from apps.core import jobs
from apps.core.logging import log_event
from apps.core.problems import field_problem
from apps.moderation.constants import OPEN_BACK_TESTS, AppliesTo, BackTestState
from apps.moderation.detection.scanner import Found, scan
from apps.moderation.errors import BackTestNotFoundError, RuleNotFoundError
from apps.moderation.models import BackTest, CaseSnapshot, Rule, RuleVersion
from apps.moderation.services.figures.labels import human_verdicts_between
from apps.moderation.services.rules import back_test_samples, rules
from apps.moderation.services.rules.back_test_samples import Match, compiled
from apps.moderation.services.rules.checking import BETWEEN, question_text
from apps.moderation.services.rules.rule_sets import LOCAL_KINDS
from apps.users.models import User

logger = logging.getLogger(__name__)

TASK = "moderation.back_test"
QUEUE = "background"
MESSAGES = 100_000
MAX_MESSAGES = 1_000_000
STEP = 1_000
SLICE_SECONDS = 4.0
LOST_AFTER = timedelta(seconds=60)
NOTHING = {"tp": 0, "fp": 0, "fn": 0, "tn": 0}


@dataclass(frozen=True, slots=True)
class _Row:
    message_id: int
    text: str
    lead: int


@transaction.atomic
def start(*, actor: User, version_id: int, messages: int = MESSAGES) -> BackTest:
    """Queue a back-test of a version over the newest stored messages, beside the live version.

    Raises:
        ForbiddenError: the actor may not write rules.
        RuleNotFoundError: there is no such version.
        ValidationFailedError: this kind of rule cannot look at stored messages, or at none.
    """
    rules.require(actor, rules.EDIT)
    version = RuleVersion.objects.select_related("rule").filter(pk=version_id).first()
    if version is None:
        raise RuleNotFoundError
    if version.rule.kind not in LOCAL_KINDS:
        message = "Only words, expressions and personal data can be tried on stored messages. "
        raise field_problem("version", f"{message}Let this rule run in shadow.", "not_local")
    if not 1 <= messages <= MAX_MESSAGES:
        raise field_problem("messages", f"Use 1 to {MAX_MESSAGES:,} messages.", "messages_range")
    newest = _messages(version).order_by("-pk").values("pk")[:messages]
    span = Message.objects.filter(pk__in=newest).aggregate(first=Min("pk"), last=Max("pk"))
    if span["first"] is None:
        raise field_problem("messages", "There are no messages to try it on yet.", "no_messages")
    live = version.rule.current_id
    back_test = BackTest.objects.create(
        version=version,
        compared_with_id=live if live != version.pk else None,
        first_message_id=span["first"],
        last_message_id=span["last"],
        position=span["first"] - 1,
        total=_numbered(version, after=span["first"] - 1, to=span["last"]).count(),
        created_by=actor,
    )
    rules.record_change(
        actor,
        version.rule,
        AuditAction.BACK_TEST_STARTED,
        data={"back_test_id": back_test.pk, "version": version.number, "messages": messages},
    )
    defer(back_test.pk)
    return back_test


def list_of_rule(rule: Rule) -> QuerySet[BackTest]:
    """Return the back-tests of a rule's versions, newest first; the caller checked who may look."""
    return BackTest.objects.of_rule(rule).select_related("version").order_by("-id")


def defer(back_test_id: int) -> None:
    """Queue the next slice of a back-test."""
    jobs.defer(TASK, {"back_test_id": back_test_id}, queue=QUEUE)


@transaction.atomic
def cancel(*, actor: User, back_test_id: int) -> BackTest:
    """End a back-test; what it has found so far stays.

    Raises:
        ForbiddenError: the actor may not write rules.
        BackTestNotFoundError: there is no such back-test.
    """
    rules.require(actor, rules.EDIT)
    rows = BackTest.objects.select_related("version__rule").select_for_update(of=("self",))
    back_test = rows.filter(pk=back_test_id).first()
    if back_test is None:
        raise BackTestNotFoundError
    if back_test.state in OPEN_BACK_TESTS:
        back_test.state, back_test.finished_at = BackTestState.CANCELLED, timezone.now()
        back_test.save(update_fields=["state", "finished_at", "updated_at"])
        rules.record_change(
            actor,
            back_test.version.rule,
            AuditAction.BACK_TEST_CANCELLED,
            data={
                "back_test_id": back_test.pk,
                "version": back_test.version.number,
                "scanned": back_test.scanned,
            },
        )
    return back_test


def step(back_test_id: int) -> bool:
    """Look at the next messages; returns whether there are more.

    Position and figures change in one transaction, so that a step that is cut is simply done again.
    """
    with transaction.atomic():
        back_test = (
            BackTest.objects.open()
            .select_for_update(of=("self",), skip_locked=True)
            .select_related("version__rule", "compared_with")
            .filter(pk=back_test_id)
            .first()
        )
        if back_test is None:
            return False
        began = time.perf_counter()
        rows = _next_rows(back_test)
        matches = [match for row in rows if (match := _match(back_test, row)) is not None]
        _count(back_test, rows, matches)
        back_test_samples.keep(back_test, matches)
        figures = back_test.figures
        figures["seconds"] = figures.get("seconds", 0) + time.perf_counter() - began
        is_over = len(rows) < STEP
        back_test.state = BackTestState.DONE if is_over else BackTestState.RUNNING
        back_test.finished_at = timezone.now() if is_over else None
        back_test.save()
    return not is_over


def fail(back_test_id: int, error: str) -> None:
    """End a back-test that cannot go on; what it counted stays.

    Args:
        back_test_id: which.
        error: class of what went wrong.
    """
    log_event(
        logger, "BACK_TEST_FAILED", level=logging.ERROR, back_test_id=back_test_id, error=error
    )
    BackTest.objects.open().filter(pk=back_test_id).update(
        state=BackTestState.FAILED, finished_at=timezone.now()
    )


def requeue_lost() -> list[int]:
    """Queue the back-tests again whose job was lost with its worker; returns which."""
    found = BackTest.objects.lost(before=timezone.now() - LOST_AFTER)
    lost = list(found.values_list("pk", flat=True))
    for back_test_id in lost:
        defer(back_test_id)
    return lost


def _messages(version: RuleVersion) -> MessageQuerySet:
    is_question = version.rule.applies_to == AppliesTo.USER
    return Message.objects.questions() if is_question else Message.objects.answers()


def _numbered(version: RuleVersion, *, after: int, to: int) -> MessageQuerySet:
    return _messages(version).after_number(after).up_to_number(to)


def _next_rows(back_test: BackTest) -> list[_Row]:
    found = _numbered(back_test.version, after=back_test.position, to=back_test.last_message_id)
    target = back_test.version.rule.applies_to
    rows = list(_with_what_rules_read(found.order_by("pk"), target)[:STEP])
    originals = _originals([row for row in rows if not row.content or row.redacted_at])
    return [_row(row, target, originals.get(row.pk)) for row in rows]


def _with_what_rules_read(messages: QuerySet[Message], target: str) -> QuerySet[Message]:
    own = ["content", "context", "prompt", "redacted_at"]
    if target != AppliesTo.EXCHANGE:
        return messages.only(*own)
    return messages.select_related("parent").only(*own, *(f"parent__{name}" for name in own))


def _row(message: Message, target: str, original: str | None) -> _Row:
    """Return what live rules would look at of a message, and what leads to it."""
    if target == AppliesTo.USER:
        return _Row(message.pk, question_text(message) if original is None else original, 0)
    lead = f"{question_text(message.parent)}{BETWEEN}" if target == AppliesTo.EXCHANGE else ""
    return _Row(message.pk, lead + (message.content if original is None else original), len(lead))


def _originals(messages: list[Message]) -> dict[int, str]:
    """Return the originals of what was withheld or redacted: a rule must find those again.

    Redacting keeps the length of a text; the first that was kept with it is the original.
    """
    if not messages:
        return {}
    read = {row.pk: row for row in messages}
    rows = CaseSnapshot.objects.of_messages(read).order_by("id")
    found: dict[int, str] = {}
    for message_id, text in rows.values_list("case__message_id", "text"):
        message = read[message_id]
        if not message.content:
            found[message_id] = text
        elif len(text) == len(message.content):
            found.setdefault(message_id, policy_text(text, message.context, message.prompt))
        elif len(text) == len(question_text(message)):
            found.setdefault(message_id, text)
    return found


def _match(back_test: BackTest, row: _Row) -> Match | None:
    kind = back_test.version.rule.kind
    found = scan((compiled(kind, back_test.version_id),), row.text)
    before: tuple[Found, ...] = ()
    if back_test.compared_with_id is not None:
        before = scan((compiled(kind, back_test.compared_with_id),), row.text)
    if not found and not before:
        return None
    span = found[0].span if found and found[0].span.start >= row.lead else None
    return Match(
        message_id=row.message_id,
        start=span.start - row.lead if span else None,
        end=span.end - row.lead if span else None,
        by_tried=bool(found),
        by_compared=bool(before),
    )


def _count(back_test: BackTest, rows: list[_Row], matches: list[Match]) -> None:
    back_test.scanned += len(rows)
    back_test.matched += sum(match.by_tried for match in matches)
    back_test.matched_before += sum(match.by_compared for match in matches)
    figures = back_test.figures
    only = {"only_tried": 0, "only_compared": 0}
    for match in matches:
        only["only_tried"] += match.by_tried and not match.by_compared
        only["only_compared"] += match.by_compared and not match.by_tried
    for name, number in only.items():
        figures[name] = figures.get(name, 0) + number
    if not rows:
        return
    first, last = back_test.position + 1, rows[-1].message_id
    policy_id = back_test.version.rule.policy_id
    judged = human_verdicts_between(first, last, policy_id=policy_id)
    looked_at = {row.message_id for row in rows}
    by_tried = {match.message_id for match in matches if match.by_tried}
    by_compared = {match.message_id for match in matches if match.by_compared}
    for name, hit in (("tried", by_tried), ("compared", by_compared)):
        counts = figures.setdefault(name, dict(NOTHING))
        for message_id, is_violation in judged.items():
            if message_id in looked_at:
                is_hit = message_id in hit
                counts[_cell(is_hit=is_hit, is_violation=is_violation)] += 1
    back_test.position = last


def _cell(*, is_hit: bool, is_violation: bool) -> str:
    if is_hit:
        return "tp" if is_violation else "fp"
    return "fn" if is_violation else "tn"
