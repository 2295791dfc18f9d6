"""What rules find in one text, and the verdict that follows; nothing is stored here."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import transaction

from apps.conversations.guardrails import ALLOW, BLOCK_ON_FAILURE, Verdict
from apps.core import db
from apps.core.logging import log_event
from apps.moderation import statements
from apps.moderation.constants import HitOutcome, RuleMode, Stage
from apps.moderation.detection.scanner import Found
from apps.moderation.services.rules.rule_sets import LiveRule

logger = logging.getLogger(__name__)

MAX_HITS_OF_A_RULE = 20
DEFAULT_TEXT = "This goes against our policy."
ACTING = (HitOutcome.FLAGGED, HitOutcome.ENFORCED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule found something in a text.

    Attributes:
        rule: as it was when the text began.
        stage: when it looked.
        outcome: what comes of it.
        is_question: whether it was found in what the person wrote.
        start: first code point in the text; None where the whole text is meant.
        end: behind the last code point.
        score: how sure the rule is.
        label: which entry, type or category.
        span_hash: tells equal findings apart from others without keeping them.
        latency_us: how long the check took.
        shown_chars: how much viewers had seen by then.
    """

    rule: LiveRule
    stage: Stage
    outcome: HitOutcome
    is_question: bool
    start: int | None = None
    end: int | None = None
    score: float = 1.0
    label: str = ""
    span_hash: str = ""
    latency_us: int = 0
    shown_chars: int = 0


class Outcomes:
    """What a hit of each rule comes to in one text: decided once, and counted against the cap."""

    def __init__(self, user_id: int, *, is_counted: bool = True) -> None:
        self._user_id = user_id
        self._is_counted = is_counted
        self._known: dict[int, HitOutcome] = {}

    async def of(self, rule: LiveRule) -> HitOutcome:
        """Return what becomes of this rule's hits in this text."""
        outcome = self._known.get(rule.version_id)
        if outcome is None:
            outcome = self._known[rule.version_id] = await self._decide(rule)
        return outcome

    async def _decide(self, rule: LiveRule) -> HitOutcome:
        if rule.mode not in (RuleMode.FLAG, RuleMode.ENFORCE):
            return HitOutcome.RECORDED
        if not await self._is_within_cap(rule):
            return HitOutcome.CAPPED
        return HitOutcome.ENFORCED if rule.enforces else HitOutcome.FLAGGED

    async def _is_within_cap(self, rule: LiveRule) -> bool:
        """Count the person; where that fails the rule acts: no hit is let pass uncounted."""
        if rule.daily_cap is None or not self._is_counted:
            return rule.daily_cap != 0
        try:
            return await db.call(take_from_cap, rule, self._user_id)
        except Exception as error:  # noqa: BLE001  a hit is a hit, whatever its counter says
            log_event(
                logger,
                "RULE_CAP_NOT_COUNTED",
                level=logging.ERROR,
                version_id=rule.version_id,
                error=type(error).__name__,
            )
            return True


def take_from_cap(rule: LiveRule, user_id: int) -> bool:
    """Count a person against today's cap, unless it is used up; nobody can count past it.

    A person counts once a day, whatever becomes of the texts and wherever they were judged, so that
    nobody can use the cap up for all.
    """
    if not rule.daily_cap:
        return rule.daily_cap is None
    if statements.is_counted_today(rule_id=rule.rule_id, person_id=user_id):
        return True
    with transaction.atomic():
        return statements.take_from_day(
            rule_id=rule.rule_id, person_id=user_id, daily_cap=rule.daily_cap
        )


def failure_of(rule: LiveRule, stage: Stage, *, is_question: bool, latency_us: int = 0) -> Finding:
    """Return the finding that a check failed."""
    return Finding(
        rule=rule,
        stage=stage,
        outcome=HitOutcome.ERROR,
        is_question=is_question,
        score=0.0,
        latency_us=latency_us,
    )


def verdict_of(found: Sequence[Finding]) -> Verdict:
    """Return what follows from findings: the heaviest policy speaks, a closed failure blocks."""
    enforced = [one for one in found if one.outcome == HitOutcome.ENFORCED]
    if enforced:
        heaviest = max(enforced, key=lambda one: one.rule.severity)
        return Verdict(
            outcome="block",
            code=heaviest.rule.policy_code[:60],
            reason_for_user=heaviest.rule.text_for_users or DEFAULT_TEXT,
            findings=tuple(found),
        )
    if any(one.outcome == HitOutcome.ERROR and one.rule.is_closed for one in found):
        return replace(BLOCK_ON_FAILURE, findings=tuple(found))
    if any(one.outcome == HitOutcome.FLAGGED for one in found):
        return Verdict(outcome="flag", findings=tuple(found))
    return Verdict(outcome="allow", findings=tuple(found)) if found else ALLOW


def few_of_each(found: Iterable[Found]) -> list[Found]:
    """Keep the first hits of every rule: a text full of them is one matter, not thousands."""
    counts: dict[int, int] = {}
    kept = []
    for one in found:
        counts[one.key] = counts.get(one.key, 0) + 1
        if counts[one.key] <= MAX_HITS_OF_A_RULE:
            kept.append(one)
    return kept


def hash_of(text: str) -> str:
    """Return a keyed hash of a passage: equal passages can be found, none can be guessed."""
    folded = " ".join(text.casefold().split())
    return hmac.new(settings.SECRET_KEY.encode(), folded.encode(), hashlib.sha256).hexdigest()
