"""LaTeX formulas become MathML, which browsers draw and read aloud by themselves.

What the converter returns is not trusted: only elements and attributes named here are written
again, in a well-formed tree without a link, a style or an element of HTML. What is not understood,
or is too large to be read safely, is no formula.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape, unescape

from math_core import LatexError, LatexToMathML

MAX_CHARS = 4_000
MAX_MARKS = 500
"""Each command, brace or script may nest the converter once more, on a stack that has an end."""
MAX_MATHML_CHARS = 40_000
MAX_EXPANSIONS = 300

_MARK = re.compile(r"[\\{^_$\[]")
_DEFINITION = re.compile(
    r"\\(?:[A-Za-z]*command|[A-Za-z]*def|let|global|DeclareMathOperator)(?![a-z])"
)
_REPLACED = {r"\begin{split}": r"\begin{aligned}", r"\end{split}": r"\end{aligned}"}

_PIECE = re.compile(r'<(/?)([a-z]+)((?: [a-z]+="[^"<>]*")*)(/?)>|([^<>]+)')
_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"<>]*)"')
_TRUTH = re.compile("true|false")
_LENGTH = re.compile(r"-?\d?(?:\.\d+)?(?:em|ex)|0")

ELEMENTS = {
    name: name
    for name in (
        "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "msub", "msup", "msubsup", "munder",
        "mover", "munderover", "mmultiscripts", "mprescripts", "mfrac", "msqrt", "mroot", "mtable",
        "mtr", "mtd", "mphantom",
    )
} | {"menclose": "mrow", "mpadded": "mrow"}  # fmt: skip
"""What may be written, and as what: browsers do not draw the last two, our styles do."""
TEXT_ELEMENTS = frozenset({"a", "b", "i", "em", "code", "s", "u", "span"})
"""What the converter writes of HTML into texts: only the words are kept."""
ATTRIBUTES = {
    "display": re.compile("block"),
    "displaystyle": _TRUTH,
    "scriptlevel": re.compile("[0-2]"),
    "mathvariant": re.compile("normal"),
    "form": re.compile("prefix|infix|postfix"),
    "stretchy": _TRUTH,
    "symmetric": _TRUTH,
    "movablelimits": _TRUTH,
    "accent": _TRUTH,
    "accentunder": _TRUTH,
    "lspace": _LENGTH,
    "rspace": _LENGTH,
    "minsize": _LENGTH,
    "maxsize": _LENGTH,
    "width": _LENGTH,
    "linethickness": re.compile("0"),
}
STYLES = {
    "text-align: left": "formula-start",
    "text-align: right": "formula-end",
    "padding-left: 0": "formula-no-space-before",
    "padding-right: 0": "formula-no-space-after",
    "padding-left:1em": "formula-space-before",
    "border-top: 0.05em solid currentcolor": "formula-line-above",
    "border-left: 0.05em solid currentcolor": "formula-line-before",
    "border-right: 0.05em solid currentcolor": "formula-line-after",
    "width: 100%": "formula-wide",
    "width: 50%": "formula-side",
}
"""Pages allow no styles in markup: these become classes, any other is left out."""
NOTATIONS = {"box": "formula-box", "updiagonalstrike": "formula-strike"}


def typeset(latex: str, *, is_block: bool) -> str | None:
    """Return a formula as MathML; None where it is not understood or too large.

    Args:
        latex: the formula, without the marks around it.
        is_block: whether it stands on its own rather than in a line.
    """
    if not latex.strip() or len(latex) > MAX_CHARS:
        return None
    if len(_MARK.findall(latex)) > MAX_MARKS or _DEFINITION.search(latex):
        return None
    for known, instead in _REPLACED.items():
        latex = latex.replace(known, instead)
    written = _convert(latex, is_block=is_block)
    return _rewritten(written) if len(written) <= MAX_MATHML_CHARS else None


def _convert(latex: str, *, is_block: bool) -> str:
    """Return what the converter makes of it; nothing where it gives up."""
    try:
        return _converter().convert_with_local_state(latex, displaystyle=is_block)
    except LatexError:
        return ""
    except BaseException as failure:
        # A fault inside the converter is no Exception; it is its formula's matter alone.
        if type(failure).__module__ != "pyo3_runtime":
            raise
        return ""


@lru_cache(maxsize=1)
def _converter() -> LatexToMathML:
    return LatexToMathML(
        fancy_error=False, allow_unreliable_rendering=True, max_expansions=MAX_EXPANSIONS
    )


def _rewritten(mathml: str) -> str | None:
    """Return the tree written again with what is allowed; None where anything else is in it."""
    pieces: list[str] = []
    is_open: list[str] = []
    at = 0
    for match in _PIECE.finditer(mathml):
        closing, name, attributes, empty, text = match.groups()
        if match.start() != at or not (text or name in ELEMENTS or name in TEXT_ELEMENTS):
            return None
        at = match.end()
        if text:
            pieces.append(escape(unescape(text), quote=False))
        elif closing:
            if not is_open or is_open.pop() != name:
                return None
            pieces.append(_end_tag(name))
        else:
            pieces.append(_start_tag(name, attributes))
            if empty:
                pieces.append(_end_tag(name))
            else:
                is_open.append(name)
    return "".join(pieces) if pieces and at == len(mathml) and not is_open else None


def _start_tag(name: str, attributes: str) -> str:
    if name in TEXT_ELEMENTS:
        return ""
    kept, classes = [], []
    for key, value in _ATTRIBUTE.findall(attributes):
        if key == "style":
            classes += [STYLES[each] for each in value.split(";") if each in STYLES]
        elif key == "notation":
            classes += [NOTATIONS[each] for each in value.split(" ") if each in NOTATIONS]
        elif key in ATTRIBUTES and ATTRIBUTES[key].fullmatch(value) and name != "mpadded":
            kept.append(f' {key}="{value}"')
    if classes:
        kept.append(f' class="{" ".join(classes)}"')
    return f"<{ELEMENTS[name]}{''.join(kept)}>"


def _end_tag(name: str) -> str:
    return "" if name in TEXT_ELEMENTS else f"</{ELEMENTS[name]}>"
