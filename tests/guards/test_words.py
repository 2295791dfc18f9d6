"""No text that people read is out of reach of a translator, and every language is complete."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages import Catalog, pofile
from babel.messages.mofile import read_mo
from django.conf import settings
from django.template.base import Lexer, Token, TokenType

from apps.core.management.commands import messages
from tests.guards.sources import ROOT, relative

LANGUAGES = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
CATALOGUES = [(language, domain) for language in LANGUAGES for domain in messages.DOMAINS]
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|</?\w+[^>]*>")
READ_ATTRIBUTES = re.compile(
    r"""\s(?:aria-label|aria-description|title|placeholder|alt)="([^"]*)\""""
)
HIDDEN_TEXT = re.compile(r"""f["'].*\{n?gettext(?:_lazy|_noop)?\(["']""")
TAG = re.compile(r"""<(?:"[^"]*"|'[^']*'|[^"'>])*>""")
SAME_EVERYWHERE = {
    "Parley": "the product's name",
    "CSV": "the name of a format",
    "download": "the name of a sign, drawn by its font",
}
NOT_READ = {
    "templates/design.html": "for developers, and not there when deployed",
    "templates/allauth/elements/button.html": "builds a tag out of pieces",
}


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_a_language_has_exactly_the_texts_that_are_said(language: str, domain: str) -> None:
    wanted = {message.id for message in messages.collect(domain) if message.id}
    stored = {message.id for message in messages.read(language, domain) if message.id}
    assert stored == wanted, "run make messages and translate what it names"


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_every_text_is_translated_with_its_placeholders(language: str, domain: str) -> None:
    wrong = []
    for message in messages.read(language, domain):
        if not message.id:
            continue
        originals = message.id if isinstance(message.id, tuple) else (message.id,)
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        expected = set(PLACEHOLDER.findall(originals[-1]))
        is_whole = all(text and set(PLACEHOLDER.findall(text)) == expected for text in texts)
        if message.fuzzy or not is_whole:
            wrong.append(message.id)
    assert wrong == []


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_what_is_compiled_is_what_is_written(language: str, domain: str) -> None:
    path = Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / domain
    with path.with_suffix(".mo").open("rb") as compiled, path.with_suffix(".po").open("rb") as po:
        assert _pairs(read_mo(compiled)) == _pairs(pofile.read_po(po))


def test_no_page_says_a_word_that_cannot_be_translated() -> None:
    found = []
    for path in messages.templates():
        if relative(path) in NOT_READ:
            continue
        for text in _literal_texts(path):
            words = re.findall(r"[^\W\d_]{2,}", text)
            if any(word not in SAME_EVERYWHERE for word in words):
                found.append(f"{relative(path)}: {text.strip()}")
    assert found == [], "put {% translate %} around it"


def test_no_text_stands_inside_another_where_the_collector_does_not_look() -> None:
    sources = sorted((ROOT / "apps").rglob("*.py"))
    found = [relative(path) for path in sources if HIDDEN_TEXT.search(path.read_text())]
    assert found == [], "give the text a line of its own, before the f-string"


def test_the_exceptions_are_all_used() -> None:
    everything = "".join(path.read_text() for path in messages.templates())
    assert all(word in everything for word in SAME_EVERYWHERE)
    assert all((ROOT / path).is_file() for path in NOT_READ)


def _pairs(catalogue: Catalog) -> set[tuple[str, str]]:
    return {(str(tuple(one.id)), str(tuple(one.string))) for one in catalogue if one.id}


def _literal_texts(path: Path) -> Iterator[str]:
    """Yield what a template says by itself: text between tags, and attributes that are read."""
    markup = "".join(_literals(Lexer(path.read_text()).tokenize()))
    yield from READ_ATTRIBUTES.findall(markup)
    yield from TAG.sub("\0", markup).split("\0")


def _literals(tokens: list[Token]) -> Iterator[str]:
    skipped = ""
    for token in tokens:
        words = token.split_contents() if token.token_type is TokenType.BLOCK else []
        name = words[0] if words else ""
        if skipped:
            skipped = "" if name == f"end{skipped}" else skipped
        elif name in ("blocktranslate", "comment") or words[:2] in (
            ["block", "main_class"],
            ["block", "html_class"],
        ):
            skipped = name
        elif token.token_type is TokenType.TEXT:
            yield token.contents
