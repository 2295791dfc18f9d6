"""What programs of staff read of the records: decisions, what they did, points, notices, hits."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from django.utils import timezone
from pydantic import Field

from apps.core.api.schemas import OutputSchema, PageParams
from apps.core.constants import LARGEST_NUMBER
from apps.moderation import constants
from apps.moderation.models import Enforcement, Notice, RuleHit, Strike
from apps.moderation.schemas.case_reading import StrikeOut

Number = Annotated[int | None, Field(ge=1, le=LARGEST_NUMBER)]


class DecisionParams(PageParams):
    """Which decisions; what is left out does not narrow the list."""

    case_id: Number = None
    actor_id: Number = None
    batch_id: UUID | None = None


class EnforcementParams(PageParams):
    """Which enforcements."""

    decision_id: Number = None
    subject_id: Number = None
    message_id: Number = None
    kind: constants.EnforcementKind | None = None


class PersonParams(PageParams):
    """Of whom, and of which decision."""

    subject_id: Number = None
    decision_id: Number = None


class HitParams(PageParams):
    """Which hits."""

    rule_id: Number = None
    message_id: Number = None


class FlagParams(PageParams):
    """Which flags."""

    case_id: Number = None
    hit_id: Number = None
    reporter_id: Number = None


class NoteParams(PageParams):
    """Which notes."""

    case_id: Number = None
    author_id: Number = None


class EnforcementOut(OutputSchema):
    """One thing that a decision did, and whether it holds."""

    id: int
    decision_id: int
    kind: constants.EnforcementKind
    state: constants.EnforcementState
    message_id: int | None
    conversation_id: int | None
    subject_id: int | None
    created_at: datetime
    ends_at: datetime | None
    reversed_by_id: int | None

    @classmethod
    def of(cls, enforcement: Enforcement) -> Self:
        """Return it as it is at the moment: what has an end is over by itself then."""
        shown = cls.model_validate(enforcement)
        return shown.model_copy(update={"state": enforcement.state_at(timezone.now())})


class StrikeRecordOut(StrikeOut):
    """Points that a person got; `overruled_by_id` is the decision that made them count no more."""

    subject_id: int
    overruled_by_id: int | None

    @classmethod
    def of(cls, strike: Strike) -> Self:
        """Return points that were read with their decision."""
        return cls(
            subject_id=strike.subject_id,
            overruled_by_id=strike.overruled_by_id,
            **StrikeOut.of(strike).model_dump(),
        )


class SentNoticeOut(OutputSchema):
    """What a person was told, word for word."""

    id: int
    subject_id: int
    decision_id: int
    kind: constants.NoticeKind
    title: str
    body: str
    appeal_until: datetime | None
    read_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, notice: Notice) -> Self:
        """Return a notice of the record, without words that are kept from the caller."""
        shown = cls.model_validate(notice)
        return shown.model_copy(update={"body": ""}) if notice.is_kept else shown


class RuleHitOut(OutputSchema):
    """A rule found something: where, how sure, what came of it; never the text."""

    id: int
    rule_id: int
    version: int = Field(description="The number of the rule's version.")
    mode: constants.RuleMode = Field(description="The rule's, as it hit.")
    stage: constants.Stage
    outcome: constants.HitOutcome
    message_id: int | None
    label: str
    score: float
    start: int | None
    end: int | None
    shown_chars: int = Field(description="How much of an answer its reader had seen.")
    latency_us: int
    created_at: datetime

    @classmethod
    def of(cls, hit: RuleHit) -> Self:
        """Return a hit that was read with its version."""
        own = set(cls.model_fields) - {"version"}
        values = {name: getattr(hit, name) for name in own}
        return cls(version=hit.version.number, **values)
