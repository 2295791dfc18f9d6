"""Words and numbers about exports of everything that a person owns."""

from django.db.models import TextChoices

CHUNK_BYTES = 262_144
ROWS_PER_STEP = 500
LOST_AFTER_MINUTES = 15
PURGED_AT_ONCE = 20
ERASED_CONVERSATIONS_AT_ONCE = 20


class ExportState(TextChoices):
    """How an export stands."""

    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Being written"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"


LIVE_STATES = (ExportState.QUEUED, ExportState.RUNNING)
