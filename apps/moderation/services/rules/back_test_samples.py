"""A fair sample of what a back-test matched: kept while it runs, labelled by people, reported."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.db import transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.conversations.constants import Author
from apps.conversations.models import Message
from apps.moderation.constants import AppliesTo
from apps.moderation.detection.contract import compile_detector
from apps.moderation.detection.scanner import CompiledRule, scan
from apps.moderation.errors import MatchNotFoundError, NothingToLabelError, PassageNotReadError
from apps.moderation.models import (
    AccessGrant,
    BackTest,
    BackTestMatch,
    CaseSnapshot,
    RuleVersion,
)
from apps.moderation.services.figures.intervals import Share, wilson
from apps.moderation.services.rules import passages, rule_desk, rules
from apps.moderation.services.rules.checking import BETWEEN, question_text
from apps.users.models import User

SAMPLE = 50
AROUND = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A message that the tried version hits, or only the one it is compared with.

    Attributes:
        message_id: which.
        start: where it is hit; None where the hit is in the question of an exchange.
        end: behind it.
        by_tried: whether the tried version hits it.
        by_compared: whether the other one does.
    """

    message_id: int
    start: int | None
    end: int | None
    by_tried: bool
    by_compared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a back-test says.

    Attributes:
        rate: matched messages of those looked at.
        precision: of the matched messages that people judged.
        recall: of the violations that people found.
        precision_before: the live version's.
        recall_before: the live version's.
        labelled: of the labelled sample, what was a violation.
        to_label: how many of the sample have no label yet.
        only_tried: messages that only the tried version hits.
        only_compared: messages that only the live version hits.
        seconds: how long it has looked.
    """

    rate: Share
    precision: Share
    recall: Share
    precision_before: Share
    recall_before: Share
    labelled: Share
    to_label: int
    only_tried: int
    only_compared: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """The passage that a person labels: what stands before the match, the match, and after it."""

    match_id: int
    number: int
    of: int
    before: str
    passage: str
    after: str


@lru_cache(maxsize=16)
def compiled(kind: str, version_id: int) -> CompiledRule:
    """Make a version's detector once; it scans a stored text as a live rule would."""
    configuration = RuleVersion.objects.values_list("configuration", flat=True).get(pk=version_id)
    return CompiledRule(version_id, compile_detector(kind, configuration), enforces=False)


def keep(back_test: BackTest, matches: Sequence[Match]) -> None:
    """Keep the sample of each group fair, whatever is still to come: those with the lowest draw.

    The draw of a message depends on the two numbers alone, so that a step that is done again keeps
    the same ones. What a person has labelled stays.
    """
    if not matches:
        return
    known = list(back_test.matches.all())
    there = {row.message_id for row in known}
    fresh = [
        BackTestMatch(
            back_test=back_test,
            message_id=match.message_id,
            start=match.start,
            end=match.end,
            by_tried=match.by_tried,
            by_compared=match.by_compared,
        )
        for match in matches
        if match.message_id not in there
    ]
    kept: set[int] = set()
    for group in ((True, True), (True, False), (False, True)):
        members = [row for row in [*known, *fresh] if (row.by_tried, row.by_compared) == group]
        members.sort(key=_draw)
        kept |= {row.message_id for row in members[:SAMPLE]}
    gone = [row.pk for row in known if row.message_id not in kept and row.is_violation is None]
    BackTestMatch.objects.filter(pk__in=gone).delete()
    BackTestMatch.objects.bulk_create([row for row in fresh if row.message_id in kept])


def report(back_test: BackTest) -> Report:
    """Return the figures of a back-test as they are now."""
    figures = back_test.figures
    tried, before = figures.get("tried", {}), figures.get("compared", {})
    sample = _sample(back_test)
    labels = [row.is_violation for row in sample if row.is_violation is not None]
    return Report(
        rate=wilson(back_test.matched, back_test.scanned),
        precision=_precision(tried),
        recall=_recall(tried),
        precision_before=_precision(before),
        recall_before=_recall(before),
        labelled=wilson(sum(labels), len(labels)),
        to_label=len(sample) - len(labels),
        only_tried=figures.get("only_tried", 0),
        only_compared=figures.get("only_compared", 0),
        seconds=figures.get("seconds", 0.0),
    )


@transaction.atomic
def next_excerpt(*, actor: User, back_test: BackTest) -> Excerpt | None:
    """Return the next passage to label; None if none is left for the actor.

    That it was read, by whom and for which back-test, is written down in the same transaction, and
    the conversation's owner sees it. What its owner has deleted is left alone, and nobody labels
    what is their own.

    Raises:
        ForbiddenError: the actor may not write rules.
    """
    rules.require(actor, rules.EDIT)
    sample = _sample(back_test)
    waiting = [row.message_id for row in sample if row.is_violation is None]
    kept = Message.objects.filter(pk__in=waiting).kept().not_owned_by(actor)
    readable = kept.select_related("conversation", "parent").in_bulk()
    for number, row in enumerate(sample, start=1):
        message = readable.get(row.message_id)
        if message is not None:
            passages.note_passage(
                actor=actor, conversation=message.conversation, back_test=back_test
            )
            return _excerpt(back_test, row, message, number, len(sample))
    return None


