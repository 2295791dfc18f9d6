"""Reading JSON strictly: what two parsers could understand differently is refused."""

import re
from typing import Any, NoReturn

import orjson
from django.http import HttpRequest
from ninja.parser import Parser

from apps.core import constants
from apps.core.api.schemas import contains_nul
from apps.core.errors import FieldProblem, ValidationFailedError

MAX_DEPTH = 128
NUL_ESCAPE = b"\\u0000"
_STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_BRACKETS = re.compile(rb"[\[{}\]]")


class JsonParser(Parser):
    """Reads the body of a request: no lone surrogates, endless depth, doubled names or NUL."""

    def parse_body(self, request: HttpRequest) -> Any:  # noqa: ANN401
        """Parse a body.

        Raises:
            ValidationFailedError: it is not JSON, nests too deeply, names a field twice, or holds
                NUL, which the database cannot store.
        """
        return read_json(request.body)


def read_json(body: bytes) -> Any:  # noqa: ANN401
    """Parse JSON, as `JsonParser` does.

    Raises:
        ValidationFailedError: see there.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise ValidationFailedError(constants.UNREADABLE_BODY) from None
    outside = _STRINGS.sub(b"", body)
    if _depth(outside) > MAX_DEPTH:
        _refuse(f"Nest at most {MAX_DEPTH} lists and objects in one another", "too_deep")
    if _members(outside) != _members(_STRINGS.sub(b"", orjson.dumps(value))):
        _refuse("Name each field of an object once", "duplicate_name")
    if NUL_ESCAPE in body and contains_nul(value):
        _refuse("Text may not hold NUL", "nul")
    return value


def _members(outside: bytes) -> int:
    """Return how many fields objects have; a parser that keeps the last of two loses one."""
    return outside.count(b":")


def _depth(outside: bytes) -> int:
    if outside.count(b"[") + outside.count(b"{") <= MAX_DEPTH:
        return 0
    depth = deepest = 0
    for bracket in _BRACKETS.findall(outside):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _refuse(message: str, kind: str) -> NoReturn:
    problem = FieldProblem(field="body", message=message, type=kind)
    raise ValidationFailedError(details=[problem])
