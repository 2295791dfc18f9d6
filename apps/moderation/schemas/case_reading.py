"""What programs of staff read around a case: more of the conversation, and who wrote it."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, Field

from apps.core.api.schemas import OutputSchema
from apps.core.constants import LARGEST_NUMBER
from apps.moderation.services.case_texts import Exchange, Line


class BeyondParams(BaseModel):
    """From where a conversation is read on."""

    beyond: int = Field(
        ge=1,
        le=LARGEST_NUMBER,
        description="The outermost message that you have: before the case's, or after it.",
    )


class LineOut(OutputSchema):
    """One message; the text is empty where staff hid it."""

    id: int
    role: str
    text: str
    is_hidden: bool
    withheld: str = Field(description="How many passages were taken out; empty for none.")

    @classmethod
    def of(cls, line: Line) -> Self:
        """Return a message as plain text."""
        return cls(
            id=line.id,
            role=line.role,
            text=line.plain,
            is_hidden=line.is_hidden,
            withheld=line.withheld,
        )


class ExchangeOut(OutputSchema):
    """More of the conversation, oldest first, and whether there is still more."""

    before: list[LineOut]
    after: list[LineOut]
    has_earlier: bool
    has_later: bool

    @classmethod
    def of(cls, exchange: Exchange) -> Self:
        """Return what was said before or after."""
        return cls(
            before=[LineOut.of(line) for line in exchange.before],
            after=[LineOut.of(line) for line in exchange.after],
            has_earlier=exchange.has_earlier,
            has_later=exchange.has_later,
        )


class AddressOut(OutputSchema):
    """The address of the person whom a case is about."""

    email: str
