"""Asks rules about a whole text: what looks by itself, what counts, and what asks elsewhere."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from apps.conversations.models import Message
from apps.conversations.services.turn_requests import policy_text
from apps.core import rate_limits
from apps.core.logging import log_event
from apps.moderation.constants import AppliesTo, RuleKind, Stage
from apps.moderation.detection.scanner import Found, scan
from apps.moderation.services.rules import elsewhere
from apps.moderation.services.rules.findings import (
    Finding,
    Outcomes,
    failure_of,
    few_of_each,
    hash_of,
)
from apps.moderation.services.rules.rule_sets import REMOTE_KINDS, LiveRule, local_rules

logger = logging.getLogger(__name__)

BETWEEN = "\n\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A text that rules are asked about.

    Attributes:
        text: all of it.
        stage: when they look.
        is_question: whether the findings are about what the person wrote.
        user_id: whose text it is.
        shown_chars: how much of it viewers have seen.
        lead: how much of the beginning does not belong to the message that the findings are about.
        is_counted: whether it uses rates and daily caps up.
    """

    text: str
    stage: Stage
    is_question: bool
    user_id: int
    shown_chars: int = 0
    lead: int = 0
    is_counted: bool = True


async def check_text(rules: Sequence[LiveRule], asked: Asked) -> list[Finding]:
    """Return what rules find in a text; a rule that fails is a finding, never an exception."""
    outcomes = Outcomes(asked.user_id, is_counted=asked.is_counted)
    findings = await _look(rules, asked, outcomes)
    for rule in rules:
        if rule.kind == RuleKind.RATE and asked.is_counted:
            findings += await _check_rate(rule, outcomes, asked.user_id)
    asking = [
        _check_elsewhere(rule, outcomes, asked) for rule in rules if rule.kind in REMOTE_KINDS
    ]
    for answered in await asyncio.gather(*asking):
        findings += answered
    return findings


async def _look(rules: Sequence[LiveRule], asked: Asked, outcomes: Outcomes) -> list[Finding]:
    began = time.perf_counter()
    found, broken = scan_safely(rules, asked.text)
    latency_us = round((time.perf_counter() - began) * 1_000_000)
    by_version = {rule.version_id: rule for rule in rules}
    findings = [failure_of(rule, asked.stage, is_question=asked.is_question) for rule in broken]
    for one in few_of_each(found):
        span, rule = one.span, by_version[one.key]
        is_inside = span.start >= asked.lead
        findings.append(
            Finding(
                rule=rule,
                stage=asked.stage,
                outcome=await outcomes.of(rule),
                is_question=asked.is_question,
                start=span.start - asked.lead if is_inside else None,
                end=span.end - asked.lead if is_inside else None,
                score=span.score,
                label=span.label[:80],
                span_hash=hash_of(asked.text[span.start : span.end]),
                latency_us=latency_us,
                shown_chars=asked.shown_chars,
            )
        )
    return findings


def scan_safely(
    rules: Sequence[LiveRule], text: str
) -> tuple[tuple[Found, ...], tuple[LiveRule, ...]]:
    """Scan a text with the rules that look by themselves; return the hits and who could not."""
    broken = [rule for rule in rules if rule.is_broken]
    compiled = local_rules(rules)
    if not compiled:
        return (), tuple(broken)
    try:
        return scan(compiled, text), tuple(broken)
    except Exception as error:  # noqa: BLE001  whatever one rule's detector does, the others look
        failing = failing_rules(rules, text, error)
    well = local_rules(rule for rule in rules if rule not in failing)
    return (scan(well, text) if well else ()), (*broken, *failing)


def failing_rules(rules: Sequence[LiveRule], text: str, error: Exception) -> tuple[LiveRule, ...]:
    """Return the rules that fail on a text when they look alone; all of them if none does."""
    failing = []
    compiled = [rule for rule in rules if rule.compiled is not None]
    for rule in compiled:
        try:
            scan(local_rules([rule]), text)
        except Exception as own:  # noqa: BLE001  that it fails is what is asked here
            log_event(
                logger,
                "RULE_FAILED",
                level=logging.ERROR,
                version_id=rule.version_id,
                error=type(own).__name__,
            )
            failing.append(rule)
    if not failing:
        log_event(logger, "RULES_FAILED", level=logging.ERROR, error=type(error).__name__)
        return tuple(compiled)
    return tuple(failing)


def question_text(message: Message | None) -> str:
    """Return what rules look at of a stored question: it and all that the model reads beside it."""
    if message is None:
        return ""
    return policy_text(message.content, message.context, message.prompt)


def texts_of(question: str, answer: str) -> dict[AppliesTo, tuple[str, int]]:
    """Return the text that rules of each kind look at, and how much of it leads to the answer."""
    return {
        AppliesTo.USER: (question, 0),
        AppliesTo.ANSWER: (answer, 0),
        AppliesTo.EXCHANGE: (f"{question}{BETWEEN}{answer}", len(question) + len(BETWEEN)),
    }


async def _check_rate(rule: LiveRule, outcomes: Outcomes, user_id: int) -> list[Finding]:
    limit, seconds = int(rule.configuration["limit"]), int(rule.configuration["seconds"])
    status = await rate_limits.count(
        f"rule:{rule.rule_id}", f"user:{user_id}", rate_limits.Rate(limit, seconds)
    )
    if status.is_allowed:
        return []
    return [
        Finding(
            rule=rule,
            stage=rule.stage,
            outcome=await outcomes.of(rule),
            is_question=True,
            label=f"more than {limit} in {seconds} s",
        )
    ]


async def _check_elsewhere(rule: LiveRule, outcomes: Outcomes, asked: Asked) -> list[Finding]:
    question = elsewhere.Question(
        text=asked.text,
        stage=asked.stage,
        is_question=asked.is_question,
        user_id=asked.user_id,
        shown_chars=asked.shown_chars,
    )
    if rule.stage == Stage.STREAM:
        return await elsewhere.ask_by_windows(rule, question, outcomes)
    found = await elsewhere.ask(rule, question, outcomes)
    return [] if found is None else [found]
