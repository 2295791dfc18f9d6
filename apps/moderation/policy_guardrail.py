"""Moderation as one of the guardrails that conversations ask: rules in, verdicts out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from apps.conversations.guardrails import ALLOW, Draft, Judged, Verdict
from apps.core import db
from apps.moderation.constants import AppliesTo, Stage
from apps.moderation.services.rules import checking, hits, later, rule_sets
from apps.moderation.services.rules.findings import Finding, verdict_of
from apps.moderation.services.rules.rule_sets import REMOTE_KINDS, LiveRule
from apps.moderation.services.rules.stream_guard import RuleStream


class PolicyGuardrail:
    """The rules that staff have written, live within two seconds of their change.

    Nobody waits for a rule that asks elsewhere and does not enforce: a job asks it afterwards.
    """

    async def check_input(self, draft: Draft) -> Verdict:
        """Judge a message by the rules on what people write."""
        rules = await rule_sets.current()
        lane = awaited(rules.lane(Stage.INPUT, AppliesTo.USER))
        if not lane:
            return ALLOW
        findings = await checking.check_text(
            lane,
            checking.Asked(
                text=draft.text,
                stage=Stage.INPUT,
                is_question=True,
                user_id=draft.user_id,
                is_counted=draft.is_message,
            ),
        )
        if findings and draft.message_id is not None:
            findings = await db.call(hits.without_settled, draft.message_id, findings)
        return verdict_of(findings)

    async def open_stream(self, draft: Draft) -> RuleStream | None:
        """Return a guard with the rules that are live now; None where none looks at streams."""
        rules = await rule_sets.current()
        lane = awaited(rules.lane(Stage.STREAM, AppliesTo.ANSWER))
        return RuleStream(lane, draft, among=rules) if lane else None

    async def check_output(self, draft: Draft, answer: str) -> Verdict:
        """Judge the whole answer and the exchange."""
        rules = await rule_sets.current()
        texts = checking.texts_of(draft.text, answer)
        findings: list[Finding] = []
        for target in (AppliesTo.ANSWER, AppliesTo.EXCHANGE):
            lane = awaited(rules.lane(Stage.OUTPUT, target))
            if not lane or not answer:
                continue
            text, lead = texts[target]
            findings += await checking.check_text(
                lane,
                checking.Asked(
                    text=text,
                    stage=Stage.OUTPUT,
                    is_question=False,
                    user_id=draft.user_id,
                    shown_chars=len(answer),
                    lead=lead,
                    is_counted=draft.is_message,
                ),
            )
        return verdict_of(findings)

    def withholds_answers(self) -> bool:
        """Tell whether a rule enforces on answers as they are written or on whole ones.

        One that has expired counts: it may have acted before.
        """
        stages = (Stage.STREAM, Stage.OUTPUT)
        return any(rule.enforces and rule.stage in stages for rule in rule_sets.look().rules)

    def record(self, judged: Judged, findings: Sequence[object]) -> None:
        """Store hits, cases and decisions with the text, and the job for what looks afterwards."""
        hits.record(judged, [cast("Finding", one) for one in findings])
        later.defer(judged)


def awaited(rules: Sequence[LiveRule]) -> tuple[LiveRule, ...]:
    """Return the rules that a text waits for."""
    return tuple(rule for rule in rules if rule.enforces or rule.kind not in REMOTE_KINDS)
