from django.http import HttpRequest

from apps.accounts.errors import ExportInProgressError, ExportNotFoundError, ExportNotReadyError
from apps.accounts.schemas import ExportOut
from apps.accounts.services import exports
from apps.core import db
from apps.core.api.auth import caller_of
from apps.core.api.downloads import Download, downloads
from apps.core.api.router import ApiRouter, Endpoint
from apps.users.constants import TokenScope

router = ApiRouter(tags=["Export of everything"])


@router.operation(
    "POST",
    "me/export",
    Endpoint(
        returns=ExportOut,
        message="It is being written. Ask for its state.",
        scope=TokenScope.ACCOUNT,
        status=202,
        errors=(ExportInProgressError,),
    ),
)
async def request_export(request: HttpRequest) -> ExportOut:
    """Have everything that you own written into an archive, in the place of the former one."""
    return ExportOut.of(await exports.request_export(actor=caller_of(request).user))


@router.operation(
    "GET",
    "me/export",
    Endpoint(
        returns=ExportOut,
        message="Your export.",
        scope=TokenScope.ACCOUNT,
        errors=(ExportNotFoundError,),
    ),
)
async def read_export(request: HttpRequest) -> ExportOut:
    """Read how far your export is."""
    return ExportOut.of(await db.call(exports.access_export, viewer=caller_of(request).user))


@router.operation(
    "GET",
    "me/export/file",
    Endpoint(
        returns=None,
        message="",
        scope=TokenScope.ACCOUNT,
        errors=(ExportNotFoundError, ExportNotReadyError),
        openapi=downloads("The archive.", exports.MEDIA_TYPE),
        is_stream=True,
    ),
)
async def download_export(request: HttpRequest) -> Download:
    """Download your export; that it was fetched is noted."""
    made = await exports.download(actor=caller_of(request).user)
    return Download(
        made.pieces,
        media_type=exports.MEDIA_TYPE,
        disposition=made.disposition,
        size=made.size,
    )
