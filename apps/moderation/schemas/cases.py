"""What programs of staff read and write about cases and decisions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from apps.core.api.schemas import InputSchema, OutputSchema, Text
from apps.core.constants import LARGEST_NUMBER, MAX_REASON_CHARS
from apps.moderation import constants
from apps.moderation.models import Decision, RuleHit
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.enforcements import Measure

Words = Annotated[Text, StringConstraints(strip_whitespace=True, max_length=MAX_REASON_CHARS)]
Reason = Annotated[
    Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_REASON_CHARS)
]
NoteText = Annotated[
    Text,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=constants.MAX_NOTE_CHARS),
]
MAX_PLACE = 10**9
Place = Annotated[int, Field(ge=0, le=MAX_PLACE)]
Spans = list[tuple[Place, Place]]
MAX_MEASURES = 7


class CaseOut(OutputSchema):
    """A case; the text stands in its details."""

    id: int
    message_id: int | None = Field(description="Null where the case is about a person alone.")
    conversation_id: int | None
    subject_id: int
    target_role: str = Field(
        description="Who wrote the text: user or assistant; person where there is none."
    )
    policy: str | None
    severity: constants.Severity
    priority: int
    priority_reasons: list[tuple[str, int]]
    source: constants.FlagSource
    model: str
    language: str = Field(description="Code of the text's language; empty where it is unknown.")
    state: constants.CaseState
    flag_count: int
    has_appeal: bool
    due_at: datetime
    claimed_by_id: int | None
    claim_expires_at: datetime | None
    version: int = Field(description="Give it back with a decision.")
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None

    @classmethod
    def of(cls, case: Any) -> Self:  # noqa: ANN401
        """Return a case with the word for its policy."""
        values = {
            name: getattr(case, name) for name in cls.model_fields if name not in ("policy", "id")
        }
        return cls(id=case.pk, policy=case.policy.code if case.policy else None, **values)


class SnapshotOut(OutputSchema):
    """The text as it was judged, and what stood around it."""

    text: str
    shown_chars: int | None
    exchange: list[dict[str, Any]]
    model: str
    created_at: datetime


class FlagOut(OutputSchema):
    """Somebody or something pointed at the message."""

    id: int
    case_id: int
    message_id: int
    source: constants.FlagSource
    hit_id: int | None = Field(description="What a rule found, where one did.")
    reporter_id: int | None
    reason: str
    comment: str
    outcome: constants.FlagOutcome
    created_at: datetime
    decided_at: datetime | None


class FlagHitOut(OutputSchema):
    """What a rule found in the text of a case: which rule, how sure, and where to look."""

    rule_id: int
    rule: str = Field(examples=["Insults"])
    version: int
    mode: constants.RuleMode
    label: str
    score: float
    start: int | None
    end: int | None


class CaseFlagOut(FlagOut):
    """A flag of one case, with its hit, and how often its reporter was right."""

    hit: FlagHitOut | None
    reports_agreed: int
    reports_decided: int

    @classmethod
    def of(cls, flag: Any) -> Self:  # noqa: ANN401
        """Return a flag that was read with its hit and its reporter's record."""
        return cls(
            **{name: getattr(flag, name) for name in FlagOut.model_fields},
            hit=None if flag.hit is None else _found(flag.hit),
            reports_agreed=flag.agreed or 0,
            reports_decided=flag.decided or 0,
        )


def _found(hit: RuleHit) -> FlagHitOut:
    return FlagHitOut(
        rule_id=hit.rule_id,
        rule=hit.rule.name,
        version=hit.version.number,
        mode=constants.RuleMode(hit.mode),
        label=hit.label,
        score=hit.score,
        start=hit.start,
        end=hit.end,
    )


class DecisionOut(OutputSchema):
    """What was decided; `supersedes_id` is the decision whose place it took."""

    id: int
    case_id: int
    verdict: constants.Verdict
    policy_version_id: int | None
    reason: str
    reason_for_user: str
    actor_kind: constants.ActorKind
    actor_id: int | None
    actor_label: str
    supersedes_id: int | None
    batch_id: UUID | None
    is_undo: bool
    takes_back_id: int | None = Field(
        description="Which decision an undo took back: that one, or one under a lift."
    )
    is_lift: bool = Field(
        description="It only ended early what an earlier decision did to the person."
    )
    created_at: datetime

    @classmethod
    def of(cls, decision: Decision) -> Self:
        """Return a decision of the record, without reasons that are kept from the caller."""
        shown = cls.model_validate(decision)
        kept = {"reason": "", "reason_for_user": ""} if decision.is_kept else {}
        return shown.model_copy(update=kept)


class NoteOut(OutputSchema):
    """What staff told each other about a case."""

    id: int
    case_id: int
    author_id: int
    author_label: str
    text: str
    created_at: datetime


class CaseDetailOut(OutputSchema):
    """A case with its text, flags, decisions and notes."""

    case: CaseOut
    snapshot: SnapshotOut | None
    now: str = Field(
        description="How what readers see now differs from the text as judged; empty for not.",
        examples=["Hidden at present."],
    )
    flags: list[CaseFlagOut] = Field(description="The surest fifty.")
    decisions: list[DecisionOut]
    notes: list[NoteOut]


class MeasureIn(InputSchema):
    """One thing that a decision does."""

    kind: constants.EnforcementKind
    spans: Spans = Field(
        default=[], max_length=constants.MAX_SPANS, description="Start and end in code points."
    )
    hours: int | None = Field(
        default=None,
        ge=1,
        le=constants.MAX_HOURS,
        description="To restrict or suspend; null for no end.",
    )


class RulingIn(InputSchema):
    """What is decided about a case."""

    verdict: constants.Verdict = Field(examples=["violates"])
    policy: str = Field(default="", max_length=40, examples=["insults"])
    reason: Words = Field(default="", examples=["It calls somebody a fool."])
    reason_for_user: Words = Field(default="", examples=["The message insults somebody."])
    measures: list[MeasureIn] = Field(
        default=[], max_length=MAX_MEASURES, examples=[[{"kind": "hide_message"}]]
    )
    gives_points: bool = True

    def ruling(self) -> Ruling:
        """Return it as the service takes it."""
        return Ruling(
            verdict=self.verdict,
            policy_code=self.policy,
            reason=self.reason,
            reason_for_user=self.reason_for_user,
            measures=[
                Measure(kind=one.kind, spans=tuple(one.spans), hours=one.hours)
                for one in self.measures
            ],
            gives_points=self.gives_points,
        )


class DecisionIn(RulingIn):
    """What is decided, about which state of the case."""

    version: int = Field(
        ge=1, le=LARGEST_NUMBER, description="The case's version as you read it.", examples=[3]
    )
    is_override: bool = Field(default=False, description="Without the claim, as a lead.")


class ReasonIn(InputSchema):
    """Why."""

    reason: Reason = Field(examples=["The other shift has ended."])


class ReassignIn(ReasonIn):
    """Who is to decide a case, and why."""

    user_id: int = Field(ge=1, le=LARGEST_NUMBER, description="Somebody who may decide it.")


class UndoIn(ReasonIn):
    """Why a decision is taken back."""

    reason_for_user: Words = ""


class NoteIn(InputSchema):
    """What the others should know."""

    text: NoteText = Field(examples=["The person wrote to us about this."])


class PreviewOut(OutputSchema):
    """What a decision would do, and the notice word for word."""

    effect: str
    title: str
    body: str
