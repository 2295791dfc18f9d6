"""Changing something only while it is what the caller has read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apps.core.errors import PreconditionFailedError


@dataclass(frozen=True, slots=True)
class Precondition:
    """What a caller has read of the thing that they change.

    Attributes:
        tags: the tags of the states that they accept; `*` accepts every state.
        tag_of: writes the tag of a row as it is now.
    """

    tags: frozenset[str]
    tag_of: Callable[[Any], str]

    def check(self, row: object) -> None:
        """Check the row, which the caller of this holds locked, so that it stays as it is.

        Raises:
            PreconditionFailedError: it changed meanwhile.
        """
        if "*" not in self.tags and self.tag_of(row) not in self.tags:
            raise PreconditionFailedError
