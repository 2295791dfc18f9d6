"""Colours of code: words of a program get classes of ours, whatever the language."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import lru_cache
from html import escape
from itertools import groupby

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Name, Number, Operator, String, Token, _TokenType
from pygments.util import ClassNotFound

MAX_HIGHLIGHT_CHARS = 20_000
"""A longer block stays plain: its colours would take the worker longer than its text."""
MAX_LINE_CHARS = 1_000
MAX_SECONDS = 0.1
"""Expressions that read a hostile text can be slow: what is left by then stays plain."""

LANGUAGES = frozenset({
    "bash", "c", "c#", "c++", "console", "cpp", "csharp", "css", "dart", "diff", "docker",
    "dockerfile", "elixir", "go", "golang", "haskell", "html", "ini", "java", "javascript", "js",
    "json", "jsx", "kotlin", "lua", "make", "makefile", "perl", "php", "postgresql", "py", "pycon",
    "python", "python3", "r", "rb", "rs", "ruby", "rust", "scala", "scss", "sh", "shell", "sql",
    "swift", "toml", "ts", "tsx", "typescript", "xml", "yaml", "yml", "zsh",
})  # fmt: skip
"""The languages that people ask for; every other block stays plain."""

CLASSES: tuple[tuple[_TokenType, str], ...] = (
    (Comment, "code-comment"),
    (Keyword, "code-keyword"),
    (String, "code-string"),
    (Number, "code-number"),
    (Operator.Word, "code-keyword"),
    (Name.Builtin, "code-name"),
    (Name.Class, "code-name"),
    (Name.Function, "code-name"),
    (Name.Decorator, "code-name"),
    (Name.Tag, "code-keyword"),
    (Name.Attribute, "code-name"),
    (Token.Generic.Deleted, "code-deleted"),
    (Token.Generic.Inserted, "code-string"),
)
CLASS_NAMES = frozenset(name for _, name in CLASSES)


def highlight(code: str, language: str) -> str:
    """Return code as escaped HTML whose words have classes; plain where the language is unknown.

    Args:
        code: the source.
        language: its name, as the block says.
    """
    is_short = len(code) <= MAX_HIGHLIGHT_CHARS
    is_short = is_short and max(map(len, code.split("\n"))) <= MAX_LINE_CHARS
    lexer = _lexer(language.lower()) if is_short and language.lower() in LANGUAGES else None
    if lexer is None:
        return escape(code)
    return "".join(
        f'<span class="{name}">{text}</span>' if name else text for name, text in _runs(lexer, code)
    )


def _runs(lexer: Lexer, code: str) -> Iterator[tuple[str, str]]:
    """Yield neighbouring words of one class together, so that the markup stays small."""
    for name, run in groupby(_words(lexer, code), key=lambda word: word[0]):
        yield name, escape("".join(text for _, text in run))


def _words(lexer: Lexer, code: str) -> Iterator[tuple[str, str]]:
    """Yield each word with its class, until the time is up; then the rest without one."""
    deadline = time.monotonic() + MAX_SECONDS
    end = 0
    for at, kind, text in lexer.get_tokens_unprocessed(code):
        if at != end or time.monotonic() > deadline:
            break
        yield _class_of(kind), text
        end += len(text)
    yield "", code[end:]


@lru_cache(maxsize=256)
def _class_of(kind: _TokenType) -> str:
    return next((name for known, name in CLASSES if kind in known), "")


@lru_cache(maxsize=64)
def _lexer(language: str) -> Lexer | None:
    """Return what reads a language; None where nobody knows it, which is kept as well."""
    try:
        return get_lexer_by_name(language)
    except ClassNotFound:
        return None
