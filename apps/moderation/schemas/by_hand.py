"""What programs of staff write to act outside the queue: on a message, or on a person."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from apps.core.api.schemas import InputSchema, Moment
from apps.core.constants import LARGEST_NUMBER
from apps.moderation.schemas.cases import Reason, ReasonIn, Words


class HideIn(InputSchema):
    """Why a message is hidden without its case being read first."""

    policy: str = Field(max_length=40, examples=["insults"])
    reason: Reason = Field(examples=["It calls somebody a fool."])
    reason_for_user: Words = Field(default="", examples=["The message insults somebody."])


class FlagIn(ReasonIn):
    """Why somebody else should decide about a message."""

    policy: str = Field(
        default="",
        max_length=40,
        description="What it may go against: it sets how urgent the case is.",
        examples=["insults"],
    )


class PersonMeasureIn(InputSchema):
    """What is done to a person outside the queue, and why."""

    kind: Literal["warn", "restrict", "suspend"]
    policy: str = Field(max_length=40, examples=["insults"])
    reason: Reason = Field(examples=["Made the same account again after each suspension."])
    reason_for_user: Reason = Field(examples=["You came back with another account."])
    until: Moment | None = Field(default=None, description="Null for no end; a warning has none.")
    message_id: int | None = Field(
        default=None,
        ge=1,
        le=LARGEST_NUMBER,
        description="In which message of theirs; null where it is none.",
    )


class LiftIn(InputSchema):
    """Why what keeps a person out ends early."""

    reason: Reason = Field(examples=["They wrote to us and we believe them."])
    reason_for_user: Words = Field(default="", examples=["Thank you for writing to us."])
