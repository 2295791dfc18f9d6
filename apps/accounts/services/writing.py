"""The worker's part of an export: conversation after conversation, then everything else."""

from __future__ import annotations

import logging

from apps.accounts.models import DataExport
from apps.accounts.services import belongings, exports
from apps.accounts.services.archives import Archive, ArchiveLostError
from apps.conversations.models import Conversation
from apps.conversations.services import deleting, exporting
from apps.conversations.services.exporting import Format
from apps.core import db
from apps.core.languages import speaking
from apps.core.logging import log_event
from apps.users.models import User

logger = logging.getLogger(__name__)
FORMATS: tuple[Format, ...] = ("markdown", "json")


async def write_export(*, export_id: int) -> None:
    """Write an export from its beginning to its end; one that has ended stays as it is.

    Raises:
        OperationalError, InterfaceError: the database is away; the queue tries again.
    """
    export = await db.call(exports.take, export_id=export_id)
    if export is None:
        return
    try:
        await _write(export)
    except ArchiveLostError:
        log_event(logger, "EXPORT_LOST", level=logging.WARNING, export_id=export_id)
    except db.AWAY:
        raise
    except Exception as error:  # noqa: BLE001  whatever is wrong, its owner must be told
        log_event(
            logger,
            "EXPORT_FAILED",
            level=logging.ERROR,
            export_id=export_id,
            error=type(error).__name__,
        )
        await db.call(exports.fail, export_id=export_id, attempt=export.attempt)


async def _write(export: DataExport) -> None:
    archive = Archive(export)
    await db.call(_add_belongings, archive, export.user)
    done, total = 0, await db.call(_count, export)
    await db.call(exports.note_progress, export, done=done, total=total)
    after = 0
    while (conversation := await db.call(_next, export, after)) is not None:
        for file_format in FORMATS:
            await _add(archive, export, conversation, file_format)
        after, done = conversation.pk, done + 1
        await db.call(exports.note_progress, export, done=done, total=max(done, total))
    size = await db.call(archive.close)
    await db.call(exports.finish, export, size=size)


def _add_belongings(archive: Archive, user: User) -> None:
    with speaking(user.language):
        for name, pieces in belongings.files_of(user):
            archive.add(name, pieces)


async def _add(
    archive: Archive, export: DataExport, conversation: Conversation, file_format: Format
) -> None:
    ending = exporting.ENDINGS[file_format]
    await db.call(archive.begin, f"conversations/{conversation.pk}.{ending}")
    pieces = exporting.write_conversation(
        viewer=export.user,
        conversation=conversation,
        file_format=file_format,
        language=export.user.language,
    )
    async for piece in pieces:
        await db.call(archive.write, piece)
    await db.call(archive.end)


def _count(export: DataExport) -> int:
    return deleting.list_kept(viewer=export.user).count()


def _next(export: DataExport, after: int) -> Conversation | None:
    rows = deleting.list_kept(viewer=export.user).after_number(after)
    return rows.order_by("pk").first()
