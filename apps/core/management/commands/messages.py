"""Collects what people read, merges it into the catalogues, and compiles them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages import Catalog, pofile
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.loader import get_template
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

from apps.core.errors import AppError

DOMAINS = ("django", "djangojs")
FOLDER = Path(settings.LOCALE_PATHS[0])
STAFF_TEMPLATES = ("admin/", "unfold/")
PYTHON_WORDS: dict[str, Any] = {
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
}
SCRIPT_WORDS: dict[str, Any] = {"t": None, "tn": (1, 2)}
NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)
NOISE = re.compile(
    r'^"(?:POT-|PO-|Report-|Project-|Last-|Language-Team|Generated-).*\n', re.MULTILINE
)
MARKED_ARGUMENT = re.compile(r'_\("([^"]+)"\)')
Found = tuple[str | tuple[str, ...], str]


def templates() -> Iterator[Path]:
    """Yield the templates that people other than staff see."""
    root = settings.BASE_DIR / "templates"
    for path in sorted(root.rglob("*.*")):
        if not str(path.relative_to(root)).startswith(STAFF_TEMPLATES):
            yield path


def collect(domain: str) -> Catalog:
    """Return every text of a domain that there is to translate, with the files that say it."""
    catalogue = Catalog(domain=domain, header_comment="")
    sources = _scripts() if domain == "djangojs" else _of_the_server()
    for text, place in sources:
        catalogue.add(text, locations=[(place, 0)])
    return catalogue


def read(language: str, domain: str) -> Catalog:
    """Return the catalogue of a language as it is stored; an empty one where there is none."""
    path = _path(language, domain, "po")
    if not path.is_file():
        return Catalog(locale=language, domain=domain)
    with path.open("rb") as file:
        return pofile.read_po(file, locale=language, domain=domain)


def merged(language: str, domain: str) -> Catalog:
    """Return the stored catalogue with exactly the texts that are said now."""
    catalogue = read(language, domain)
    catalogue.update(collect(domain), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    return catalogue


class Command(BaseCommand):
    """Merges the catalogues: `make messages`."""

    help = "Merge what people read into locale/ and compile it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take another language to begin with."""
        parser.add_argument("--add", metavar="LANGUAGE", help="begin another language, such as fr")

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401
        """Write the catalogues of every language.

        Raises:
            CommandError: a text has no translation yet, each named.
        """
        languages = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
        missing: list[str] = []
        for language in {*languages, *filter(None, [options["add"]])}:
            for domain in DOMAINS:
                catalogue = merged(language, domain)
                write(catalogue, language, domain)
                missing += [f"{language}: {one.id}" for one in catalogue if not _is_done(one)]
        if missing:
            raise CommandError("Not translated yet:\n" + "\n".join(missing))
        self.stdout.write("Every text has its translation.")


def write(catalogue: Catalog, language: str, domain: str) -> None:
    """Store a catalogue as text and as the compiled form that pages read."""
    path = _path(language, domain, "po")
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue.creation_date = catalogue.revision_date = NO_DATE
    catalogue.header_comment = f"# What people read in Parley, in {language}: make messages"
    catalogue.fuzzy = False
    text = BytesIO()
    pofile.write_po(text, catalogue, width=0, sort_output=True, include_lineno=False)
    path.write_text(NOISE.sub("", text.getvalue().decode()))
    with _path(language, domain, "mo").open("wb") as file:
        write_mo(file, catalogue)


def _is_done(message: Any) -> bool:  # noqa: ANN401
    texts = message.string if isinstance(message.string, tuple) else (message.string,)
    return not message.id or (all(texts) and not message.fuzzy)


def _path(language: str, domain: str, ending: str) -> Path:
    return FOLDER / language / "LC_MESSAGES" / f"{domain}.{ending}"


def _of_the_server() -> Iterator[Found]:
    for path in templates():
        name = str(path.relative_to(settings.BASE_DIR / "templates"))
        yield from ((text, f"templates/{name}") for text in _words_of(name))
        for text in MARKED_ARGUMENT.findall(path.read_text()):
            yield text, f"templates/{name}"
    for path in sorted((settings.BASE_DIR / "apps").rglob("*.py")):
        place = str(path.relative_to(settings.BASE_DIR))
        for _, text, _, _ in extract_from_file("python", path, PYTHON_WORDS):
            if isinstance(text, str | tuple):
                yield text, place
    yield from _errors()


def _words_of(name: str) -> Iterator[str | tuple[str, ...]]:
    nodes = get_template(name).template.nodelist  # type: ignore[attr-defined]
    for node in nodes.get_nodes_by_type(TranslateNode):
        if isinstance(node.filter_expression.var.literal, str):
            yield str(node.filter_expression.var.literal)
    for node in nodes.get_nodes_by_type(BlockTranslateNode):
        singular = node.render_token_list(node.singular)[0]
        if node.plural and node.countervar:
            yield singular, node.render_token_list(node.plural)[0]
        else:
            yield singular


def _errors() -> Iterator[Found]:
    for config in apps.get_app_configs():
        name = f"{config.name}.errors"
        if not config.name.startswith("apps.") or find_spec(name) is None:
            continue
        for kind in vars(import_module(name)).values():
            is_ours = isinstance(kind, type) and kind.__module__ == name
            if is_ours and issubclass(kind, AppError):
                yield kind.default_message, f"{name.replace('.', '/')}.py"


def _scripts() -> Iterator[Found]:
    root = settings.BASE_DIR / "static" / "js"
    for path in sorted(root.rglob("*.js")):
        if path.relative_to(root).parts[0] == "admin":
            continue
        for _, text, _, _ in extract_from_file("javascript", path, SCRIPT_WORDS):
            if isinstance(text, str | tuple):
                yield text, str(path.relative_to(settings.BASE_DIR))
