"""Saying which field is wrong and why, the same for pages, admin and API."""

from __future__ import annotations

from collections.abc import Mapping

from django.core.exceptions import ValidationError

from apps.core.constants import MAX_REASON_CHARS
from apps.core.errors import ValidationFailedError


def field_problem(field: str, message: str, kind: str) -> ValidationFailedError:
    """Make the error for one field that does not fit."""
    return ValidationFailedError(details=[{"field": field, "message": message, "type": kind}])


def validation_failed(problems: Mapping[str, list[ValidationError]]) -> ValidationFailedError:
    """Make the error for what Django's validators found, field by field."""
    return ValidationFailedError(
        details=[
            {"field": field, "message": message, "type": problem.code or "invalid"}
            for field, found in problems.items()
            for problem in found
            for message in problem.messages
        ]
    )


def clean_reason(text: str, *, field: str, is_required: bool = True) -> str:
    """Return a reason without blanks around it.

    Raises:
        ValidationFailedError: it is missing, too long or holds a NUL character.
    """
    reason = text.strip()
    if is_required and not reason:
        raise field_problem(field, "Give a reason.", "reason_required")
    if len(reason) > MAX_REASON_CHARS:
        raise field_problem(field, f"Use at most {MAX_REASON_CHARS} characters.", "reason_too_long")
    if "\x00" in reason:
        raise field_problem(field, "Leave out the NUL character.", "reason_unreadable")
    return reason
