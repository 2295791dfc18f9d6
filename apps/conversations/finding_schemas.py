"""What the API reads and answers about finding, exporting and sharing conversations."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from apps.conversations.services.searching import MAX_QUERY_CHARS
from apps.core.api.schemas import InputSchema, OutputSchema, PageParams, Text


class SearchParams(PageParams):
    """What is searched for."""

    q: Text = Field(
        min_length=1,
        max_length=MAX_QUERY_CHARS,
        description="Words, two letters or digits at least.",
    )


class PartOut(OutputSchema):
    """A piece of a text; a hit is one of the searched words."""

    text: str
    is_hit: bool


class HitOut(OutputSchema):
    """A conversation by its title, or one message of it."""

    kind: Literal["title", "message"]
    conversation_id: int
    title: list[PartOut]
    message_id: int | None = Field(description="Null for a title.")
    role: str = Field(description="Who wrote the message; empty for a title.")
    created_at: datetime = Field(
        description="When the message was written; for a title when something was written there."
    )
    excerpt: list[PartOut] = Field(
        description="The message around the first hit; empty for a title."
    )


class ExportParams(BaseModel):
    """Which file is asked for."""

    format: Literal["markdown", "json"] = Field(
        default="json", description="What is shown as Markdown, or every branch as JSON."
    )


class ShareCreateIn(InputSchema):
    """How long a link works."""

    expires_in_days: Literal[1, 7, 30] | None = Field(
        default=7, description="Null for a link that works until it is revoked."
    )


class ShareOut(OutputSchema):
    """A link, as its owner sees it; its address is not kept."""

    id: int
    conversation_id: int
    title: str = Field(description="Of the conversation when it was shared.")
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    is_revoked_by_staff: bool
    reason_for_user: str = Field(
        description="What staff say of why they revoked it; empty otherwise."
    )
    view_count: int


class NewShareOut(ShareOut):
    """A link with its address, this one time."""

    url: str
