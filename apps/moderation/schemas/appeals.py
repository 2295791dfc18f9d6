"""What programs of staff read and write about appeals, and about reading without a case."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import Field

from apps.core.api.schemas import InputSchema, OutputSchema, PageParams
from apps.core.constants import LARGEST_NUMBER
from apps.moderation import constants
from apps.moderation.models import Appeal
from apps.moderation.schemas.cases import Reason, ReasonIn, Words


class AppealOut(OutputSchema):
    """An appeal; the first decision's reason is null until you have noted your opinion."""

    id: int
    case_id: int
    decision_id: int
    notice_id: int
    subject_id: int
    text: str
    state: constants.AppealState
    first_opinion: str
    reviewer_id: int | None
    outcome_id: int | None
    first_reason: str | None
    created_at: datetime
    decided_at: datetime | None

    @classmethod
    def of(cls, appeal: Appeal, *, shows_reasons: bool) -> Self:
        """Return an appeal, with the first reasons where they may be shown."""
        names = set(cls.model_fields) - {"id", "first_reason"}
        return cls(
            id=appeal.pk,
            first_reason=appeal.decision.reason if shows_reasons else None,
            **{name: getattr(appeal, name) for name in names},
        )


class AppealListParams(PageParams):
    """Which appeals."""

    state: constants.AppealState | None = None
    case_id: int | None = Field(default=None, ge=1, le=LARGEST_NUMBER)


class OpinionIn(InputSchema):
    """What the reviewer thinks of the text, before reading the first reasons."""

    verdict: constants.Verdict = Field(examples=["no_violation"])


class ReviewIn(InputSchema):
    """What is decided about an appeal."""

    version: int = Field(
        ge=1, le=LARGEST_NUMBER, description="The case's version as you read it.", examples=[5]
    )
    outcome: constants.AppealState = Field(description="upheld or overturned", examples=["upheld"])
    reason: Reason = Field(examples=["The quotation marks were added later."])
    reason_for_user: Words = ""


class GrantIn(ReasonIn):
    """Which conversation somebody wants to read, and why."""

    conversation_id: int = Field(ge=1, le=LARGEST_NUMBER)


class GrantListParams(PageParams):
    """Which grants; `is_live` leaves those by which somebody may read now."""

    conversation_id: int | None = Field(default=None, ge=1, le=LARGEST_NUMBER)
    reader_id: int | None = Field(default=None, ge=1, le=LARGEST_NUMBER)
    is_live: bool | None = None


class GrantOut(OutputSchema):
    """Leave to read one conversation for a time; its owner can see it."""

    id: int
    conversation_id: int | None = Field(description="Null where the conversation is gone.")
    reader_id: int | None = Field(description="Null where the account is gone.")
    reason: str
    created_at: datetime
    expires_at: datetime
    state: constants.GrantState = Field(examples=["live"])
    revoked_at: datetime | None = Field(description="When it was ended early.")
    revoked_by_id: int | None
    revoke_reason: str = Field(description="May be empty where its reader ended it.")
