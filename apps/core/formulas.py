r"""Formulas in Markdown: which part of a text is one, by the marks that models write.

`\( \)` and `$ $` stand in a line, `\[ \]` and `$$ $$` on their own. A dollar is a mark only where
it cannot be money. `static/js/lib/formulas.js` reads the same marks while an answer arrives; both
are tested with `tests/support/formulas.json`.
"""

from __future__ import annotations

import re
from re import Match

import mistune
from mistune.core import BlockState, InlineState
from mistune.helpers import PUNCTUATION

MAX_FORMULA_CHARS = 4_000
MAX_DOLLAR_CHARS = 400

CLOSING = {"\\(": "\\)", "\\[": "\\]", "$$": "$$", "$": "$"}

_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_LINE_END = re.compile(r"([.,;:]?)[ \t]*(?:\n|$)")
_COMMAND = re.compile(r"\\(?:text|operatorname|math[a-z]+)\*?\s*\{[^{}]*\}|\\[A-Za-z]+")
_SIGN = re.compile(r"[\\^_=+*/<>(){}|\[\]'-]")
_WORD = re.compile(r"[^\W\d_]{2,}")
_AFTER_WORD = re.compile(r"[^\W_]")


def find_formulas(md: mistune.Markdown) -> None:
    """Teach a Markdown reader the marks of formulas; see `apps/core/markdown.py`."""
    md.block.register("formula_block", r"^ {0,3}(?:\$\$|\\\[)", _read_block, before="list")
    for rules in (md.block.list_rules, md.block.block_quote_rules):
        md.block.insert_rule(rules, "formula_block", before="list")
    # One escaped sign at a time: a run of them may end with the mark of a formula.
    md.inline.specification["escape"] = r"\\" + PUNCTUATION
    md.inline.register(
        "formula", r"\\\(|\\\[|\$\$?", _read_inline, before="escape", start_chars=("\\", "$")
    )


def is_block(source: str) -> bool:
    """Whether the formula stands on its own, by its marks."""
    return source.startswith(("\\[", "$$"))


def inside(source: str) -> str:
    """Return a formula without its marks."""
    length = 1 if source.startswith("$") and not source.startswith("$$") else 2
    return source[length:-length]


def _read_block(_block: object, match: Match[str], state: BlockState) -> int | None:
    """Take a formula that has its lines for itself; a full stop behind it becomes part of it."""
    opening = match.group(0).lstrip(" ")
    end = _end_of(state.src, match.end(), opening)
    rest = _LINE_END.match(state.src, end + 2) if end != -1 else None
    if rest is None or not state.src[match.end() : end].strip():
        return None
    source = opening + state.src[match.end() : end] + rest[1] + CLOSING[opening]
    state.append_token({"type": "formula_block", "raw": source})
    return rest.end()


def _read_inline(_inline: object, match: Match[str], state: InlineState) -> int:
    opening, start = match.group(0), match.end()
    end = _end_of(state.src, start, opening)
    if end == -1 or not _is_formula(state.src, match.start(), start, end):
        state.append_token({"type": "text", "raw": opening.lstrip("\\")})
        return start
    after = end + len(CLOSING[opening])
    state.append_token({"type": "formula", "raw": state.src[match.start() : after]})
    return after


def _end_of(text: str, start: int, opening: str) -> int:
    """Return where the closing mark stands; -1 where the paragraph or the patience ends before."""
    limit = start + (MAX_DOLLAR_CHARS if opening == "$" else MAX_FORMULA_CHARS)
    closing = CLOSING[opening]
    end = text.find(closing, start, limit)
    while end > start and _is_escaped(text, start, end):
        end = text.find(closing, end + 1, limit)
    return -1 if end != -1 and _BLANK_LINE.search(text, start, end) else end


def _is_escaped(text: str, start: int, at: int) -> bool:
    """Whether an odd number of backslashes stands before it."""
    slashes = at - len(text[start:at].rstrip("\\")) - start
    return slashes % 2 == 1


def _is_formula(text: str, at: int, start: int, end: int) -> bool:
    """Whether what stands between two marks in a line is a formula rather than money or prose."""
    content, opening = text[start:end], text[at:start]
    if not content.strip():
        return False
    before, after = text[at - 1 : at], text[end + len(opening) :][:1]
    if opening == "$":
        return _is_dollar_formula(content, before, after)
    if opening == "$$" and "$" in (before, after):
        return False
    return opening == "\\(" or bool(_SIGN.search(content))


def _is_dollar_formula(content: str, before: str, after: str) -> bool:
    r"""Whether single dollars enclose a formula: not `$5 and $6`, not `$HOME/$USER`."""
    if "\n" in content or content[0].isspace() or content[-1].isspace():
        return False
    if _AFTER_WORD.match(before) or before == "$" or after == "$" or after.isdigit():
        return False
    if _AFTER_WORD.match(after) and not (content[-1].isalnum() or content[-1] in ")]}"):
        return False
    words = _WORD.search(_COMMAND.sub("", content).partition(" ")[2])
    return not (words and " " in content and (content[0].isdigit() or not _SIGN.search(content)))
