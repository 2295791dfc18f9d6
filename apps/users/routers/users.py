from django.http import HttpRequest
from ninja import Query

from apps.core import db
from apps.core.api.auth import caller_of
from apps.core.api.etags import precondition
from apps.core.api.pagination import Slice, paginate
from apps.core.api.router import ApiRouter, Endpoint
from apps.core.api.schemas import Page
from apps.users.constants import TokenScope
from apps.users.errors import (
    EmailTakenError,
    LastAdminError,
    OwnRightsError,
    RoleRequiredError,
    ServiceAccountError,
    UserNotFoundError,
)
from apps.users.schemas import UserCreateIn, UserListParams, UserOut, UserUpdateIn
from apps.users.services import accounts
from apps.users.services.principals import Principal

router = ApiRouter(tags=["Users"])


@router.operation(
    "POST",
    "",
    Endpoint(
        returns=UserOut,
        message="Account created.",
        scope=None,
        status=201,
        errors=(EmailTakenError,),
        tagged_as=UserOut,
        gives={"user_id": "/id"},
        rate="RATE_LIMIT_SIGNUP",
    ),
)
async def create_user(request: HttpRequest, payload: UserCreateIn) -> object:
    """Sign up."""
    return await accounts.register(**payload.model_dump())


@router.operation(
    "GET",
    "",
    Endpoint(
        returns=Page[UserOut],
        message="People.",
        scope=TokenScope.STAFF,
        errors=(RoleRequiredError,),
        gives={"user_id": "/items/0/id"},
    ),
)
async def list_users(request: HttpRequest, page: Query[UserListParams]) -> Slice:
    """List people, for admins."""
    people = accounts.list_users(viewer=caller_of(request).user, words=page.q, role=page.role or "")
    return await paginate(people, page, order=("-id",))


@router.operation("GET", "me", Endpoint(returns=UserOut, message="You.", scope=TokenScope.ACCOUNT))
async def read_own_user(request: HttpRequest) -> object:
    """Read who the token belongs to."""
    return caller_of(request).user


@router.operation(
    "GET",
    "{int:user_id}",
    Endpoint(
        returns=UserOut,
        message="Person.",
        scope=TokenScope.ACCOUNT,
        errors=(UserNotFoundError,),
    ),
)
async def read_user(request: HttpRequest, user_id: int) -> object:
    """Read a person.

    People read themself; admins read everybody, with a token of the scope `staff`.
    """
    viewer = _principal_for(request, user_id).user
    return await db.call(accounts.access_user, viewer=viewer, user_id=user_id)


@router.operation(
    "PATCH",
    "{int:user_id}",
    Endpoint(
        returns=UserOut,
        message="Saved.",
        scope=TokenScope.ACCOUNT,
        errors=(
            UserNotFoundError,
            LastAdminError,
            OwnRightsError,
            RoleRequiredError,
            ServiceAccountError,
        ),
        is_conditional=True,
    ),
)
async def update_user(request: HttpRequest, user_id: int, payload: UserUpdateIn) -> object:
    """Change a person.

    People change their own name; admins also another's role and state, with a token of the
    scope `staff`. Nobody changes their own role or state.
    """
    actor = _principal_for(request, user_id).user
    return await db.call(
        accounts.update_user,
        actor=actor,
        user_id=user_id,
        precondition=precondition(request, UserOut),
        **payload.model_dump(),
    )


@router.operation(
    "DELETE",
    "{int:user_id}",
    Endpoint(
        returns=None,
        message="Account deleted.",
        scope=TokenScope.ACCOUNT,
        errors=(UserNotFoundError, LastAdminError),
        is_conditional=True,
    ),
)
async def delete_user(request: HttpRequest, user_id: int) -> None:
    """Delete a person with all their conversations.

    People delete themself; admins delete everybody, with a token of the scope `staff`.
    """
    actor = _principal_for(request, user_id).user
    await db.call(
        accounts.delete_user,
        actor=actor,
        user_id=user_id,
        precondition=precondition(request, UserOut),
    )


def _principal_for(request: HttpRequest, user_id: int) -> Principal:
    """Return who calls; about somebody else only a token for staff work may ask."""
    principal: Principal = caller_of(request)
    if user_id != principal.user.pk:
        principal.require_scope(TokenScope.STAFF)
    return principal
