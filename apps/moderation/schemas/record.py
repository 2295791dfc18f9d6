"""What programs of staff read of the audit record."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from pydantic import Field, model_validator

from apps.audit.constants import AuditAction
from apps.audit.models import AuditEvent
from apps.core.api.schemas import OutputSchema, PageParams
from apps.core.constants import LARGEST_NUMBER


class AuditParams(PageParams):
    """Which events; what is left out does not narrow the list."""

    action: AuditAction | None = None
    actor_id: int | None = Field(default=None, ge=1, le=LARGEST_NUMBER)
    target_type: str | None = Field(
        default=None, pattern="^[a-z_]{1,40}$", description="Together with `target_id`."
    )
    target_id: int | None = Field(default=None, ge=0, le=LARGEST_NUMBER)

    @model_validator(mode="after")
    def name_a_target_whole(self) -> Self:
        """Refuse half a target: it could be found only by reading the whole record."""
        if (self.target_type is None) != (self.target_id is None):
            msg = "Give target_type and target_id together."
            raise ValueError(msg)
        return self


class AuditEventOut(OutputSchema):
    """Who did what, to what, and why; `actor_id` is null for the product itself."""

    id: int
    actor_id: int | None
    actor_label: str
    action: str = Field(examples=["case.decided"])
    target_type: str = Field(examples=["case"])
    target_id: int
    reason: str
    data: dict[str, Any]
    correlation_id: str
    created_at: datetime

    @classmethod
    def of(cls, event: AuditEvent) -> Self:
        """Return an event, without a reason that is kept from the caller."""
        shown = cls.model_validate(event)
        return shown.model_copy(update={"reason": event.reason_shown, "data": event.data_shown})
