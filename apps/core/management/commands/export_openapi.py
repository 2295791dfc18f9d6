from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils.module_loading import import_string

SNAPSHOT = Path("snapshots/openapi.json")


def document_text() -> bytes:
    """Return the API's OpenAPI document as it is committed."""
    package = settings.ROOT_URLCONF.rpartition(".")[0]
    document = import_string(f"{package}.api.api").get_openapi_schema()
    return orjson.dumps(
        document, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | orjson.OPT_APPEND_NEWLINE
    )


class Command(BaseCommand):
    """Writes the API's OpenAPI document, with which a test compares the code."""

    help = "Write the OpenAPI document to snapshots/openapi.json."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take another file."""
        parser.add_argument("--output", type=Path, default=settings.BASE_DIR / SNAPSHOT)

    def handle(self, *args: Any, output: Path, **options: Any) -> None:  # noqa: ANN401
        """Write the file."""
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(document_text())
        self.stdout.write(f"Wrote {output}")
