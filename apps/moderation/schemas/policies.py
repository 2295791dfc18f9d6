"""What programs of staff read and write about policies, and about what points bring."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self, cast

from pydantic import Field, StringConstraints

from apps.core.api.schemas import InputSchema, OutputSchema, PageParams, Text
from apps.moderation import constants
from apps.moderation.models import Policy, PolicyVersion
from apps.moderation.schemas.cases import Reason
from apps.moderation.services.policies import policies, policy_desk

CODE = f"^{policies.CODE.pattern}$"
Title = Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
ForUsers = Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000)]
Guidance = Annotated[Text, StringConstraints(strip_whitespace=True, max_length=8_000)]
Example = Annotated[Text, StringConstraints(strip_whitespace=True, max_length=1_000)]
Consequence = Literal["warn", "restrict", "suspend"]


class PolicyParams(PageParams):
    """Which policies."""

    use: policy_desk.Use = Field(
        default="in_use", description="Those in use, those that were taken out of use, or any."
    )


class PolicyOut(OutputSchema):
    """A policy in its present wording."""

    id: int
    code: str
    is_active: bool = Field(description="Whether moderators decide by it.")
    title: str
    text_for_users: str
    guidance: str
    good_example: str
    bad_example: str
    reason_template: str
    severity: constants.Severity
    strike_points: int
    sla_minutes: int
    shortcut: int | None
    version: int = Field(description="The number of its present wording.")

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """Return a policy that has a present wording, as it is worded now."""
        current = cast("PolicyVersion", policy.current)
        return cls(
            id=policy.pk,
            code=policy.code,
            is_active=policy.is_active,
            title=current.title,
            text_for_users=current.text_for_users,
            guidance=current.guidance,
            good_example=current.good_example,
            bad_example=current.bad_example,
            reason_template=current.reason_template,
            severity=constants.Severity(policy.severity),
            strike_points=policy.strike_points,
            sla_minutes=policy.sla_minutes,
            shortcut=policy.shortcut,
            version=current.number,
        )


class PolicyVersionOut(OutputSchema):
    """One wording of a policy; a version never changes."""

    id: int
    number: int
    title: str
    text_for_users: str
    guidance: str
    good_example: str
    bad_example: str
    reason_template: str
    created_by_id: int | None
    created_at: datetime


class PolicyVersionIn(InputSchema):
    """A whole version of a policy: all of it, so that nothing is emptied by leaving it out."""

    title: Title = Field(examples=["No insults"])
    text_for_users: ForUsers = Field(examples=["Do not insult other people."])
    guidance: Guidance = Field(examples=["A quotation that is named as one is no insult."])
    good_example: Example = Field(examples=["Why do people insult each other?"])
    bad_example: Example = Field(examples=["You fool."])
    reason_template: Example = Field(examples=["The message insults somebody."])
    severity: constants.Severity = Field(examples=[2])
    strike_points: int = Field(ge=0, le=policies.MAX_POINTS, examples=[2])
    sla_minutes: int = Field(
        ge=1, le=policies.MAX_SLA_MINUTES, description="Decide within so long.", examples=[240]
    )
    shortcut: int | None = Field(ge=1, le=9, description="Its number key; null for none.")
    reason: Reason = Field(examples=["Moderators asked what a quotation is."])

    def wording(self) -> policies.Wording:
        """Return what it says, as the service takes it."""
        return policies.Wording(
            title=self.title,
            text_for_users=self.text_for_users,
            guidance=self.guidance,
            good_example=self.good_example,
            bad_example=self.bad_example,
            reason_template=self.reason_template,
        )

    def terms(self) -> policies.Terms:
        """Return how heavy it weighs, as the service takes it."""
        return policies.Terms(
            severity=self.severity,
            strike_points=self.strike_points,
            sla_minutes=self.sla_minutes,
            shortcut=self.shortcut,
        )


class PolicyIn(PolicyVersionIn):
    """A policy with its first version; the code stays for ever."""

    code: str = Field(pattern=CODE, examples=["insults"])


class ThresholdOut(OutputSchema):
    """What a number of points brings."""

    id: int
    points: int
    consequence: Consequence
    hours: int | None = Field(description="How long; null for until it is lifted.")


class ThresholdIn(InputSchema):
    """What a number of points brings from now on; what it brought stays."""

    points: int = Field(ge=1, le=policies.MAX_POINTS, examples=[6])
    consequence: Consequence = Field(examples=["restrict"])
    hours: int | None = Field(
        ge=1,
        le=constants.MAX_HOURS,
        description="How long; null for until it is lifted, and for a warning.",
        examples=[24],
    )
    reason: Reason = Field(examples=["A day suffices the first time."])
