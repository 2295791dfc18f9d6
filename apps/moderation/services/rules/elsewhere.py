"""What rules find by asking elsewhere: about a whole text, or about the windows of a stream."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from apps.moderation.constants import HitOutcome, Stage
from apps.moderation.services.rules import remote_checks
from apps.moderation.services.rules.findings import (
    MAX_HITS_OF_A_RULE,
    Finding,
    Outcomes,
    failure_of,
    hash_of,
)
from apps.moderation.services.rules.rule_sets import LiveRule

WINDOW_STEP = 600
WINDOW_BEFORE = 200
WINDOWS_AT_ONCE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a rule asks elsewhere.

    Attributes:
        text: what is sent.
        stage: when it is asked.
        is_question: whether the findings are about what the person wrote.
        user_id: whose text it is.
        start: where the text begins in the message; None where the whole text is meant.
        end: where it ends.
        shown_chars: how much of it viewers have seen.
    """

    text: str
    stage: Stage
    is_question: bool
    user_id: int
    start: int | None = None
    end: int | None = None
    shown_chars: int = 0


def windows_of_stream(done: int, length: int, *, is_end: bool) -> Iterator[tuple[int, int]]:
    """Cut a text that streams into the windows that are judged, each with some of what was before.

    The grid depends on the text alone, so that a stored text is cut as the same one was on its way.

    Args:
        done: where the last window ended.
        length: how much of the text there is by now.
        is_end: whether it is all of it: what is left is a window too, however short.

    Yields:
        Where each window begins and ends.
    """
    while done + WINDOW_STEP <= length or (is_end and done < length):
        start, done = max(done - WINDOW_BEFORE, 0), min(done + WINDOW_STEP, length)
        yield start, done


async def ask(rule: LiveRule, question: Question, outcomes: Outcomes) -> Finding | None:
    """Return what a rule finds by asking elsewhere: a hit, a failed check, or None for neither."""
    began = time.perf_counter()
    answer = await remote_checks.ask(rule, question.text, user_id=question.user_id)
    latency_us = round((time.perf_counter() - began) * 1_000_000)
    if answer is None:
        return failure_of(
            rule, question.stage, is_question=question.is_question, latency_us=latency_us
        )
    if answer.score < rule.threshold:
        return None
    return Finding(
        rule=rule,
        stage=question.stage,
        outcome=await outcomes.of(rule),
        is_question=question.is_question,
        start=question.start,
        end=question.end,
        score=answer.score,
        label=answer.label[:80],
        span_hash="" if question.start is None else hash_of(question.text),
        latency_us=latency_us,
        shown_chars=question.shown_chars,
    )


async def ask_by_windows(rule: LiveRule, question: Question, outcomes: Outcomes) -> list[Finding]:
    """Ask a rule of the stream about a stored text as it would be asked where it enforces.

    It is asked window by window, a few at a time as nobody waits, and no further than the first
    hit: there the stream would have ended.
    """
    text = question.text
    findings: list[Finding] = []
    windows = list(windows_of_stream(0, len(text), is_end=True))
    for at in range(0, len(windows), WINDOWS_AT_ONCE):
        some = windows[at : at + WINDOWS_AT_ONCE]
        asked = [replace(question, text=text[a:b], start=a, end=b) for a, b in some]
        found = await asyncio.gather(*(ask(rule, one, outcomes) for one in asked))
        findings += [one for one in found if one is not None]
        is_hit = any(one.outcome != HitOutcome.ERROR for one in findings)
        if is_hit or len(findings) >= MAX_HITS_OF_A_RULE:
            break
    return findings
