"""What an error says in the body of an answer: the envelope, and OpenAI's form. Plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def error_envelope(
    *,
    status_code: int,
    request: dict[str, str],
    name: str,
    code: str,
    message: str,
    details: Sequence[Any] | None = None,
) -> dict[str, Any]:
    """Return the envelope of an error.

    Args:
        status_code: the HTTP status.
        request: method, url and correlation id of what is answered.
        name: class of the error.
        code: its stable word.
        message: a sentence for a person.
        details: a problem for each field, where fields did not fit.
    """
    return {
        "success": False,
        "status_code": status_code,
        "request": request,
        "name": name,
        "code": code,
        "message": message,
        "error": details,
        "data": None,
    }


def openai_error(
    *, status_code: int, code: str, message: str, param: str | None = None
) -> dict[str, Any]:
    """Return an error in OpenAI's form.

    Args:
        status_code: the HTTP status; from 500 on it is the server's fault.
        code: the stable word of the error.
        message: a sentence for a person.
        param: which parameter did not fit.
    """
    kind = "invalid_request_error" if status_code < 500 else "server_error"
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}
