"""Stands between the model and its viewers: local rules on every batch, others on windows."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from apps.conversations.guardrails import Draft, Released, Verdict
from apps.core.logging import log_event
from apps.moderation.constants import HitOutcome, Stage
from apps.moderation.detection.scanner import Found, ScanStep, StreamScanner
from apps.moderation.services.rules import elsewhere, rule_sets
from apps.moderation.services.rules.checking import failing_rules
from apps.moderation.services.rules.findings import (
    MAX_HITS_OF_A_RULE,
    Finding,
    Outcomes,
    failure_of,
    hash_of,
    verdict_of,
)
from apps.moderation.services.rules.rule_sets import (
    REMOTE_KINDS,
    LiveRule,
    RuleSet,
    local_rules,
    weakened,
)

logger = logging.getLogger(__name__)

DEADLINE_SECONDS = 3.0


class RuleStream:
    """Judges one answer with the rules that were live when it began, as far as they still act.

    A rule that is switched off meanwhile is let go of, one that loses power has no more than that,
    and what is new waits for the next answer: see docs/decisions/0183.

    What local rules find depends on the text alone. Rules that ask elsewhere look at windows of a
    fixed grid while the text goes on; at the end the answer waits for them, up to a deadline. Where
    one of them blocks while the model is silent, whoever watches is told at once.
    """

    def __init__(self, rules: Sequence[LiveRule], draft: Draft, *, among: RuleSet) -> None:
        self._set = among
        self._by_version = {rule.version_id: rule for rule in rules}
        self._asking = [rule for rule in rules if rule.kind in REMOTE_KINDS and rule.enforces]
        self._compiled = local_rules(rules)
        self._scanner = StreamScanner(self._compiled)
        self._is_outdated = False
        self._draft = draft
        self._released = 0
        self._outcomes = Outcomes(draft.user_id, is_counted=draft.is_message)
        self._found: dict[tuple[int, int, int], Finding] = {}
        self._others: list[Finding] = [
            failure_of(rule, Stage.STREAM, is_question=False) for rule in rules if rule.is_broken
        ]
        self._length = 0
        self._window_end = 0
        self._windows: dict[asyncio.Task[None], LiveRule] = {}
        self._on_block: Callable[[Verdict], None] | None = None

    @property
    def findings(self) -> Sequence[Finding]:
        """What was found so far, by the rules that looked by themselves first."""
        return (*self._found.values(), *self._others)

    def watch(self, on_block: Callable[[Verdict], None]) -> None:
        """Have somebody told when a rule that asked elsewhere blocks, whatever the model does."""
        self._on_block = on_block

    async def feed(self, text: str, *, shown_chars: int) -> Released:
        """Take a batch of the model's text."""
        self._length += len(text)
        began = time.perf_counter()
        self._heed_changes()
        try:
            step = self._scan(text, is_end=False)
        except Exception as error:  # noqa: BLE001  whatever one rule's detector does, chat goes on
            return await self._without_failing(error, shown_chars, is_end=False)
        if not step.found and not self._asking and not self._others:
            self._released += len(step.released)
            return Released(step.released)
        if self._asking:
            self._open_windows(shown_chars)
        return await self._judge(
            step.released, step.found, shown_chars, began, is_stopped=step.is_stopped, is_end=False
        )

    async def finish(self, *, shown_chars: int) -> Released:
        """Let go of the rest, when every question that was asked elsewhere is answered."""
        began = time.perf_counter()
        self._heed_changes()
        try:
            step = self._scan("", is_end=True)
        except Exception as error:  # noqa: BLE001  whatever one rule's detector does, chat goes on
            return await self._without_failing(error, shown_chars, is_end=True)
        released = await self._judge(
            step.released, step.found, shown_chars, began, is_stopped=step.is_stopped, is_end=True
        )
        if released.verdict.is_block or not self._asking:
            return released
        self._open_windows(shown_chars, is_end=True)
        if self._windows:
            await asyncio.wait(self._windows, timeout=DEADLINE_SECONDS)
        self._on_block = None
        await rule_sets.current()
        self._heed_changes()
        self._give_up_on_late()
        verdict = verdict_of(self.findings)
        return Released("" if verdict.is_block else released.text, verdict)

    async def aclose(self) -> None:
        """Ask nothing more elsewhere."""
        self._on_block = None
        for task in list(self._windows):
            task.cancel()

    async def _judge(
        self,
        text: str,
        found: Sequence[Found],
        shown_chars: int,
        began: float,
        *,
        is_stopped: bool,
        is_end: bool,
    ) -> Released:
        latency_us = round((time.perf_counter() - began) * 1_000_000)
        for one in found:
            await self._note(one, shown_chars, latency_us)
        verdict = verdict_of(self.findings)
        if is_stopped and not verdict.is_block:
            return await self._go_on(shown_chars, is_end=is_end)
        self._released += len(text)
        return Released("" if verdict.is_block else text, verdict)

    async def _note(self, one: Found, shown_chars: int, latency_us: int) -> None:
        place = (one.key, one.span.start, one.span.end)
        of_rule = sum(version_id == one.key for version_id, _, _ in self._found)
        if place in self._found or of_rule >= MAX_HITS_OF_A_RULE:
            return
        rule = self._by_version.get(one.key)
        if rule is None:
            return
        self._found[place] = Finding(
            rule=rule,
            stage=Stage.STREAM,
            outcome=await self._outcomes.of(rule),
            is_question=False,
            start=one.span.start,
            end=one.span.end,
            score=one.span.score,
            label=one.span.label[:80],
            span_hash=hash_of(self._scanner.text[one.span.start : one.span.end]),
            latency_us=latency_us,
            shown_chars=shown_chars,
        )

    async def _go_on(self, shown_chars: int, *, is_end: bool) -> Released:
        """Read on past a rule that has used up its cap: it only records from here on."""
        capped = {
            one.rule.version_id for one in self._found.values() if one.outcome == HitOutcome.CAPPED
        }
        self._compiled = tuple(
            type(rule)(rule.key, rule.detector, enforces=rule.enforces and rule.key not in capped)
            for rule in self._compiled
        )
        return await self._read_again(shown_chars, is_end=is_end)

    async def _without_failing(
        self, error: Exception, shown_chars: int, *, is_end: bool
    ) -> Released:
        """Leave the rules out that failed, and read the text again with the others."""
        rules = [self._by_version[rule.key] for rule in self._compiled]
        failing = failing_rules(rules, self._scanner.text, error)
        self._others += [failure_of(rule, Stage.STREAM, is_question=False) for rule in failing]
        gone = {rule.version_id for rule in failing}
        self._compiled = tuple(rule for rule in self._compiled if rule.key not in gone)
        return await self._read_again(shown_chars, is_end=is_end)

    async def _read_again(self, shown_chars: int, *, is_end: bool) -> Released:
        began = time.perf_counter()
        step = self._scan_anew(self._scanner.text, is_end=is_end)
        return await self._judge(
            step.released, step.found, shown_chars, began, is_stopped=step.is_stopped, is_end=is_end
        )

    def _scan(self, text: str, *, is_end: bool) -> ScanStep:
        """Read on; or all of it again, where the rules are others than those that read it."""
        if self._is_outdated:
            return self._scan_anew(self._scanner.text + text, is_end=is_end)
        return self._scanner.finish() if is_end else self._scanner.feed(text)

    def _scan_anew(self, text: str, *, is_end: bool) -> ScanStep:
        """Read a text from its beginning; what was let go of already is not released again."""
        self._is_outdated = False
        self._scanner = StreamScanner(self._compiled)
        step = self._scanner.feed(text)
        if is_end and not step.is_stopped:
            last = self._scanner.finish()
            step = ScanStep(
                step.released + last.released, step.found + last.found, is_stopped=last.is_stopped
            )
        return step._replace(released=step.released[self._released :])

    def _heed_changes(self) -> None:
        """Give no rule more power than it has by now; where nothing changed, that is one look."""
        rule_sets.renew()
        latest = rule_sets.latest()
        if latest is None or latest is self._set:
            return
        self._set = latest
        modes = {rule.rule_id: rule.mode for rule in latest.rules}
        self._by_version = {
            version_id: weakened(rule, modes[rule.rule_id])
            for version_id, rule in self._by_version.items()
            if rule.rule_id in modes
        }
        kept = tuple(
            replace(rule, enforces=rule.enforces and self._by_version[rule.key].enforces)
            for rule in self._compiled
            if rule.key in self._by_version
        )
        self._is_outdated = self._is_outdated or kept != self._compiled
        self._compiled = kept
        self._asking = [
            rule for rule in self._asking if self._by_version.get(rule.version_id) is rule
        ]
        for task, rule in list(self._windows.items()):
            if rule not in self._asking and task is not asyncio.current_task():
                task.cancel()

    def _open_windows(self, shown_chars: int, *, is_end: bool = False) -> None:
        """Ask about every window that is whole by now; at the end about the rest too."""
        opened = elsewhere.windows_of_stream(self._window_end, self._length, is_end=is_end)
        for start, end in opened:
            self._window_end = end
            for rule in self._asking:
                task = asyncio.create_task(
                    self._ask_safely(rule, start, end, shown_chars), name="window-check"
                )
                self._windows[task] = rule
                task.add_done_callback(self._windows.pop)

    async def _ask_safely(self, rule: LiveRule, start: int, end: int, shown_chars: int) -> None:
        """Ask about a window; whatever fails in that is a failed check, and none is forgotten."""
        question = elsewhere.Question(
            text=self._scanner.text[start:end],
            stage=Stage.STREAM,
            is_question=False,
            user_id=self._draft.user_id,
            start=start,
            end=end,
            shown_chars=shown_chars,
        )
        try:
            found = await elsewhere.ask(rule, question, self._outcomes)
        except Exception as error:  # noqa: BLE001  a task that ends by an error would say nothing
            log_event(
                logger,
                "WINDOW_CHECK_FAILED",
                level=logging.ERROR,
                version_id=rule.version_id,
                error=type(error).__name__,
            )
            found = failure_of(rule, Stage.STREAM, is_question=False)
        self._heed_changes()
        if found is not None and rule in self._asking:
            self._add(found)

    def _add(self, found: Finding) -> None:
        """Keep what came from elsewhere, no more of a rule than of any other, unless it blocks."""
        of_rule = sum(one.rule is found.rule for one in self._others)
        if of_rule >= MAX_HITS_OF_A_RULE and found.outcome != HitOutcome.ENFORCED:
            return
        self._others.append(found)
        verdict = verdict_of(self.findings)
        if verdict.is_block and self._on_block is not None:
            self._on_block(verdict)

    def _give_up_on_late(self) -> None:
        latency_us = round(DEADLINE_SECONDS * 1_000_000)
        for task, rule in list(self._windows.items()):
            task.cancel()
            if rule in self._asking:
                late = failure_of(rule, Stage.STREAM, is_question=False, latency_us=latency_us)
                self._add(late)
