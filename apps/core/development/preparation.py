"""Tells whether the database is already in the state of the code, so that a start need not ask."""

import hashlib
from pathlib import Path

from apps.core.development.state import CHECKOUT

PATTERNS = (
    "apps/*/migrations/*.py",
    "apps/*/management/commands/*.py",
    "requirements-dev.lock",
)


def fingerprint(*, has_demo: bool) -> str:
    """Return what changes whenever a migration, a command or a dependency does."""
    digest = hashlib.sha256(f"demo={has_demo}".encode())
    for pattern in PATTERNS:
        for path in sorted(CHECKOUT.glob(pattern)):
            digest.update(str(path.relative_to(CHECKOUT)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


class Prepared:
    """Remembers, beside the data themselves, which state of the code they were prepared for."""

    def __init__(self, folder: Path | None, *, has_demo: bool) -> None:
        self._path = folder / "prepared" if folder else None
        self._wanted = fingerprint(has_demo=has_demo)

    def is_current(self) -> bool:
        """Whether nothing has changed since the last preparation."""
        if self._path is None or not self._path.exists():
            return False
        return self._path.read_text(encoding="utf-8") == self._wanted

    def remember(self) -> None:
        """Note a preparation that succeeded; a database of somebody else's is asked every time."""
        if self._path is not None:
            self._path.write_text(self._wanted, encoding="utf-8")
