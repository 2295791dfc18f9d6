"""Ctrl-K: where a typed number, `key:number` or name of a page leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from apps.core.admin_kit.model_admin import StaffModelAdmin
from apps.core.admin_kit.searching import number_in, split_key


@dataclass(frozen=True, slots=True)
class Destination:
    """One line of the results."""

    title: str
    description: str
    link: str
    icon: str


def destinations(
    subjects: Sequence[StaffModelAdmin[Any]], request: HttpRequest, term: str
) -> list[Destination]:
    """Return the rows that have the typed number, or the pages whose name holds the typed word."""
    words = term.strip().lower()
    key, number = split_key(words)
    if number is None:
        number = number_in(words)
    if number is None:
        return [_page(subject) for subject in subjects if words and words in subject.title.lower()]
    asked = [
        subject
        for subject in subjects
        if (key in subject.audit_names() if key else subject.is_jumped_to)
    ]
    return [
        Destination(f"{subject.noun} {number}", subject.title, subject.url_of(number), subject.icon)
        for subject in asked
        if subject.detail_rows(request).filter(pk=number).exists()
    ]


def _page(subject: StaffModelAdmin[Any]) -> Destination:
    return Destination(
        subject.title,
        subject.description or subject.section.title,
        subject.list_url(),
        subject.icon,
    )
