"""Files that are written while they are sent: no envelope, and never held whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from django.http import StreamingHttpResponse
from pydantic import BaseModel

JSON = "application/json"
OBJECT = {"type": "object"}
BYTES = {"type": "string", "format": "binary"}


class Download(StreamingHttpResponse):
    """A file for its asker alone, piece by piece.

    Where its size is known it is told, so that whoever fetches it sees when it ends too early.
    """

    def __init__(
        self,
        pieces: AsyncIterator[bytes],
        *,
        media_type: str,
        disposition: str,
        size: int | None = None,
    ) -> None:
        super().__init__(pieces, content_type=media_type)
        if size is not None:
            self.headers["Content-Length"] = str(size)
        self.headers["Content-Disposition"] = disposition
        self.headers["Cache-Control"] = "no-store"


def downloads(
    description: str, *media_types: str, as_json: Mapping[str, Any] = OBJECT
) -> dict[str, Any]:
    """Describe an operation that answers a file and nothing else.

    Args:
        description: what the file is.
        media_types: in which forms there is one.
        as_json: the schema of the one in JSON.
    """
    names = [name.partition(";")[0] for name in media_types]
    content = {name: {"schema": dict(as_json) if name == JSON else BYTES} for name in names}
    return {"responses": {200: {"description": description, "content": content}}}


def list_of(row: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of a file in JSON that is a list of such rows, which hold no others."""
    return {"type": "array", "items": row.model_json_schema()}
