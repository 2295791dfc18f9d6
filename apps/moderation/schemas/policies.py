"""What programs of staff read about policies."""

from __future__ import annotations

from typing import Self, cast

from apps.core.api.schemas import OutputSchema
from apps.moderation import constants
from apps.moderation.models import Policy, PolicyVersion


class PolicyOut(OutputSchema):
    """A policy in its present wording."""

    code: str
    title: str
    text_for_users: str
    guidance: str
    severity: constants.Severity
    strike_points: int
    sla_minutes: int
    shortcut: int | None

    @classmethod
    def of(cls, policy: Policy) -> Self:
        """Return a policy that has a present wording, as it is worded now."""
        current = cast("PolicyVersion", policy.current)
        return cls(
            code=policy.code,
            title=current.title,
            text_for_users=current.text_for_users,
            guidance=current.guidance,
            severity=constants.Severity(policy.severity),
            strike_points=policy.strike_points,
            sla_minutes=policy.sla_minutes,
            shortcut=policy.shortcut,
        )
