"""What the page of one row is made of: facts, texts and links, all of them read-only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Fact:
    """One line about a row: a label and a value that is text or safe markup made by `display`."""

    label: str
    value: object
    note: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """What a person or a model wrote, shown as plain text under a heading."""

    label: str
    text: str
    note: str = ""
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class Related:
    """A link to the rows that belong to this one."""

    label: str
    url: str
    icon: str = "arrow_forward"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A short list of rows that belong to this one."""

    label: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    empty: str = "Nothing yet."
    more_url: str = ""


@dataclass(frozen=True, slots=True)
class Detail:
    """The page of one row."""

    title: str
    badges: Sequence[object] = ()
    facts: Sequence[Fact] = ()
    texts: Sequence[Text] = ()
    tables: Sequence[Table] = ()
    related: Sequence[Related] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """A number on the front page of the admin, each of which reads a bounded number of rows."""

    label: str
    value: str
    note: str = ""
    url: str = ""
    tone: str = "neutral"
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Front:
    """What one subject contributes to the front page."""

    figures: Sequence[Figure] = field(default_factory=tuple)
    table: Table | None = None
