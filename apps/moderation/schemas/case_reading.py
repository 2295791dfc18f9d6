"""What programs of staff read around a case: more of the conversation, and who wrote it."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from apps.core.api.schemas import OutputSchema
from apps.core.constants import LARGEST_NUMBER
from apps.moderation import constants
from apps.moderation.models import Decision, Strike
from apps.moderation.services.desk.case_reading import PersonOfCase
from apps.moderation.services.desk.case_subjects import COUNT_LIMIT
from apps.moderation.services.desk.case_texts import Exchange, Line


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


COUNTED = f"Counted up to {COUNT_LIMIT + 1:,}, which says that there are more."


class RestrictionOut(OutputSchema):
    """A restriction or suspension that holds."""

    id: int
    kind: str = Field(examples=["restriction"])
    created_at: datetime
    ends_at: datetime | None


class StrikeOut(OutputSchema):
    """Points that count at the moment, and the case that brought them."""

    id: int
    case_id: int
    decision_id: int
    points: int
    created_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, strike: Strike) -> Self:
        """Return points that were read with their decision."""
        return cls(
            id=strike.pk,
            case_id=strike.decision.case_id,
            decision_id=strike.decision_id,
            points=strike.points,
            created_at=strike.created_at,
            expires_at=strike.expires_at,
        )


class EarlierDecisionOut(OutputSchema):
    """How another case of the person ended; why, its own page says."""

    id: int
    case_id: int
    verdict: constants.Verdict
    policy: str = Field(description="The policy's title as it was; empty for none.")
    actor_kind: constants.ActorKind
    actor_label: str
    created_at: datetime

    @classmethod
    def of(cls, decision: Decision) -> Self:
        """Return a decision that was read with its policy."""
        version = decision.policy_version
        return cls(
            id=decision.pk,
            case_id=decision.case_id,
            verdict=constants.Verdict(decision.verdict),
            policy="" if version is None else version.title,
            actor_kind=constants.ActorKind(decision.actor_kind),
            actor_label=decision.actor_label,
            created_at=decision.created_at,
        )


class PersonOut(OutputSchema):
    """The person whom a case is about; an address is revealed for a reason only."""

    user_id: int
    name: str
    is_gone: bool = Field(description="Whether the account was removed.")
    joined: datetime | None
    standing: str = Field(description="In words.", examples=["Good"])
    messages: int = Field(description=COUNTED)
    open_cases: int = Field(description=COUNTED)
    violations: int = Field(description=f"In 90 days. {COUNTED}")
    others: int = Field(description=f"Decided otherwise in 90 days. {COUNTED}")
    points: int
    next_points: int | None
    next_consequence: str = Field(examples=["Restrict the person"])
    appeals_won: int
    appeals_lost: int
    restrictions: list[RestrictionOut]
    strikes: list[StrikeOut] = Field(description="The newest twenty that count.")
    decisions: list[EarlierDecisionOut] = Field(
        description="The newest twenty that hold, about other cases."
    )

    @classmethod
    def of(cls, person: PersonOfCase) -> Self:
        """Return a person's card with its rows."""
        rows = ("restrictions", "strikes", "decisions")
        figures = {
            name: getattr(person.card, name) for name in cls.model_fields if name not in rows
        }
        return cls(
            **figures,
            restrictions=[RestrictionOut.model_validate(one) for one in person.restrictions],
            strikes=[StrikeOut.of(one) for one in person.strikes],
            decisions=[EarlierDecisionOut.of(one) for one in person.decisions],
        )


class SimilarOut(OutputSchema):
    """A decided case that has something in common with this one."""

    case_id: int
    verdict: constants.Verdict
    policy: str
    decided_at: datetime
    shared: str = Field(
        description="`same passage`, `same person` or `same rule`.", examples=["same rule"]
    )


class TimelineEntryOut(OutputSchema):
    """One thing that happened to a case."""

    at: datetime
    actor: str = Field(description="Empty for the product itself.", examples=["Mo"])
    what: str = Field(examples=["took the case"])
    words: str
    is_note: bool


class StandingOut(OutputSchema):
    """Who holds a case at the moment."""

    id: int
    state: constants.CaseState
    version: int
    is_mine: bool
    holder: str = Field(description="Empty where nobody holds it.", examples=["Mo"])
    seconds_left: int
    why_not: str = Field(
        description="Why you do not decide it at the moment; empty where you may.", examples=[""]
    )
