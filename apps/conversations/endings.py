"""How an answer had ended, for whoever withholds it and may have to give it back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ended:
    """An end state with what stood beside it.

    Attributes:
        state: one word of `ReplyState`.
        error_code: stable word for what went wrong; empty where nothing did.
        notice: the sentence that its readers saw.
    """

    state: str
    error_code: str = ""
    notice: str = ""
