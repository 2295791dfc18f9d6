"""What may be asked: one compiled catalogue a process, looked up anew now and then while used."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field

from django.conf import settings
from django.db import connection

from apps.core import db
from apps.core.logging import log_event
from apps.llm.services import compiling
from apps.llm.services.live import Catalogue, LiveVersion

logger = logging.getLogger(__name__)

FOLLOWED_SETTINGS = (
    *("OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL", "OPENAI_TEMPERATURE"),
    *("SYSTEM_PROMPT", "MAX_TOKENS", "LLM_MAX_COMPLETION_TOKENS", "LLM_KEYS"),
)
REVISION = """
    SELECT md5(concat_ws(';',
        (SELECT string_agg(concat_ws(':', id, xmin), ',' ORDER BY id) FROM llm_provider),
        (SELECT string_agg(concat_ws(':', id, xmin), ',' ORDER BY id) FROM llm_chatmodel),
        (SELECT string_agg(concat_ws(':', id, xmin), ',' ORDER BY id) FROM llm_assistant)
    ))
"""


@dataclass(slots=True)
class _Known:
    """What this process knows, under which settings, and when it looks again."""

    current: Catalogue | None = None
    settings: tuple[object, ...] = ()
    look_at: float = 0.0
    versions: dict[int, LiveVersion] = field(default_factory=dict)


_known = _Known()


def forget() -> None:
    """Know nothing any more; the next use reads everything anew."""
    _known.current, _known.look_at = None, 0.0
    _known.versions.clear()


async def current() -> Catalogue:
    """Return the catalogue; a change older than CHANGES_WITHIN_SECONDS is in it.

    While the database is away, what was known before holds.

    Raises:
        DatabaseError: the database is away and nothing is known yet.
    """
    known = _fresh()
    return known if known is not None else await db.call(read)


def read() -> Catalogue:
    """Return the catalogue as `current` does, from synchronous code."""
    known = _fresh()
    if known is not None:
        return known
    known, followed = _known.current, _followed_settings()
    is_same_place = followed == _known.settings
    _known.look_at = time.monotonic() + settings.CHANGES_WITHIN_SECONDS
    try:
        found = load(known if is_same_place else None)
    except Exception as error:
        if known is None or not is_same_place:
            _known.look_at = 0.0
            raise
        log_event(logger, "CATALOGUE_NOT_READ", level=logging.WARNING, error=type(error).__name__)
        return known
    _known.current, _known.settings = found, followed
    return found


def last_known() -> Catalogue | None:
    """Return what this process read last, however old; it asks the database for nothing."""
    return _known.current


def load(known: Catalogue | None = None) -> Catalogue:
    """Read the catalogue if it is another than the known one."""
    revision = _revision()
    if known is not None and known.revision == revision:
        return known
    if compiling.ensure_environment():
        revision = _revision()
    return compiling.compile_catalogue(revision)


def version_of(catalogue: Catalogue, version_id: int) -> LiveVersion:
    """Return a version of an assistant; a former one is read once and kept.

    Raises:
        AssistantNotFoundError: there is no such version.
    """
    live = catalogue.versions.get(version_id) or _known.versions.get(version_id)
    if live is None:
        live = _known.versions[version_id] = compiling.read_version(catalogue, version_id)
    return live


def _fresh() -> Catalogue | None:
    if time.monotonic() < _known.look_at and _followed_settings() == _known.settings:
        return _known.current
    return None


def _followed_settings() -> tuple[object, ...]:
    return tuple(getattr(settings, name) for name in FOLLOWED_SETTINGS)


def _revision() -> str:
    with connection.cursor() as cursor:
        cursor.execute(REVISION)
        return str(cursor.fetchone()[0])
