"""What programs of staff keep for their own desk: views of the queue, and what is covered."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qsl

from pydantic import Field, StringConstraints

from apps.core.api.schemas import InputSchema, OutputSchema, Text
from apps.moderation import constants
from apps.moderation.models import SavedView
from apps.moderation.schemas.queue import STATE, QueueParams
from apps.moderation.services.desk import saved_views
from apps.moderation.services.desk.queue_filters import Order
from apps.users.models import User

ViewName = Annotated[
    Text,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=saved_views.MAX_NAME_CHARS),
]


class ViewFiltersIn(InputSchema, QueueParams):
    """The filters of the queue; what is left out does not narrow."""

    state: constants.CaseState | Literal["any"] | None = STATE
    order: Order | None = Field(default=None, description="How the queue's page is sorted.")


class ViewIn(InputSchema):
    """Filters of the queue under a name; a view of yours of that name is replaced."""

    name: ViewName = Field(examples=["Late and severe"])
    filters: ViewFiltersIn = Field(examples=[{"age": "overdue", "severity": 4}])
    is_shared: bool = Field(default=False, description="For everybody; leads share.")

    def chosen(self) -> dict[str, Any]:
        """Return the filters as the service takes them."""
        return self.filters.model_dump()


class ViewOut(OutputSchema):
    """A saved view of the queue, your own or a shared one."""

    id: int
    name: str
    filters: dict[str, str] = Field(
        description="Words of the filters of `GET moderation/cases`, and `order` of the page.",
        examples=[{"age": "overdue", "severity": "4"}],
    )
    is_shared: bool
    is_own: bool

    @classmethod
    def of(cls, view: SavedView, viewer: User) -> Self:
        """Return a view as this person has it."""
        return cls(
            id=view.pk,
            name=view.name,
            filters=dict(parse_qsl(view.query)),
            is_shared=view.is_shared,
            is_own=view.owner_id == viewer.pk,
        )


class ViewCountOut(OutputSchema):
    """How many cases a view finds, a few seconds old at most."""

    view_id: int
    count: str = Field(
        description="`1,000+` above a thousand; empty for a search that is refused.",
        examples=["12"],
    )


class PreferenceIn(InputSchema):
    """From which severity on texts are covered for you."""

    collapse_from: constants.Severity = Field(examples=[2])


class PreferenceOut(OutputSchema):
    """What spares your eyes."""

    collapse_from: constants.Severity = Field(
        description="From which severity on texts are covered: never above what all have to."
    )
    severe_in_a_row: int = Field(
        description="How many severe cases you decided in a row, where a break is offered; else 0."
    )
