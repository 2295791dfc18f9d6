"""Files that are written while they are sent: no envelope, and never held whole."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from django.http import StreamingHttpResponse


class Download(StreamingHttpResponse):
    """A file for its asker alone, piece by piece."""

    def __init__(self, pieces: AsyncIterator[bytes], *, media_type: str, disposition: str) -> None:
        super().__init__(pieces, content_type=media_type)
        self.headers["Content-Disposition"] = disposition
        self.headers["Cache-Control"] = "no-store"


def downloads(description: str, *media_types: str) -> dict[str, Any]:
    """Describe an operation that answers a file and nothing else."""
    content = {
        name.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}}
        for name in media_types
    }
    return {"responses": {200: {"description": description, "content": content}}}
