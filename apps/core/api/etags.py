"""Entity tags: a name for the state of one thing, for `If-Match` and `If-None-Match`.

A tag stands for the `data` of an answer; the rest of the envelope is about the request. Where some
of it moves by itself, the tag has two parts: what can be changed, which edits are compared by, then
all of it, which readers are. See docs/decisions/0186.
"""

import hashlib
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpRequest
from pydantic import TypeAdapter

from apps.core.preconditions import Precondition

Fields = set[str] | dict[str, set[str]]
"""Fields as pydantic takes them: those of a list under `__all__`."""
Untagged = Fields | Callable[[Any], Fields] | None
"""Fields that move by themselves, or who tells them of what is answered."""
_TAGS = re.compile(r'"[^"]*"|\*')


def tag_of(data: bytes, *, kept: bytes | None = None) -> str:
    """Return the tag of an answer's data.

    Args:
        data: all of it.
        kept: what of it does not move by itself; None for all.
    """
    return f'"{_digest(data)}"' if kept is None else f'"{_digest(kept)}.{_digest(data)}"'


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def moving(untagged: Untagged, answered: object) -> Fields | None:
    """Return the fields that move by themselves of what is answered; None where none is named."""
    return untagged(answered) if callable(untagged) else untagged


def tags_in(header: str) -> frozenset[str]:
    """Read the tags of a header; a proxy that compresses marks ours as weak, which is no matter."""
    return frozenset(_TAGS.findall(header))


def is_known(request: HttpRequest, tag: str) -> bool:
    """Tell whether the caller has this state already."""
    return bool(tags_in(request.headers.get("If-None-Match", "")) & {tag, "*"})


def precondition(
    request: HttpRequest,
    shape: Any,  # noqa: ANN401
    of: Callable[[Any], object] | None = None,
    *,
    untagged: Untagged = None,
) -> Precondition | None:
    """Return what the caller has read of what they change, or None where they do not say.

    Args:
        request: with or without `If-Match`.
        shape: the type of the data that reading it answers.
        of: makes that data of a row, where it is more than the row's own fields.
        untagged: what moves by itself, as the endpoint says it.
    """
    header = request.headers.get("If-Match")
    if header is None:
        return None
    named = frozenset(map(_without_what_moves, tags_in(header)))
    return Precondition(named, partial(_tag_of_row, TypeAdapter(shape), of, untagged))


def _without_what_moves(tag: str) -> str:
    kept, dot, _ = tag.partition(".")
    return f'{kept}"' if dot else tag


def _tag_of_row(
    adapter: TypeAdapter[Any],
    of: Callable[[Any], object] | None,
    untagged: Untagged,
    row: object,
) -> str:
    answered = row if of is None else of(row)
    data = adapter.validate_python(answered, from_attributes=True)
    return tag_of(adapter.dump_json(data, exclude=moving(untagged, answered)))
