"""By what programs of staff narrow the queue: the words of its page."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from apps.core.api.schemas import OutputSchema, PageParams, Text
from apps.core.constants import LARGEST_NUMBER
from apps.moderation import constants
from apps.moderation.services.desk import exports
from apps.moderation.services.desk.queue_filters import MAX_MODEL_CHARS, MAX_WORDS_CHARS, AgeBand

Filter = Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1)]


STATE: Any = Field(default=None, description="Left out: everything that is not closed.")


class QueueParams(BaseModel):
    """Which cases, by the filters of the queue's page; what is left out does not narrow."""

    policy: Annotated[Filter, StringConstraints(max_length=40)] | None = None
    severity: constants.Severity | None = None
    source: constants.FlagSource | None = None
    language: Annotated[Filter, StringConstraints(max_length=8)] | None = Field(
        default=None, description="`unknown` where none was recognised.", examples=["en"]
    )
    age: AgeBand | None = Field(default=None, description="When it has to be decided.")
    rule: int | None = Field(default=None, ge=1, le=LARGEST_NUMBER)
    mode: constants.RuleMode | None = Field(default=None, description="The rule's, as it hit.")
    role: Literal["user", "assistant", "person"] | None = Field(
        default=None, description="What people write, or answers."
    )
    model: Annotated[Filter, StringConstraints(max_length=MAX_MODEL_CHARS)] | None = None
    claimed_by: str | None = Field(
        default=None,
        pattern=r"^(me|nobody|[1-9][0-9]{0,17})$",
        description="`me`, `nobody` or a person's number.",
    )
    q: Annotated[Filter, StringConstraints(max_length=MAX_WORDS_CHARS)] | None = Field(
        default=None,
        description="A number, `user:12` and the like, or words, with `within`.",
        examples=["user:12"],
    )
    within: Literal["1", "7", "30", "90"] | None = Field(
        default=None, description="How many days back words are searched for."
    )


class CaseFilterParams(QueueParams, PageParams):
    """Which cases of every state, and which page of them."""

    state: constants.CaseState | Literal["any"] | None = STATE
    subject_id: int | None = Field(default=None, ge=1, le=LARGEST_NUMBER)
    message_id: int | None = Field(default=None, ge=1, le=LARGEST_NUMBER)
    conversation_id: int | None = Field(default=None, ge=1, le=LARGEST_NUMBER)
    has_appeal: bool | None = None


class CaseExportParams(QueueParams):
    """Which cases are written into which kind of file."""

    state: constants.CaseState | Literal["any"] | None = STATE
    format: exports.Format = "csv"


def _one_of(words: list[str]) -> Any:  # noqa: ANN401
    return Field(json_schema_extra={"enum": list[Any](words)})


class CaseRowOut(OutputSchema):
    """A case in the file of an export, with the decision that stands, who made it and why.

    Whom it is about is a number; what was written is not in it.
    """

    id: int
    state: str = _one_of(constants.CaseState.values)
    severity: int
    priority: int
    policy: str | None
    source: str = _one_of(constants.FlagSource.values)
    target_role: str
    model: str
    language: str
    flag_count: int
    has_appeal: bool
    message_id: int | None
    conversation_id: int | None
    subject_id: int
    claimed_by_id: int | None
    created_at: datetime
    due_at: datetime
    closed_at: datetime | None
    verdict: str | None
    decided_by: str | None
    reason: str | None = Field(
        description="In the words of staff; blank where it is kept from whoever exports."
    )
