from django.http import HttpRequest
from ninja import Query

from apps.core import db
from apps.core.api.auth import caller_of
from apps.core.api.etags import precondition
from apps.core.api.pagination import Slice, paginate
from apps.core.api.router import ApiRouter, Endpoint
from apps.core.api.schemas import Page, PageParams
from apps.users.constants import TokenScope
from apps.users.errors import RoleRequiredError, UserNotFoundError
from apps.users.schemas import (
    ServiceAccountIn,
    ServiceAccountOut,
    ServiceAccountUpdateIn,
)
from apps.users.services import service_accounts

router = ApiRouter(tags=["Service accounts"])


@router.operation(
    "POST",
    "",
    Endpoint(
        returns=ServiceAccountOut,
        message="Service account made.",
        scope=TokenScope.STAFF,
        status=201,
        errors=(RoleRequiredError,),
        tagged_as=ServiceAccountOut,
        gives={"account_id": "/id"},
    ),
)
async def create_service_account(request: HttpRequest, payload: ServiceAccountIn) -> object:
    """Make the account of a program, as an admin."""
    actor = caller_of(request).user
    return await db.call(
        service_accounts.create_service_account, actor=actor, **payload.model_dump()
    )


@router.operation(
    "GET",
    "",
    Endpoint(
        returns=Page[ServiceAccountOut],
        message="Service accounts.",
        scope=TokenScope.STAFF,
        errors=(RoleRequiredError,),
        gives={"account_id": "/items/0/id"},
    ),
)
async def list_service_accounts(request: HttpRequest, page: Query[PageParams]) -> Slice:
    """List the service accounts, newest first, for admins."""
    found = service_accounts.list_service_accounts(viewer=caller_of(request).user)
    return await paginate(found, page, order=("-id",))


@router.operation(
    "GET",
    "/{int:account_id}",
    Endpoint(
        returns=ServiceAccountOut,
        message="Service account.",
        scope=TokenScope.STAFF,
        errors=(UserNotFoundError, RoleRequiredError),
    ),
)
async def read_service_account(request: HttpRequest, account_id: int) -> object:
    """Read one service account."""
    viewer = caller_of(request).user
    return await db.call(
        service_accounts.access_service_account, viewer=viewer, account_id=account_id
    )


@router.operation(
    "PATCH",
    "/{int:account_id}",
    Endpoint(
        returns=ServiceAccountOut,
        message="Saved.",
        scope=TokenScope.STAFF,
        errors=(UserNotFoundError, RoleRequiredError),
        is_conditional=True,
    ),
)
async def update_service_account(
    request: HttpRequest, account_id: int, payload: ServiceAccountUpdateIn
) -> object:
    """Rename a service account, change what it may read, switch it off or on."""
    return await db.call(
        service_accounts.update_service_account,
        actor=caller_of(request).user,
        account_id=account_id,
        precondition=precondition(request, ServiceAccountOut),
        **payload.model_dump(),
    )
