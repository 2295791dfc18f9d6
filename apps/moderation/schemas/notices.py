"""What people read and write about reports, notices and appeals."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, StringConstraints

from apps.core.api.schemas import InputSchema, OutputSchema, Text
from apps.moderation import constants
from apps.moderation.models import Appeal, Notice

ReportComment = Annotated[
    Text, StringConstraints(strip_whitespace=True, max_length=constants.MAX_COMMENT_CHARS)
]
AppealText = Annotated[
    Text,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=constants.MAX_APPEAL_CHARS),
]


class ReportIn(InputSchema):
    """What is wrong with a message."""

    reason: constants.FlagReason = Field(examples=["harassment"])
    comment: ReportComment = Field(default="", examples=["It calls my colleague names."])


class ReportOut(OutputSchema):
    """A report of the caller."""

    id: int
    message_id: int
    reason: str
    comment: str
    outcome: constants.FlagOutcome
    created_at: datetime


class AppealIn(InputSchema):
    """Why a decision is wrong."""

    text: AppealText = Field(examples=["It was a quotation, and I said so."])


class OwnAppealOut(OutputSchema):
    """An appeal, as whoever sent it sees it."""

    id: int
    text: str
    state: constants.AppealState
    created_at: datetime
    decided_at: datetime | None


class NoticeOut(OutputSchema):
    """What a person was told of a decision."""

    id: int
    kind: constants.NoticeKind
    title: str
    body: str
    conversation_id: int | None
    message_id: int | None
    appeal_until: datetime | None = Field(description="Null where there is nothing to appeal.")
    read_at: datetime | None
    created_at: datetime
    appeal: OwnAppealOut | None

    @classmethod
    def of(cls, notice: Notice) -> Self:
        """Return a notice with its appeal."""
        appeal: Appeal | None = getattr(notice, "appeal", None)
        return cls(
            id=notice.pk,
            kind=constants.NoticeKind(notice.kind),
            title=notice.title,
            body=notice.body,
            conversation_id=notice.conversation_id,
            message_id=notice.message_id,
            appeal_until=notice.appeal_until,
            read_at=notice.read_at,
            created_at=notice.created_at,
            appeal=None if appeal is None else OwnAppealOut.model_validate(appeal),
        )


class PointsOut(OutputSchema):
    """Points that count at the moment."""

    points: int
    given_at: datetime
    expires_at: datetime


class AccountOut(OutputSchema):
    """How the caller stands: points, what they bring next, what holds now."""

    points: int
    strikes: list[PointsOut]
    next_points: int | None
    next_consequence: str
    standing: str = Field(examples=["good"])
    standing_until: datetime | None


class ReadingOut(OutputSchema):
    """One time that a member of staff read a conversation of the caller, or passages of it."""

    grant_id: int
    conversation_id: int = Field(description="Its number, also where the conversation is gone.")
    conversation_title: str
    reader: str
    reason: str
    opened_at: datetime
    ended_at: datetime
    is_ended_early: bool = Field(description="True where staff ended it before its time.")
    read_at: list[datetime] = Field(description="The newest hundred of these times.")
    read_count: int
    is_passages: bool = Field(
        description="True where only passages were read, to measure an automatic check."
    )
    is_there: bool = Field(description="False where the conversation was deleted.")
