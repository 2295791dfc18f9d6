from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.module_loading import import_string

SNAPSHOT = Path("snapshots/openapi.json")
OPENAI_SNAPSHOT = Path("snapshots/openai.json")
SNAPSHOTS = {"api": SNAPSHOT, "openai_api": OPENAI_SNAPSHOT}
"""Where each API's document is committed, by the API's name."""


def document_text(name: str = "api") -> bytes:
    """Return an API's OpenAPI document as it is committed."""
    package = settings.ROOT_URLCONF.rpartition(".")[0]
    document = import_string(f"{package}.api.{name}").get_openapi_schema()
    return orjson.dumps(
        document, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | orjson.OPT_APPEND_NEWLINE
    )


class Command(BaseCommand):
    """Writes the APIs' OpenAPI documents, with which a test compares the code."""

    help = "Write the OpenAPI documents to snapshots/."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Write the files."""
        for name, path in SNAPSHOTS.items():
            target = settings.BASE_DIR / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(document_text(name))
            self.stdout.write(f"Wrote {target}")