@transaction.atomic
def read_next(*, actor: User, back_test_id: int) -> Excerpt:
    """Return the next passage to label, for programs; that it was read is written down.

    Raises:
        ForbiddenError: the actor may not write rules.
        BackTestNotFoundError: there is no such back-test.
        NothingToLabelError: none is left for the actor.
    """
    rules.require(actor, rules.EDIT)
    back_test = rule_desk.access_back_test(viewer=actor, back_test_id=back_test_id)
    excerpt = next_excerpt(actor=actor, back_test=back_test)
    if excerpt is None:
        raise NothingToLabelError
    return excerpt


@transaction.atomic
def label(*, actor: User, match_id: int, is_violation: bool | None) -> BackTestMatch:
    """Say whether a matched message is a violation; None takes a label back.

    Who labels has been shown a passage of that conversation for this back-test. A label is taken
    back without that: the passage is then offered again.

    Raises:
        ForbiddenError: the actor may not write rules.
        MatchNotFoundError: the sample has no such match, or it is in a conversation of the actor.
        PassageNotReadError: the actor was not shown the passage.
    """
    rules.require(actor, rules.EDIT)
    matches = BackTestMatch.objects.select_related("back_test__version__rule")
    row = matches.select_for_update(of=("self",)).filter(pk=match_id).first()
    if row is None or _is_own(actor, row) or row not in _sample(row.back_test):
        raise MatchNotFoundError
    if is_violation is not None and not _was_shown(actor, row):
        raise PassageNotReadError
    row.is_violation = is_violation
    row.labelled_by = None if is_violation is None else actor
    row.labelled_at = None if is_violation is None else timezone.now()
    row.save(update_fields=["is_violation", "labelled_by", "labelled_at"])
    audit.record(
        actor=actor,
        action=AuditAction.BACK_TEST_LABELLED,
        target_type="rule",
        target_id=row.back_test.version.rule_id,
        data={
            "back_test_id": row.back_test_id,
            "match_id": row.pk,
            "message_id": row.message_id,
            "is_violation": is_violation,
        },
    )
    return row


def _sample(back_test: BackTest) -> list[BackTestMatch]:
    return sorted(back_test.matches.tried(), key=_draw)[:SAMPLE]


def _is_own(actor: User, row: BackTestMatch) -> bool:
    return Message.objects.filter(pk=row.message_id).owned_by(actor).exists()


def _was_shown(actor: User, row: BackTestMatch) -> bool:
    shown = AccessGrant.objects.held_by(actor).for_back_test(row.back_test_id)
    return shown.on_conversation_of(row.message_id).exists()


def _excerpt(
    back_test: BackTest, row: BackTestMatch, message: Message, number: int, of: int
) -> Excerpt:
    lead = ""
    if back_test.version.rule.applies_to == AppliesTo.EXCHANGE:
        lead = f"{question_text(message.parent)}{BETWEEN}"
    text = lead + _text_of(message)
    start, end = len(lead) + (row.start or 0), len(lead) + (row.end or 0)
    if lead and not row.end:
        start, end = _place_of_hit(back_test, text)
    return Excerpt(
        match_id=row.pk,
        number=number,
        of=of,
        before=text[max(start - AROUND, 0) : start],
        passage=text[start:end],
        after=text[end : end + AROUND],
    )


def _text_of(message: Message) -> str:
    if not message.content:
        snapshot = CaseSnapshot.objects.of_messages([message.pk]).order_by("-id").first()
        return snapshot.text if snapshot is not None else ""
    return question_text(message) if message.role == Author.USER else message.content


def _place_of_hit(back_test: BackTest, text: str) -> tuple[int, int]:
    """Return where an exchange is hit in its question: a match has no places but the answer's."""
    found = scan((compiled(back_test.version.rule.kind, back_test.version_id),), text)
    return (found[0].span.start, found[0].span.end) if found else (0, 0)


def _draw(row: BackTestMatch) -> bytes:
    key = f"{row.back_test_id}:{row.message_id}".encode()
    return hashlib.blake2b(key, digest_size=8).digest()


def _precision(counts: dict[str, int]) -> Share:
    return wilson(counts.get("tp", 0), counts.get("tp", 0) + counts.get("fp", 0))


def _recall(counts: dict[str, int]) -> Share:
    return wilson(counts.get("tp", 0), counts.get("tp", 0) + counts.get("fn", 0))
