from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from apps.core.api.schemas import OutputSchema
from apps.llm.constants import CURRENCY, Period, QuotaKind, QuotaUnit
from apps.llm.services import money, naming, periods
from apps.llm.services.own_usage import DayOfUse, OwnUsage
from apps.llm.statements.quotas import QuotaState

AMOUNT = "Tokens as a whole number, money as decimal dollars, both as text."


class QuotaStateOut(OutputSchema):
    """A limit that counts for the person, and how far it is used in the period that runs."""

    kind: QuotaKind
    model: str = Field(
        description="Provider and name of the model it is for, where it is for one; else empty.",
        examples=["OpenAI / gpt-4o-mini"],
    )
    unit: QuotaUnit
    period: Period
    is_hard: bool = Field(description="Whether what goes beyond it is refused.")
    amount: str = Field(description=AMOUNT)
    used: str = Field(description=AMOUNT)
    reserved: str = Field(description="By answers that have not ended.")
    left: str = Field(description=AMOUNT)
    resets_at: datetime

    @classmethod
    def of(cls, state: QuotaState) -> QuotaStateOut:
        """Return a limit as its person sees it."""

        def write(value: int) -> str:
            return str(value) if state.unit == QuotaUnit.TOKENS else money.plain(value) or "0"

        return cls.model_construct(
            kind=QuotaKind(state.kind),
            model=naming.label_of(state.chat_model_id, state.model_name),
            unit=QuotaUnit(state.unit),
            period=Period(state.period),
            is_hard=state.is_hard,
            amount=write(state.amount),
            used=write(state.used),
            reserved=write(state.reserved),
            left=write(state.left),
            resets_at=state.resets_at,
        )


class DayOfUseOut(OutputSchema):
    """What was used on one day."""

    day: date
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost: str = Field(description="Decimal dollars; leaves out calls that have no price.")
    unpriced_calls: int

    @classmethod
    def of(cls, day: DayOfUse) -> DayOfUseOut:
        """Return one day."""
        return cls.model_construct(
            day=day.day,
            calls=day.calls,
            prompt_tokens=day.prompt_tokens,
            completion_tokens=day.completion_tokens,
            cost=money.plain(day.cost_nano) or "0",
            unpriced_calls=day.unpriced_calls,
        )


class UsageReportOut(OutputSchema):
    """The limits of a person, and 30 days until today, oldest first."""

    quotas: list[QuotaStateOut]
    days: list[DayOfUseOut]
    currency: str
    time_zone: str = Field(description="Whose calendar days and periods follow.")

    @classmethod
    def of(cls, found: OwnUsage) -> UsageReportOut:
        """Return what was found."""
        return cls.model_construct(
            quotas=[QuotaStateOut.of(state) for state in found.quotas],
            days=[DayOfUseOut.of(day) for day in found.days],
            currency=CURRENCY,
            time_zone=periods.zone().key,
        )
