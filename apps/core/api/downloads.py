"""Files that are written while they are sent: no envelope, and never held whole."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from django.http import StreamingHttpResponse

JSON = "application/json"
OBJECT = {"type": "object"}
BYTES = {"type": "string", "format": "binary"}


class Download(StreamingHttpResponse):
    """A file for its asker alone, piece by piece."""

    def __init__(self, pieces: AsyncIterator[bytes], *, media_type: str, disposition: str) -> None:
        super().__init__(pieces, content_type=media_type)
        self.headers["Content-Disposition"] = disposition
        self.headers["Cache-Control"] = "no-store"


def downloads(description: str, *media_types: str) -> dict[str, Any]:
    """Describe an operation that answers a file and nothing else."""
    names = [name.partition(";")[0] for name in media_types]
    content = {name: {"schema": OBJECT if name == JSON else BYTES} for name in names}
    return {"responses": {200: {"description": description, "content": content}}}
