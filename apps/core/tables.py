"""Tables in Markdown, read as leniently as models write them.

A row may have fewer or more cells than the head, as in GitHub's Markdown: the reader that mistune
brings shows such a table as text. `static/js/lib/markdown-tables.js` reads the same while an answer
arrives; both are tested with `tests/support/markdown.json`.
"""

import re
from re import Match
from typing import Any

import mistune
from mistune.core import BlockState

MAX_FILLED_CELLS = 200
"""How many cells that rows lack are put into a table: two letters would make thousands."""

_HEAD = r"^ {0,3}[^\s|][^\n]*\|[^\n]*\n|^ {0,3}\|[^\n]*\n"
_DASHES = re.compile(r" {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-*:?[ \t]*)*\|?[ \t]*(?:\n|$)")
_BARE_PIPE = re.compile(r"(?<!\\)\|")


def find_tables(md: mistune.Markdown) -> None:
    """Teach a Markdown reader tables, in lists and quotes too; see `apps/core/markdown.py`."""
    md.block.register("table", _HEAD, _read, before="paragraph")
    for rules in (md.block.list_rules, md.block.block_quote_rules):
        md.block.insert_rule(rules, "table", before="paragraph")


def _read(_block: object, match: Match[str], state: BlockState) -> int | None:
    heads, at = _cells(match.group(0)), match.end()
    dashes = state.get_line(at)
    sides = [_side(mark) for mark in _cells(dashes)]
    if "|" not in dashes or not _DASHES.fullmatch(dashes) or len(heads) != len(sides):
        return None
    at += len(dashes)
    rows: list[dict[str, Any]] = []
    missing = MAX_FILLED_CELLS
    while "|" in (line := state.get_line(at)):
        cells = _cells(line)[: len(sides)]
        filled = min(len(sides) - len(cells), missing)
        missing -= filled
        rows.append({"type": "table_row", "children": _row([*cells, *[""] * filled], sides)})
        at += len(line)
    children = [{"type": "table_head", "children": _row(heads, sides, is_head=True)}]
    if rows:
        children.append({"type": "table_body", "children": rows})
    state.append_token({"type": "table", "children": children})
    return at


def _row(
    cells: list[str], sides: list[str | None], *, is_head: bool = False
) -> list[dict[str, Any]]:
    return [
        {"type": "table_cell", "text": text, "attrs": {"align": side, "head": is_head}}
        for text, side in zip(cells, sides, strict=False)
    ]


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|")
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    return [cell.strip().replace("\\|", "|") for cell in _BARE_PIPE.split(inner)]


def _side(mark: str) -> str | None:
    is_left, is_right = mark.startswith(":"), len(mark) > 1 and mark.endswith(":")
    if is_left:
        return "center" if is_right else "left"
    return "right" if is_right else None
