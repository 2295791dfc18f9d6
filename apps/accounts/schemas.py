"""What people and programs read and write about exports and about limits of tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, StringConstraints

from apps.accounts.constants import ExportState
from apps.accounts.models import DataExport
from apps.core.api.schemas import InputSchema, OutputSchema, Text
from apps.core.constants import MAX_REASON_CHARS
from apps.llm.constants import Period, QuotaUnit
from apps.llm.schemas import QuotaStateOut
from apps.llm.statements.quotas import QuotaState

Reason = Annotated[Text, StringConstraints(strip_whitespace=True, max_length=MAX_REASON_CHARS)]


class ExportOut(OutputSchema):
    """An export of everything that a person owns, and how far it is."""

    id: int
    state: ExportState = Field(examples=["ready"])
    conversations_done: int
    conversations_total: int
    size: int = Field(description="In bytes, once it is ready.")
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None = Field(description="It is removed then.")

    @classmethod
    def of(cls, export: DataExport) -> Self:
        """Return an export as its owner sees it."""
        return cls.model_validate(export)


class TokenLimitIn(InputSchema):
    """How much a token may use in a period of the calendar."""

    unit: QuotaUnit
    period: Period
    amount: Annotated[Text, StringConstraints(min_length=1, max_length=24)] = Field(
        description="Tokens as a whole number, money as decimal dollars, both as text."
    )
    is_hard: bool = Field(
        default=True, description="Whether what goes beyond it is refused; else you are told."
    )
    reason: Reason = Field(
        default="", description="Why; admins give one for the token of a service account."
    )


class TokenLimitOut(QuotaStateOut):
    """A limit of a token, and how far it is used in the period that runs."""

    id: int
    by_staff: bool = Field(description="Whether staff set it, who alone change and end it.")

    @classmethod
    def of(cls, state: QuotaState) -> TokenLimitOut:
        """Return a limit as the token's owner sees it."""
        shown = QuotaStateOut.of(state)
        return cls.model_construct(id=state.quota_id, by_staff=state.by_staff, **dict(shown))
