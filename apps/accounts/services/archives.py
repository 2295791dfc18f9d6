"""A zip archive that is written piece by piece into rows, and read from them the same way."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from typing import IO

from django.utils import timezone

from apps.accounts.constants import CHUNK_BYTES
from apps.accounts.models import DataExport, ExportChunk


class ArchiveLostError(Exception):
    """Another worker took the export over, or it was removed: nothing more is written or read."""


class ChunkFile:
    """A file that can only be written to its end; what passes the size of a chunk becomes a row."""

    def __init__(self, export: DataExport) -> None:
        self._export = export
        self._waiting = bytearray()
        self._number = 0
        self.size = 0

    def write(self, data: bytes) -> int:
        """Take bytes.

        Raises:
            ArchiveLostError: the export is not this worker's any more.
        """
        self._waiting += data
        self.size += len(data)
        while len(self._waiting) >= CHUNK_BYTES:
            self._store(CHUNK_BYTES)
        return len(data)

    def flush(self) -> None:
        """Do nothing: chunks are stored when they are full, and at the end."""

    def finish(self) -> None:
        """Store what is left."""
        if self._waiting:
            self._store(len(self._waiting))

    def _store(self, count: int) -> None:
        export = self._export
        mine = DataExport.objects.in_hand(export)
        if not mine.update(touched_at=timezone.now()):
            raise ArchiveLostError
        ExportChunk.objects.create(
            export=export,
            attempt=export.attempt,
            number=self._number,
            data=bytes(self._waiting[:count]),
        )
        self._number += 1
        del self._waiting[:count]


class Archive:
    """The archive of one export while it is written; holds one chunk in memory and no more."""

    def __init__(self, export: DataExport) -> None:
        self._file = ChunkFile(export)
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED, compresslevel=6)  # type: ignore[call-overload]
        self._entry: IO[bytes] | None = None

    def begin(self, name: str) -> None:
        """Begin a file of the archive."""
        self.end()
        self._entry = self._zip.open(name, "w", force_zip64=True)

    def write(self, data: bytes) -> None:
        """Write to the file that was begun last."""
        if self._entry is None:
            msg = "Begin a file first."
            raise ValueError(msg)
        self._entry.write(data)

    def end(self) -> None:
        """End the file that was begun last."""
        if self._entry is not None:
            self._entry.close()
            self._entry = None

    def add(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write a whole file, piece by piece."""
        self.begin(name)
        for piece in pieces:
            self.write(piece)
        self.end()

    def close(self) -> int:
        """Write the end of the archive; returns its size."""
        self.end()
        self._zip.close()
        self._file.finish()
        return self._file.size


def read_chunk(*, export_id: int, attempt: int, number: int) -> bytes | None:
    """Return one chunk of an archive, None behind the last."""
    rows = ExportChunk.objects.of_export(export_id).at(attempt, number)
    data = rows.values_list("data", flat=True).first()
    return None if data is None else bytes(data)
