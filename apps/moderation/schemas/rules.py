"""What programs of staff read and write about rules and their back-tests."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints

from apps.core.api.schemas import InputSchema, Moment, OutputSchema, PageParams, Text
from apps.core.constants import LARGEST_NUMBER, MAX_REASON_CHARS
from apps.moderation import constants
from apps.moderation.models import Rule
from apps.moderation.services.figures.intervals import Share
from apps.moderation.services.rules import rules, trying
from apps.moderation.services.rules.scorecards import Scorecard

Words = Annotated[Text, StringConstraints(strip_whitespace=True, max_length=MAX_REASON_CHARS)]
CONFIGURATION = Field(
    description="By kind: `terms`, `match`, `fold`; `pattern`, `ignore_case`, `look_back`; "
    "`types`; `categories`, `model`; `instruction`, `model`; `limit`, `seconds`.",
    examples=[{"terms": ["badword"], "match": "word", "fold": True}],
)


class RuleParams(PageParams):
    """Which rules."""

    mode: constants.RuleMode | None = None
    kind: constants.RuleKind | None = None


class RuleShareOut(OutputSchema):
    """So many of so many, with the interval that holds the true share 95 times in 100."""

    hits: int
    total: int
    value: float | None
    low: float
    high: float

    @classmethod
    def of(cls, share: Share) -> Self:
        """Return a share."""
        return cls(
            hits=share.hits, total=share.total, value=share.value, low=share.low, high=share.high
        )


class RuleVersionOut(OutputSchema):
    """What a rule looks for; a version never changes."""

    id: int
    number: int
    configuration: dict[str, Any]
    threshold: float
    note: str
    created_by_id: int | None
    created_at: datetime


class RuleOut(OutputSchema):
    """A rule with the version that it has now."""

    id: int
    name: str
    description: str
    kind: constants.RuleKind
    stage: constants.Stage
    applies_to: constants.AppliesTo
    policy: str
    mode: constants.RuleMode
    action: constants.RuleAction
    on_error: constants.OnError
    daily_cap: int | None
    expires_at: datetime | None
    demoted_reason: str
    version: RuleVersionOut | None
    updated_at: datetime

    @classmethod
    def of(cls, rule: Rule) -> Self:
        """Return a rule with the word for its policy."""
        own = set(cls.model_fields) - {"policy", "version"}
        version = None if rule.current is None else RuleVersionOut.model_validate(rule.current)
        values = {name: getattr(rule, name) for name in own}
        return cls(policy=rule.policy.code, version=version, **values)


class RuleIn(InputSchema):
    """A rule with its first version; it is off until somebody sets its mode."""

    name: Annotated[Text, StringConstraints(min_length=1, max_length=80)] = Field(
        examples=["Insults"]
    )
    description: Words = ""
    kind: constants.RuleKind = Field(examples=["keyword"])
    stage: constants.Stage = Field(examples=["input"])
    applies_to: constants.AppliesTo = Field(examples=["user"])
    policy: str = Field(max_length=40, examples=["insults"])
    configuration: dict[str, Any] = CONFIGURATION
    threshold: float = Field(default=0.5, gt=0, le=1)
    note: Words = ""

    def plan(self) -> rules.Plan:
        """Return it as the service takes it."""
        return rules.Plan(
            name=self.name,
            kind=self.kind,
            stage=self.stage,
            applies_to=self.applies_to,
            policy_code=self.policy,
            description=self.description,
        )


class RuleVersionIn(InputSchema):
    """Another version."""

    configuration: dict[str, Any] = CONFIGURATION
    threshold: float = Field(default=0.5, gt=0, le=1)
    note: Words = Field(default="", examples=["Without the word that meant something else."])


class ModeIn(InputSchema):
    """What a hit does from now on."""

    mode: constants.RuleMode = Field(examples=["shadow"])
    version_id: int | None = Field(
        default=None, ge=1, le=LARGEST_NUMBER, description="Null for the present one."
    )
    override_reason: Words = Field(
        default="", description="Why it may enforce although it is not proven."
    )


class LimitsIn(InputSchema):
    """What a rule may do from now on: all four, so that none is set by leaving it out."""

    action: constants.RuleAction = Field(examples=["block"])
    on_error: constants.OnError = Field(examples=["open"])
    daily_cap: int | None = Field(
        ge=0,
        le=rules.MAX_DAILY_CAP,
        description="How many people it may act on in a day; null for no cap.",
        examples=[50],
    )
    expires_at: Moment | None = Field(
        description="When it turns itself off; null for no end.", examples=[None]
    )

    def limits(self) -> rules.Limits:
        """Return them as the service takes them."""
        return rules.Limits(**dict(self))


class TryIn(InputSchema):
    """A text to look at; nothing of it is stored."""

    text: Annotated[Text, StringConstraints(max_length=trying.MAX_TEXT)] = Field(
        examples=["A text with a b.a.d.w.o.r.d in it."]
    )
    configuration: dict[str, Any] | None = Field(
        default=None, description="A version that is not saved; null for the present one."
    )


class TrialHitOut(OutputSchema):
    """A rule that hits the text."""

    name: str
    version: str
    mode: str
    label: str
    passage: str


class TrialOut(OutputSchema):
    """What all rules that are on, and this one, find in a text."""

    hits: list[TrialHitOut]
    milliseconds: float
    rules: int


class ScorecardOut(OutputSchema):
    """A rule's figures over a week."""

    precision: RuleShareOut
    hits: int
    hits_of_day: int
    acted: int
    errors: int
    latency_ms: tuple[float, float] | None = Field(description="Median and 95th percentile.")
    looks_per_true_hit: float | None

    @classmethod
    def of(cls, card: Scorecard) -> Self:
        """Return a scorecard."""
        own = set(cls.model_fields) - {"precision"}
        values = {name: getattr(card, name) for name in own}
        return cls(precision=RuleShareOut.of(card.precision), **values)


class RuleEventOut(OutputSchema):
    """Who did what to a rule."""

    id: int
    actor_id: int | None
    actor_label: str
    action: str
    reason: str
    data: dict[str, Any]
    created_at: datetime
