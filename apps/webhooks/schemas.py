from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from apps.core.api.schemas import InputSchema, Moment, OutputSchema, PageParams, Text
from apps.core.constants import MAX_REASON_CHARS
from apps.webhooks import constants
from apps.webhooks.constants import DeliveryState, EventType

Url = Annotated[Text, StringConstraints(strip_whitespace=True, max_length=constants.MAX_URL_CHARS)]
Description = Annotated[
    Text, StringConstraints(strip_whitespace=True, max_length=constants.MAX_DESCRIPTION_CHARS)
]
Reason = Annotated[Text, StringConstraints(strip_whitespace=True, max_length=MAX_REASON_CHARS)]
EventTypes = Annotated[list[EventType], Field(min_length=1, max_length=len(EventType))]


class WebhookCreateIn(InputSchema):
    """Where somebody wants to be told, and of what."""

    url: Url = Field(description="A public address; https when deployed.")
    event_types: EventTypes
    description: Description = ""
    reason: Reason = Field(default="", description="Why; kept in the audit.")


class WebhookUpdateIn(InputSchema):
    """What is to change; a field that is left out stays as it is."""

    url: Url | None = None
    event_types: EventTypes | None = None
    description: Description | None = None
    is_enabled: bool | None = None
    reason: Reason = Field(default="", description="Why; kept in the audit.")

    def changes(self) -> dict[str, object]:
        """Return the fields that were sent."""
        return self.model_dump(exclude={"reason"}, exclude_none=True)


class WebhookReasonIn(InputSchema):
    """Why something is done."""

    reason: Reason = Field(default="", description="Why; kept in the audit.")


class RedeliverIn(WebhookReasonIn):
    """From when on what was given up is tried again."""

    since: Moment


class WebhookOut(OutputSchema):
    """A webhook without its secret."""

    id: int
    url: str
    description: str
    event_types: list[EventType]
    is_enabled: bool
    off_because: str = Field(description="Why it is off; empty while it is on.")
    failing_since: datetime | None = Field(description="Since when nothing is accepted.")
    accepted_at: datetime | None = Field(description="When something was accepted last.")
    created_at: datetime


class WebhookWithSecretOut(WebhookOut):
    """A webhook at the only time at which its secret is shown."""

    secret: str = Field(description="Verifies signatures. It is shown once: keep it.")


class EventOut(OutputSchema):
    """What an endpoint is told."""

    id: UUID
    type: str
    data: dict[str, object]
    created_at: datetime


class DeliveryOut(OutputSchema):
    """How it stands with telling a webhook of one event."""

    id: int
    state: DeliveryState
    tries: int
    next_at: datetime = Field(description="Of the next attempt, while it is pending.")
    ended_at: datetime | None
    event: EventOut


class DeliveryListParams(PageParams):
    """Which deliveries are asked for."""

    state: DeliveryState | None = None


class RedeliveredOut(OutputSchema):
    """How many deliveries wait again."""

    count: int
