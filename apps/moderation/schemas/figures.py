"""What programs of leads and auditors read: the dashboard's figures."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from apps.core.api.schemas import OutputSchema
from apps.moderation import constants
from apps.moderation.schemas.rules import RuleShareOut
from apps.moderation.services.figures.metrics_decisions import SHOWN_BANDS
from apps.moderation.services.figures.metrics_queue import BANDS

SECONDS = "In seconds; null where there was none."


class WaitingOut(OutputSchema):
    """The cases of one severity that are not closed; times in seconds."""

    severity: constants.Severity
    total: int
    overdue: int
    p50: float
    p95: float
    oldest: float
    bands: list[int] = Field(description=f"By age: {', '.join(label for label, _ in BANDS)}.")


class FlowDayOut(OutputSchema):
    """What came into the queue and left it in one day."""

    day: date
    opened: int
    by_source: dict[str, int] = Field(description="Of those that were opened for the first time.")
    reopened: int = Field(description="Closed cases that were opened again; not among `opened`.")
    closed: int = Field(description="Each time counts, also where the case was opened again.")
    at_once: int = Field(description="Closed in the act that opened them: they never waited.")
    in_time: int = Field(description="Of those that waited.")


class FirstDecisionsOut(OutputSchema):
    """How long first decisions took; `day` is null for all days together.

    A case that staff opened by hiding its message is not among them.
    """

    day: date | None
    number: int
    p50: float | None = Field(description=SECONDS)
    p95: float | None = Field(description=SECONDS)


class QueueFiguresOut(OutputSchema):
    """The queue in figures."""

    backlog: int
    waiting: list[WaitingOut]
    flow: list[FlowDayOut]
    first_by_day: list[FirstDecisionsOut]
    first: FirstDecisionsOut


class DecisionHourOut(OutputSchema):
    """How many decisions were made in one hour."""

    begins: datetime
    by_people: int
    by_rules: int


class OverturnedOut(OutputSchema):
    """Verdicts of one week, and those of them that did not last."""

    begins: date | None
    total: int
    by_appeal: int
    by_same: int
    by_other: int
    share: RuleShareOut


class InViewOut(OutputSchema):
    """How long texts were in view before they were taken from it."""

    day: date | None
    who: str
    number: int
    p50: float | None = Field(description=SECONDS)
    p95: float | None = Field(description=SECONDS)


class ShownOut(OutputSchema):
    """How many characters people had seen of what rules withheld."""

    number: int
    bands: list[int] = Field(
        description=f"By characters: {', '.join(label for label, _ in SHOWN_BANDS)}."
    )
    p50: float | None
    p95: float | None
    most: int | None


class NoticeDayOut(OutputSchema):
    """Violations of one day that had effects, and those whose person was told."""

    day: date
    acted: int
    told: int
    untold_case: int | None


class DecisionFiguresOut(OutputSchema):
    """Decisions in figures."""

    hours: list[DecisionHourOut]
    overturned: list[OverturnedOut]
    in_view: list[InViewOut]
    in_view_by: list[InViewOut]
    shown: ShownOut
    notices: list[NoticeDayOut]


class RuleFiguresOut(OutputSchema):
    """One rule over the period."""

    rule_id: int
    name: str
    mode: constants.RuleMode
    kind: constants.RuleKind
    shadow_since: datetime | None
    precision: RuleShareOut
    hits: int
    acted: int
    errors: int
    timeouts: int
    latency_ms: float | None
    slowest_ms: float
    looks_per_true_hit: float | None


class FailureDayOut(OutputSchema):
    """Checks of one day that failed, and those of them that were given up on."""

    day: date
    errors: int
    timeouts: int


class ModelFiguresOut(OutputSchema):
    """How the answers of one model ended."""

    model: str
    ended: int
    stopped: RuleShareOut
    withheld: RuleShareOut
    halted: int
    failed: int


class GuardFiguresOut(OutputSchema):
    """Rules, failed checks and models in figures."""

    rules: list[RuleFiguresOut]
    failures: list[FailureDayOut]
    models: list[ModelFiguresOut]


class ExposureOut(OutputSchema):
    """How many severe cases one member of staff took; nobody's speed is a figure."""

    name: str
    last_day: int
    last_week: int
    period: int
    is_over: bool


class ReadingDayOut(OutputSchema):
    """Conversations that staff opened in one day."""

    day: date
    readings: int
    without_case: int
    grants: int


class ReaderOut(OutputSchema):
    """How many conversations one member of staff opened."""

    name: str
    readings: int
    without_case: int


class CareFiguresOut(OutputSchema):
    """What staff had to see, and what they read of others."""

    exposures: list[ExposureOut]
    days: list[ReadingDayOut]
    readers: list[ReaderOut]
    live_grants: int


class OutcomeDayOut(OutputSchema):
    """What came of a rule's hits in one day."""

    day: date
    by_outcome: dict[str, int]


class VersionFiguresOut(OutputSchema):
    """How right one version was."""

    number: int
    precision: RuleShareOut


class WeekFiguresOut(OutputSchema):
    """How right the hits of one week were."""

    begins: date
    precision: RuleShareOut


class RuleScorecardOut(OutputSchema):
    """One rule in figures."""

    rule_id: int
    name: str
    mode: constants.RuleMode
    kind: constants.RuleKind
    policy: str
    days: list[OutcomeDayOut]
    versions: list[VersionFiguresOut]
    weeks: list[WeekFiguresOut]
    precision: RuleShareOut
    hits: int
    errors: int
    p50_ms: float | None
    p95_ms: float | None
    check_ms: float
    looks_per_true_hit: float | None
    check_ms_per_true_hit: float | None
