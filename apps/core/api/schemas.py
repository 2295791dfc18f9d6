"""The shapes that every operation of the API shares."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import NoneType, UnionType
from typing import Annotated, Any, Generic, Literal, TypeVar, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from apps.core import moments
from apps.core.constants import DEFAULT_PAGE_SIZE, MAX_CURSOR_CHARS, MAX_PAGE_SIZE

T = TypeVar("T")


class InputSchema(BaseModel):
    """Base of what an operation reads: a field that it does not know is refused."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _is_not_converted(cls, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401
        """Refuse `"5"` for a number, `0` for a truth value or a moment: pydantic would convert it.

        Its own strict mode would refuse dates and enumerations too, which JSON has only as text.
        """
        wanted = _scalars(cls.model_fields[str(info.field_name)].annotation)
        if wanted == {bool} and not isinstance(value, bool | None):
            raise PydanticCustomError("bool_type", "Give true or false.")
        if wanted and wanted <= {int, float} and isinstance(value, bool | str):
            raise PydanticCustomError("number_type", "Give a number.")
        if wanted == {AwareDatetime} and not isinstance(value, str | datetime | None):
            raise PydanticCustomError("moment_type", "Give a moment, like 2026-01-31T12:00:00Z.")
        return value


def _scalars(annotation: Any) -> set[type]:  # noqa: ANN401
    """Return which scalars a field holds, moments among them; none where it holds others too."""
    if get_origin(annotation) is Annotated:
        return _scalars(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        found = [_scalars(one) for one in get_args(annotation) if one is not NoneType]
        return set().union(*found) if all(found) else set()
    return {annotation} if annotation in (bool, int, float, AwareDatetime) else set()


class OutputSchema(BaseModel):
    """Base of what an operation answers: only the fields that it names leave the product."""

    model_config = ConfigDict(from_attributes=True)


class RequestInfo(BaseModel):
    """The request that is answered; `ip` is left out in staging and production."""

    ip: str = Field(default="", description="Left out in staging and production.")
    method: str
    url: str
    correlation_id: str


class Envelope(BaseModel, Generic[T]):
    """What every operation answers when it succeeds."""

    success: Literal[True]
    status_code: int
    request: RequestInfo
    message: str
    data: T


class ErrorField(BaseModel):
    """One field that was refused."""

    field: str
    message: str
    type: str


class ErrorEnvelope(BaseModel):
    """What every operation answers when it fails; `trace` is left out unless DEBUG."""

    success: Literal[False]
    status_code: int
    request: RequestInfo
    name: str = Field(description="Class of the error.")
    code: str = Field(description="Stable word that programs may depend on.")
    message: str = Field(description="A sentence for a person.")
    error: list[ErrorField] | None = Field(
        description="Problems per field, where there are fields."
    )
    data: None
    trace: list[str] = Field(default=[], description="Only in development.")


class Page(BaseModel, Generic[T]):
    """One page of a list; `next_cursor` is null on the last."""

    model_config = ConfigDict(from_attributes=True)

    items: list[T]
    next_cursor: str | None


class PageParams(BaseModel):
    """Which page of a list is asked for."""

    limit: int = Field(default=DEFAULT_PAGE_SIZE, ge=1, le=MAX_PAGE_SIZE)
    cursor: str | None = Field(
        default=None,
        max_length=MAX_CURSOR_CHARS,
        description="`next_cursor` of the page before.",
    )
    _address: str = PrivateAttr(default="")

    def bind(self, address: str, others: Mapping[str, Any]) -> None:
        """Say of which list it is a page; the router does so for every operation.

        Args:
            address: the path, with the numbers of whatever the list belongs to.
            others: what else the operation was asked with.
        """
        chosen = sorted((name, value) for name, value in others.items() if value is not self)
        self._address = f"{address} {chosen!r}"

    @property
    def list_name(self) -> str:
        """One word for the list and all its filters, in which a cursor is good for something."""
        return f"{self._address} {self.model_dump_json(exclude={'limit', 'cursor'})}"


def _has_no_nul(value: Any) -> Any:  # noqa: ANN401
    if contains_nul(value):
        msg = "Text may not contain the NUL character"
        raise ValueError(msg)
    return value


def contains_nul(value: object) -> bool:
    """Tell whether a text in a parsed JSON value holds NUL, which PostgreSQL cannot store."""
    pending = [value]
    while pending:
        current = pending.pop()
        if isinstance(current, str):
            if "\0" in current:
                return True
        elif isinstance(current, dict):
            pending.extend(current.keys())
            pending.extend(current.values())
        elif isinstance(current, list):
            pending.extend(current)
    return False


def _in_utc(value: datetime) -> datetime:
    if not moments.is_known(value):
        raise PydanticCustomError("moment_range", "Give a moment in the years 1970 to 9998.")
    return value.astimezone(UTC)


Text = Annotated[str, AfterValidator(_has_no_nul)]
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
