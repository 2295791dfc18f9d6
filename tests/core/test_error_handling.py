import logging
from typing import Any

import ninja.errors
import psycopg
import pydantic
import pytest
from django.core import exceptions
from django.db import InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from psycopg_pool import PoolTimeout
from pytest_django import Settings

from apps.core.error_handling import describe_error, field_problems, report_error
from apps.core.errors import ConflictError, NotFoundError

SECRET = "sk-secret-and-somebodys-text"


class Shape(pydantic.BaseModel):
    """Something to send."""

    count: int


def invalid_shape() -> pydantic.ValidationError:
    with pytest.raises(pydantic.ValidationError) as caught:
        Shape.model_validate({"count": SECRET})
    return caught.value


@pytest.mark.parametrize(
    ("exception", "status_code", "code", "name"),
    [
        (ConflictError(), 409, "conflict", "ConflictError"),
        (NotFoundError("Nothing."), 404, "not_found", "NotFoundError"),
        (Http404(SECRET), 404, "not_found", "NotFoundError"),
        (exceptions.PermissionDenied(SECRET), 403, "forbidden", "ForbiddenError"),
        (OperationalError(SECRET), 503, "service_unavailable", "ServiceUnavailableError"),
        (InterfaceError(SECRET), 503, "service_unavailable", "ServiceUnavailableError"),
        (PoolTimeout(SECRET), 503, "service_unavailable", "ServiceUnavailableError"),
        (psycopg.InterfaceError(SECRET), 503, "service_unavailable", "ServiceUnavailableError"),
        (exceptions.RequestDataTooBig(SECRET), 413, "payload_too_large", "PayloadTooLargeError"),
        (exceptions.SuspiciousOperation(SECRET), 400, "validation_failed", "ValidationFailedError"),
        (UnreadablePostError(SECRET), 400, "validation_failed", "ValidationFailedError"),
        (ninja.errors.HttpError(400, SECRET), 400, "validation_failed", "ValidationFailedError"),
        (ninja.errors.HttpError(418, SECRET), 400, "validation_failed", "ValidationFailedError"),
        (ninja.errors.AuthenticationError(), 401, "unauthorized", "UnauthorizedError"),
        (ninja.errors.Throttled(wait=1), 429, "rate_limited", "RateLimitedError"),
        (ZeroDivisionError(SECRET), 500, "internal_error", "InternalError"),
        (KeyboardInterrupt(SECRET), 500, "internal_error", "InternalError"),
    ],
)
def test_any_exception_gets_a_closed_description(
    exception: BaseException, status_code: int, code: str, name: str
) -> None:
    described = describe_error(exception)
    assert (described.status_code, described.code, described.name) == (status_code, code, name)
    assert SECRET not in repr(described)


def test_a_shape_that_does_not_fit_names_its_fields_and_not_what_was_sent() -> None:
    described = describe_error(invalid_shape())
    assert described.status_code == 400
    assert described.details == [
        {
            "field": "count",
            "message": "Input should be a valid integer, unable to parse string as an integer",
            "type": "int_parsing",
        }
    ]
    assert SECRET not in repr(described)


def test_a_body_that_does_not_fit_names_the_field_as_the_caller_wrote_it() -> None:
    raw: list[dict[str, Any]] = [
        {"loc": ("body", "payload", "title"), "msg": "Too long", "type": "too_long"},
        {"loc": ("query", "limit"), "msg": "Too large", "type": "less_than_equal"},
        {"loc": ("body", "payload"), "msg": "Missing", "type": "missing"},
    ]
    described = describe_error(ninja.errors.ValidationError(raw))
    assert described.details is not None
    assert [problem["field"] for problem in described.details] == ["title", "limit", "body"]


def test_djangos_validators_are_named_by_field() -> None:
    problem = exceptions.ValidationError(
        {"password": [exceptions.ValidationError("Too short.", code="password_too_short")]}
    )
    assert describe_error(problem).details == [
        {"field": "password", "message": "Too short.", "type": "password_too_short"}
    ]


def test_a_trace_is_shown_only_when_debugging(settings: Settings) -> None:
    assert describe_error(ZeroDivisionError()).trace is None
    settings.DEBUG = True
    assert describe_error(ZeroDivisionError(SECRET)).trace == ["ZeroDivisionError"]


def test_the_log_names_the_class_and_the_place_and_no_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    with pytest.raises(ZeroDivisionError) as caught:
        raise ZeroDivisionError(SECRET)
    report_error(caught.value, route="/x")
    record = caplog.records[-1]
    assert (record.getMessage(), record.levelname) == ("CONTROLLER_ERROR", "ERROR")
    assert record.__dict__["fields"] == {
        "code": "internal_error",
        "status_code": 500,
        "error_class": "ZeroDivisionError",
        "route": "/x",
    }


def test_a_foreseen_error_is_no_alarm(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    report_error(ConflictError())
    assert [record.levelname for record in caplog.records] == ["INFO"]
    assert caplog.records[0].exc_info is None


@pytest.mark.parametrize(
    "finding",
    [
        "Value should have at most 4000 items after validation, not 4001",
        "String should have at most 4000 characters",
    ],
)
def test_a_text_that_is_too_long_is_told_in_characters(finding: str) -> None:
    found = [{"loc": ("message",), "msg": finding, "type": "too_long"}]
    assert field_problems(found) == [
        {"field": "message", "message": "Write at most 4000 characters.", "type": "too_long"}
    ]
