"""Exports of everything that a person owns: asked for, written by the worker, fetched, removed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.http import content_disposition_header

from apps.accounts import constants
from apps.accounts.constants import ExportState
from apps.accounts.errors import ExportInProgressError, ExportNotFoundError, ExportNotReadyError
from apps.accounts.models import DataExport, ExportChunk
from apps.accounts.services import archives
from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core import db, jobs, rate_limits
from apps.users.models import User

TASK = "accounts.write_export"
QUEUE = "exports"
MEDIA_TYPE = "application/zip"


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """An archive on its way: what the browser is told of it, and its pieces."""

    disposition: str
    size: int
    pieces: AsyncIterator[bytes]


async def request_export(*, actor: User) -> DataExport:
    """Have everything that the actor owns written into an archive; the former one is removed.

    Raises:
        ExportInProgressError: one is on its way.
        RateLimitedError: the actor asked too often.
    """
    current = await db.call(find_export, viewer=actor)
    if current is not None and current.is_live:
        raise ExportInProgressError
    await rate_limits.check("export", f"user:{actor.pk}", settings.RATE_LIMIT_EXPORT)
    return await db.call(_begin, actor)


@transaction.atomic
def _begin(actor: User) -> DataExport:
    own = DataExport.objects.owned_by(actor)
    own.ended().delete()
    try:
        with transaction.atomic():
            export = DataExport.objects.create(user=actor)
    except IntegrityError as error:
        raise ExportInProgressError from error
    audit.record(
        actor=actor,
        action=AuditAction.EXPORT_REQUESTED,
        target_type="dataexport",
        target_id=export.pk,
    )
    defer(export.pk)
    return export


def defer(export_id: int) -> None:
    """Queue the writing of an export, in the caller's transaction."""
    jobs.defer(TASK, {"export_id": export_id}, queue=QUEUE)


def find_export(*, viewer: User, now: datetime | None = None) -> DataExport | None:
    """Return the viewer's export, None where there is none that is kept."""
    kept = DataExport.objects.owned_by(viewer).kept(now or timezone.now())
    return kept.newest_first().first()


def access_export(*, viewer: User, now: datetime | None = None) -> DataExport:
    """Return the viewer's export.

    Raises:
        ExportNotFoundError: there is none, or its days are over.
    """
    export = find_export(viewer=viewer, now=now)
    if export is None:
        raise ExportNotFoundError
    return export


async def download(*, actor: User) -> ArchiveFile:
    """Return the archive of the actor's export; that it was fetched is noted.

    Raises:
        ExportNotFoundError: there is none, or its days are over.
        ExportNotReadyError: it is not written to its end.
    """
    export = await db.call(_note_download, actor)
    name = f"parley-{export.created_at:%Y-%m-%d}.zip"
    return ArchiveFile(
        content_disposition_header(True, name) or "",  # noqa: FBT003  Django's own order
        export.size,
        _pieces(export),
    )


@transaction.atomic
def _note_download(actor: User) -> DataExport:
    export = access_export(viewer=actor)
    if export.state != ExportState.READY:
        raise ExportNotReadyError
    audit.record(
        actor=actor,
        action=AuditAction.EXPORT_DOWNLOADED,
        target_type="dataexport",
        target_id=export.pk,
        data={"bytes": export.size},
    )
    return export


async def _pieces(export: DataExport) -> AsyncIterator[bytes]:
    """Read an archive piece by piece.

    Raises:
        ArchiveLostError: it was removed meanwhile, and its end is missing.
    """
    number = sent = 0
    while sent < export.size:
        data = await db.call(
            archives.read_chunk, export_id=export.pk, attempt=export.attempt, number=number
        )
        if data is None:
            raise archives.ArchiveLostError
        yield data
        number, sent = number + 1, sent + len(data)


@transaction.atomic
def take(*, export_id: int) -> DataExport | None:
    """Begin to write an export, in the place of whoever began before; None where it has ended."""
    rows = DataExport.objects.live().select_for_update(of=("self",)).select_related("user")
    export = rows.filter(pk=export_id).first()
    if export is None:
        return None
    ExportChunk.objects.of_export(export.pk).delete()
    export.state, export.attempt = ExportState.RUNNING, export.attempt + 1
    export.conversations_done, export.touched_at = 0, timezone.now()
    export.save(update_fields=["state", "attempt", "conversations_done", "touched_at"])
    return export


def note_progress(export: DataExport, *, done: int, total: int) -> None:
    """Tell the page how far an export is.

    Raises:
        ArchiveLostError: it is not this worker's any more.
    """
    mine = DataExport.objects.in_hand(export)
    if not mine.update(
        conversations_done=done, conversations_total=total, touched_at=timezone.now()
    ):
        raise archives.ArchiveLostError


def finish(export: DataExport, *, size: int, now: datetime | None = None) -> None:
    """Say that an export is ready, and until when it is kept."""
    moment = now or timezone.now()
    DataExport.objects.in_hand(export).update(
        state=ExportState.READY,
        size=size,
        finished_at=moment,
        touched_at=moment,
        expires_at=moment + timedelta(days=settings.EXPORT_KEEP_DAYS),
    )


@transaction.atomic
def fail(*, export_id: int, attempt: int) -> None:
    """End an export that cannot be written, and remove what there is of it."""
    now = timezone.now()
    failed = DataExport.objects.live().of_attempt(attempt).filter(pk=export_id)
    if failed.update(state=ExportState.FAILED, finished_at=now, touched_at=now):
        ExportChunk.objects.of_export(export_id).delete()


def requeue_lost(*, now: datetime | None = None) -> int:
    """Queue exports again that nobody has written to for a while; returns how many."""
    before = (now or timezone.now()) - timedelta(minutes=constants.LOST_AFTER_MINUTES)
    with transaction.atomic():
        lost = list(
            DataExport.objects.lost(before).select_for_update(skip_locked=True)[
                : constants.PURGED_AT_ONCE
            ]
        )
        for export in lost:
            export.touched_at = now or timezone.now()
            export.save(update_fields=["touched_at"])
            defer(export.pk)
    return len(lost)


def purge_some(*, now: datetime | None = None) -> int:
    """Remove archives whose days are over, one at a time; returns how many, at most 20."""
    moment = now or timezone.now()
    old = DataExport.objects.to_purge(moment, moment - timedelta(days=settings.EXPORT_KEEP_DAYS))
    numbers = list(old.values_list("pk", flat=True)[: constants.PURGED_AT_ONCE])
    for number in numbers:
        DataExport.objects.filter(pk=number).delete()
    return len(numbers)
