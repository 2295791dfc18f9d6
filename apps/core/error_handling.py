"""The one error utility: any exception becomes one description for API, sockets and pages."""

import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ninja.errors
import psycopg
import pydantic
from django.conf import settings
from django.core import exceptions as django_exceptions
from django.db import InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError

from apps.core import constants
from apps.core.errors import (
    AppError,
    FieldProblem,
    ForbiddenError,
    InternalError,
    MethodNotAllowedError,
    NotFoundError,
    PayloadTooLargeError,
    PreconditionFailedError,
    RateLimitedError,
    ServiceUnavailableError,
    UnauthorizedError,
    UnsupportedMediaError,
    ValidationFailedError,
)
from apps.core.logging import log_failure, stack_of

logger = logging.getLogger(__name__)
_SENTENCES = {
    "extra_forbidden": "This field is not known here. Leave it out.",
    "missing": "This field is needed. Add it.",
}
_UNION_MEMBER = re.compile(r"[\[(]|^(?:str|int|float|bool|constrained-\w+)$")
"""What pydantic adds to a place for each type that a field may have: no field has such a name."""
_LENGTH_FINDING = re.compile(r"(?:Value|String) should have at (most|least) (\d+) ")

_ITEMS_FINDING = re.compile(r"(?:List|Dictionary) should have at (most|least) (\d+) item")

_BY_STATUS: dict[int, type[AppError]] = {
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    405: MethodNotAllowedError,
    412: PreconditionFailedError,
    413: PayloadTooLargeError,
    415: UnsupportedMediaError,
    429: RateLimitedError,
    503: ServiceUnavailableError,
}


@dataclass(frozen=True, slots=True)
class ErrorDescription:
    """What a caller is told about a failure.

    Attributes:
        status_code: HTTP status.
        code: stable snake_case word.
        name: class of the error.
        message: a sentence for a person.
        details: problems per field, where there are fields.
        retry_after_seconds: when to try again, if that is known.
        is_final: whether nobody should send the same again by themselves.
        trace: where it happened, only when DEBUG.
    """

    status_code: int
    code: str
    name: str
    message: str
    details: list[FieldProblem] | None = None
    retry_after_seconds: int | None = None
    is_final: bool = False
    trace: list[str] | None = None


def describe_error(exception: BaseException) -> ErrorDescription:
    """Describe any exception for its caller; nothing internal is in the description."""
    error = as_app_error(exception)
    return ErrorDescription(
        status_code=error.status_code,
        code=error.code,
        name=type(error).__name__,
        message=error.message,
        details=error.details,
        retry_after_seconds=error.retry_after_seconds,
        is_final=error.is_final,
        trace=stack_of(exception) if settings.DEBUG else None,
    )


def report_error(exception: BaseException, **fields: str | float | bool | None) -> ErrorDescription:
    """Describe an exception and log it as CONTROLLER_ERROR, without any text that it carries."""
    description = describe_error(exception)
    told: dict[str, str | float | bool | None] = {
        "code": description.code,
        "status_code": description.status_code,
        "error_class": type(exception).__name__,
    }
    if description.status_code == 500:
        log_failure(logger, constants.CONTROLLER_ERROR, exception, **told, **fields)
    else:
        level = logging.ERROR if description.status_code > 500 else logging.INFO
        logger.log(level, constants.CONTROLLER_ERROR, extra={"fields": {**told, **fields}})
    return description


def as_app_error(exception: BaseException) -> AppError:
    """Turn any exception into the error that its caller is told."""
    if isinstance(exception, AppError):
        return exception
    for kind, translate in _TRANSLATIONS:
        if isinstance(exception, kind):
            return translate(exception)
    return InternalError()


def error_for_status(status_code: int) -> AppError:
    """Return the error that an HTTP status stands for."""
    if status_code in _BY_STATUS:
        return _BY_STATUS[status_code]()
    if status_code < 500:
        return ValidationFailedError(constants.UNREADABLE_REQUEST)
    return InternalError()


def field_problems(errors: Iterable[Mapping[str, Any]]) -> list[FieldProblem]:
    """Return pydantic's findings as problems per field, without what was sent."""
    return [
        FieldProblem(
            field=_place(error["loc"]),
            message=_SENTENCES.get(str(error["type"])) or _for_people(str(error["msg"])),
            type=str(error["type"]),
        )
        for error in errors
    ]


def _place(parts: Sequence[str | int]) -> str:
    """Return the place of a finding as the names of fields, without those of our types."""
    named = [part for part in parts if isinstance(part, int) or not _UNION_MEMBER.search(part)]
    return ".".join(map(str, named))


def _for_people(message: str) -> str:
    """Say a finding about a length as a person would; others stay as they are."""
    length = _LENGTH_FINDING.match(message)
    if length is not None:
        return f"Write at {length[1]} {length[2]} characters."
    items = _ITEMS_FINDING.match(message)
    if items is not None:
        return f"Give at {items[1]} {items[2]} of them."
    return message.removeprefix("Value error, ")


def _from_ninja_validation(exception: Any) -> AppError:  # noqa: ANN401
    errors = [{**error, "loc": _place_in_request(error["loc"])} for error in exception.errors]
    return ValidationFailedError(details=field_problems(errors))


def _place_in_request(place: Sequence[str | int]) -> Sequence[str | int]:
    """Leave out the part of the request and, in a body, the name of our own argument."""
    skipped = 2 if place[0] == "body" else 1
    return place[skipped:] or place[:1]


def _from_pydantic(exception: Any) -> AppError:  # noqa: ANN401
    findings = exception.errors(include_url=False, include_context=False, include_input=False)
    return ValidationFailedError(details=field_problems(findings))


def _from_django_validation(exception: Any) -> AppError:  # noqa: ANN401
    by_field = getattr(exception, "error_dict", None) or {"": exception.error_list}
    details = [
        FieldProblem(
            field="" if field == django_exceptions.NON_FIELD_ERRORS else field,
            message=message,
            type=problem.code or "invalid",
        )
        for field, problems in by_field.items()
        for problem in problems
        for message in problem.messages
    ]
    return ValidationFailedError(details=details)


def _from_http_error(exception: Any) -> AppError:  # noqa: ANN401
    if isinstance(exception.__cause__, AppError):
        return exception.__cause__
    if exception.status_code == 400:
        return ValidationFailedError(constants.UNREADABLE_BODY)
    return error_for_status(exception.status_code)


_TRANSLATIONS: tuple[tuple[tuple[type[BaseException], ...], Callable[[Any], AppError]], ...] = (
    ((ninja.errors.ValidationError,), _from_ninja_validation),
    ((pydantic.ValidationError,), _from_pydantic),
    ((django_exceptions.ValidationError,), _from_django_validation),
    ((ninja.errors.HttpError,), _from_http_error),
    ((Http404,), lambda _: NotFoundError()),
    ((django_exceptions.PermissionDenied,), lambda _: ForbiddenError()),
    (
        (
            django_exceptions.RequestDataTooBig,
            django_exceptions.TooManyFieldsSent,
            django_exceptions.TooManyFilesSent,
        ),
        lambda _: PayloadTooLargeError(),
    ),
    (
        (
            django_exceptions.SuspiciousOperation,
            django_exceptions.BadRequest,
            UnreadablePostError,
        ),
        lambda _: ValidationFailedError(constants.UNREADABLE_REQUEST),
    ),
    (
        (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError),
        lambda _: ServiceUnavailableError(),
    ),
)
