"""What open pages of staff are told; they ask for the rest themselves, under their own rights."""

from __future__ import annotations

import msgspec


class CaseChanged(msgspec.Struct, frozen=True, tag_field="type", tag="case.changed"):
    """A case opened, was taken, given back, decided or flagged anew.

    One that `is_given_back` waited before: it is nothing that came in.
    """

    case_id: int
    state: str
    version: int
    is_given_back: bool = False


class CaseGiven(msgspec.Struct, frozen=True, tag_field="type", tag="case.given"):
    """A lead gave a case to whoever hears this, and to nobody else."""

    case_id: int
    by: str


class DeskMissed(msgspec.Struct, frozen=True, tag_field="type", tag="desk.missed"):
    """Something may have been missed: look at everything that is shown."""
