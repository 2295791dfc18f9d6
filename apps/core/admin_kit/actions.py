"""What staff may do to a row, and how a page offers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model
from django.http import HttpRequest

from apps.core.admin_kit.decisions import Decision

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, kw_only=True)
class RowAction(Generic[M]):
    """One thing that staff may do to a row, behind a page that asks for the reason.

    Attributes:
        name: its part of the address.
        label: what its button says.
        icon: the button's sign.
        is_allowed: whether this person may do it at all.
        is_offered: whether it makes sense for this row as it is.
        decide: makes the page for a row.
        is_danger: whether it takes something away.
        why_not: why it is not offered for a row; empty where it only makes no sense any more.
        asks_to_read: whether it is the page that lets somebody read the row, which stands before
            its gate and is reached from there.
    """

    name: str
    label: str
    icon: str
    is_allowed: Callable[[HttpRequest], bool]
    is_offered: Callable[[HttpRequest, M], bool]
    decide: Callable[[HttpRequest, M], Decision]
    is_danger: bool = False
    why_not: Callable[[HttpRequest, M], str] = lambda *_: ""
    asks_to_read: bool = False


@dataclass(frozen=True, slots=True)
class Button:
    """An action as a page shows it."""

    label: str
    url: str
    icon: str
    is_danger: bool = False
