"""The live rules of one process: compiled once, looked up anew at most once a second while used."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from apps.core import db
from apps.core.logging import log_event
from apps.moderation import statements
from apps.moderation.constants import AppliesTo, OnError, RuleAction, RuleKind, RuleMode, Stage
from apps.moderation.detection.contract import ConfigurationError, Detector, compile_detector
from apps.moderation.detection.scanner import CompiledRule
from apps.moderation.models import Rule

logger = logging.getLogger(__name__)

LOCAL_KINDS = (RuleKind.KEYWORD, RuleKind.REGEX, RuleKind.PII)
REMOTE_KINDS = (RuleKind.ENDPOINT, RuleKind.JUDGE)
POWER = {mode: power for power, mode in enumerate(RuleMode)}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LiveRule:
    """A rule as it acts in this process: everything that a hit of it needs to know.

    Attributes:
        compiled: for the scanner, where the rule looks at text by itself; None for other kinds.
        is_broken: whether it should look by itself and cannot.
    """

    rule_id: int
    version_id: int
    name: str
    kind: RuleKind
    stage: Stage
    applies_to: AppliesTo
    mode: RuleMode
    action: RuleAction
    on_error: OnError
    policy_id: int
    policy_code: str
    severity: int
    text_for_users: str
    threshold: float
    daily_cap: int | None
    expires_at: datetime | None
    configuration: Mapping[str, Any]
    compiled: CompiledRule | None = None
    is_broken: bool = False

    @property
    def enforces(self) -> bool:
        """Whether a hit keeps the text back."""
        return self.mode == RuleMode.ENFORCE

    @property
    def is_closed(self) -> bool:
        """Whether a text that it could not check is kept back."""
        return self.enforces and self.on_error == OnError.CLOSED

    def is_due(self, now: datetime) -> bool:
        """Whether it has not expired."""
        return self.expires_at is None or self.expires_at > now


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """The rules that are not off; an answer keeps of the set that it began with what still acts."""

    revision: str
    rules: tuple[LiveRule, ...]
    by_version: Mapping[int, LiveRule] = field(default_factory=dict)

    def lane(self, stage: Stage, *targets: AppliesTo) -> tuple[LiveRule, ...]:
        """Return the rules of a stage that look at one of these texts and have not expired."""
        if not self.rules:
            return ()
        now = timezone.now()
        return tuple(
            rule
            for rule in self.rules
            if rule.stage == stage and rule.applies_to in targets and rule.is_due(now)
        )


class _Known:
    """What this process knows, and when it looks again."""

    current: RuleSet | None = None
    look_at: float = 0.0
    looking: asyncio.Task[RuleSet] | None = None


def latest() -> RuleSet | None:
    """Return the set that this process looked up last, without looking."""
    return _Known.current


def forget() -> None:
    """Look the rules up anew at their next use."""
    _Known.look_at = 0.0


async def current() -> RuleSet:
    """Return the live rules; a change older than CHANGES_WITHIN_SECONDS is in them.

    While the database is away, the rules that were known before hold.

    Raises:
        DatabaseError: the database is away and no rules are known yet.
    """
    known, now = _Known.current, time.monotonic()
    if known is not None and now < _Known.look_at:
        return known
    _Known.look_at = now + settings.CHANGES_WITHIN_SECONDS
    try:
        _Known.current = await db.call(load, known)
    except Exception as error:
        if known is None:
            _Known.look_at = 0.0
            raise
        log_event(logger, "RULES_NOT_READ", level=logging.WARNING, error=type(error).__name__)
        return known
    return _Known.current


def renew() -> None:
    """Have the rules looked up anew where it is time, and wait for nothing: a stream goes on."""
    known = _Known.looking
    loop = asyncio.get_running_loop()
    is_looking = known is not None and not known.done() and known.get_loop() is loop
    if not is_looking and time.monotonic() >= _Known.look_at:
        _Known.looking = loop.create_task(current(), name="rules-look")


def look() -> RuleSet:
    """Return the live rules as they are now, for a process that may not have looked for long."""
    _Known.current = load(_Known.current)
    return _Known.current


def load(known: RuleSet | None = None) -> RuleSet:
    """Read the rules if they are others than the known ones; what did not change stays compiled."""
    revision = statements.rules_revision()
    if known is not None and known.revision == revision:
        return known
    compiled = {rule.version_id: rule for rule in known.rules} if known else {}
    rows = Rule.objects.live().select_related("current", "policy__current")
    rules = tuple(_live(row, compiled) for row in rows.order_by("id"))
    log_event(logger, "RULES_READ", rules=len(rules), broken=sum(rule.is_broken for rule in rules))
    return RuleSet(
        revision=revision, rules=rules, by_version={rule.version_id: rule for rule in rules}
    )


def live_rule(row: Rule, *, detector: Detector | None = None, is_broken: bool = False) -> LiveRule:
    """Return a rule as it acts, with a detector that was made already.

    Args:
        row: with its current version and policy.
        detector: what it looks for, for kinds that look by themselves.
        is_broken: whether there should be a detector and is none.
    """
    version, wording = row.current, row.policy.current
    if version is None:
        message = "a rule that is not off has a version"
        raise ValueError(message)
    mode = RuleMode(row.mode)
    return LiveRule(
        rule_id=row.pk,
        version_id=version.pk,
        name=row.name,
        kind=RuleKind(row.kind),
        stage=Stage(row.stage),
        applies_to=AppliesTo(row.applies_to),
        mode=mode,
        action=RuleAction(row.action),
        on_error=OnError(row.on_error),
        policy_id=row.policy_id,
        policy_code=row.policy.code,
        severity=row.policy.severity,
        text_for_users=wording.text_for_users if wording is not None else "",
        threshold=version.threshold,
        daily_cap=row.daily_cap,
        expires_at=row.expires_at,
        configuration=version.configuration,
        compiled=CompiledRule(version.pk, detector, enforces=mode == RuleMode.ENFORCE)
        if detector is not None
        else None,
        is_broken=is_broken,
    )


def weakened(rule: LiveRule, mode: RuleMode) -> LiveRule:
    """Return a rule with the lesser one of its own mode and another; itself where that is its own.

    Its version stays: another one is a new rule to whoever began with this one.
    """
    if POWER[mode] >= POWER[rule.mode]:
        return rule
    compiled = rule.compiled
    if compiled is not None:
        compiled = replace(compiled, enforces=False)
    return replace(rule, mode=mode, compiled=compiled)


def local_rules(rules: Iterable[LiveRule]) -> tuple[CompiledRule, ...]:
    """Return those that look at text by themselves, for the scanner."""
    return tuple(rule.compiled for rule in rules if rule.compiled is not None)


def _live(row: Rule, known: Mapping[int, LiveRule]) -> LiveRule:
    if row.kind not in LOCAL_KINDS or row.current is None:
        return live_rule(row)
    before = known.get(row.current.pk)
    if before is not None and before.compiled is not None:
        return live_rule(row, detector=before.compiled.detector)
    try:
        detector = compile_detector(row.kind, row.current.configuration)
    except ConfigurationError as error:
        log_event(
            logger, "RULE_BROKEN", level=logging.ERROR, version_id=row.current.pk, field=error.field
        )
        return live_rule(row, is_broken=True)
    return live_rule(row, detector=detector)
