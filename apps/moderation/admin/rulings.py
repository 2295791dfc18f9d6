"""What a moderator typed into the form of a case, as a ruling."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

from django.http import QueryDict

from apps.core.problems import field_problem
from apps.moderation.admin.answers import number_of
from apps.moderation.constants import (
    ENDED_BY_TIME,
    MAX_HOURS,
    MAX_SPANS,
    EnforcementKind,
    Verdict,
)
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.enforcements import Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What stands in the forms of a case's page after one of them was refused."""

    policy: str
    outcome: str
    reason: str
    reason_for_user: str
    measures: Collection[str]
    restrict_hours: str
    suspend_hours: str
    spans: str
    gives_points: bool


def typed_of(sent: QueryDict) -> Typed:
    """Return what a form of a case's page holds, readable or not."""
    return Typed(
        policy=sent.get("policy", ""),
        outcome=sent.get("outcome", ""),
        reason=sent.get("reason", ""),
        reason_for_user=sent.get("reason_for_user", ""),
        measures=sent.getlist("measure"),
        restrict_hours=sent.get(f"{EnforcementKind.RESTRICT}_hours", ""),
        suspend_hours=sent.get(f"{EnforcementKind.SUSPEND}_hours", ""),
        spans=sent.get("spans", ""),
        gives_points="gives_points" in sent,
    )


def ruling_of(typed: QueryDict) -> Ruling:
    """Read a ruling; what is done is read for a violation only.

    Raises:
        ValidationFailedError: there is no verdict, or a passage or time is not readable.
    """
    verdict = typed.get("verdict", "")
    if verdict not in Verdict.values:
        raise field_problem("verdict", "Choose a verdict.", "unknown_verdict")
    is_violation = verdict == Verdict.VIOLATES
    return Ruling(
        verdict=Verdict(verdict),
        policy_code=typed.get("policy", "")[:40] if is_violation else "",
        reason=typed.get("reason", ""),
        reason_for_user=typed.get("reason_for_user", "") if is_violation else "",
        measures=_measures(typed) if is_violation else (),
        gives_points="gives_points" in typed,
    )


def _measures(typed: QueryDict) -> list[Measure]:
    chosen = dict.fromkeys(typed.getlist("measure"))
    return [
        Measure(
            kind=EnforcementKind(kind),
            spans=_spans(typed.get("spans", "")) if kind == EnforcementKind.REDACT_SPAN else (),
            hours=_hours(typed.get(f"{kind}_hours", "")) if kind in ENDED_BY_TIME else None,
        )
        for kind in chosen
        if kind in EnforcementKind.values
    ]


def _spans(text: str) -> tuple[tuple[int, int], ...]:
    try:
        pairs = json.loads(text or "[]")
        spans = tuple((int(start), int(end)) for start, end in pairs)
    except (ValueError, TypeError, KeyError) as error:
        raise field_problem("spans", "Select the passage again.", "unreadable_spans") from error
    if not spans:
        raise field_problem("spans", "Select a passage of the text to redact.", "no_spans")
    if len(spans) > MAX_SPANS:
        message = f"Redact at most {MAX_SPANS} passages at a time, and the rest after that."
        raise field_problem("spans", message, "too_many_spans")
    return spans


def _hours(text: str) -> int | None:
    if not text.strip():
        return None
    hours = number_of(text.strip())
    if not 1 <= hours <= MAX_HOURS:
        message = f"Give a whole number of hours from 1 to {MAX_HOURS:,}, or leave it empty."
        raise field_problem("hours", message, "unreadable_hours")
    return hours
