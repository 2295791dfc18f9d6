"""The desk of a member of staff, for programs: saved views of the queue, and what is covered."""

from django.http import HttpRequest
from ninja import Query

from apps.core import db
from apps.core.api.auth import caller_of
from apps.core.api.pagination import Slice, paginate
from apps.core.api.router import ApiRouter, Endpoint
from apps.core.api.schemas import Page, PageParams
from apps.moderation import errors
from apps.moderation.schemas.desk import (
    PreferenceIn,
    PreferenceOut,
    ViewCountOut,
    ViewIn,
    ViewOut,
)
from apps.moderation.services.desk import preferences, saved_views
from apps.users.constants import TokenScope

router = ApiRouter(tags=["Moderation"])
STAFF = TokenScope.STAFF


@router.operation(
    "GET",
    "/views",
    Endpoint(
        returns=Page[ViewOut], message="Views.", scope=STAFF, gives={"view_id": "/items/0/id"}
    ),
)
async def list_views(request: HttpRequest, page: Query[PageParams]) -> Slice:
    """List your saved views of the queue and the shared ones, by name."""
    viewer = caller_of(request).user
    rows = await db.call(saved_views.list_views, viewer=viewer)
    found = await paginate(rows, page, order=("name", "id"))
    return Slice([ViewOut.of(view, viewer) for view in found.items], found.next_cursor)


@router.operation(
    "PUT",
    "/views",
    Endpoint(returns=ViewOut, message="The view is kept.", scope=STAFF, gives={"view_id": "/id"}),
)
async def save_view(request: HttpRequest, payload: ViewIn) -> ViewOut:
    """Keep filters of the queue under a name; leads may share a view with everybody.

    One of yours of that name is replaced. You have room for twenty.
    """
    actor = caller_of(request).user
    view = await db.call(
        saved_views.save_filters,
        actor=actor,
        name=payload.name,
        filters=payload.chosen(),
        is_shared=payload.is_shared,
    )
    return ViewOut.of(view, actor)


@router.operation(
    "GET",
    "/views/counts",
    Endpoint(returns=list[ViewCountOut], message="How many cases they find.", scope=STAFF),
)
async def count_views(request: HttpRequest) -> list[ViewCountOut]:
    """Read how many cases each of your views and of the shared ones finds."""
    counts = await db.call(saved_views.counts_of, caller_of(request).user)
    return [ViewCountOut(view_id=number, count=count) for number, count in counts.items()]


@router.operation(
    "DELETE",
    "/views/{int:view_id}",
    Endpoint(
        returns=ViewOut,
        message="The view is deleted.",
        scope=STAFF,
        errors=(errors.SavedViewNotFoundError,),
    ),
)
async def delete_view(request: HttpRequest, view_id: int) -> ViewOut:
    """Delete a view of yours; leads delete shared ones too."""
    actor = caller_of(request).user
    return ViewOut.of(await db.call(saved_views.remove, actor=actor, view_id=view_id), actor)


@router.operation(
    "GET",
    "/preference",
    Endpoint(returns=PreferenceOut, message="What spares your eyes.", scope=STAFF),
)
async def read_preference(request: HttpRequest) -> object:
    """Read from which severity on texts are covered for you, and whether to take a break."""
    return await db.call(preferences.read_care, viewer=caller_of(request).user)


@router.operation(
    "PUT",
    "/preference",
    Endpoint(
        returns=PreferenceOut,
        message="Kept. It holds for the queue and for every case.",
        scope=STAFF,
    ),
)
async def set_preference(request: HttpRequest, payload: PreferenceIn) -> object:
    """Choose from which severity on texts are covered for you, on the pages too."""
    actor = caller_of(request).user
    return await db.call(preferences.choose_collapse, actor=actor, severity=payload.collapse_from)
