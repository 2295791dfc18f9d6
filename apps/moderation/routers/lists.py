"""What the lists of moderation share: the newest first, one page at a time."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from apps.core import db
from apps.core.api.auth import caller_of
from apps.core.api.pagination import Slice, paginate
from apps.core.api.schemas import PageParams

NEWEST_FIRST = ("-id",)


async def page_of(
    request: HttpRequest,
    page: PageParams,
    service: Callable[..., QuerySet[Any]],
    **chosen: object,
) -> Slice:
    """Return one page of what a service lets the caller see.

    Args:
        request: whose caller is the service's `viewer`.
        page: which page.
        service: returns the rows.
        chosen: what else it takes.
    """
    rows = await db.call(service, viewer=caller_of(request).user, **chosen)
    return await paginate(rows, page, order=NEWEST_FIRST)
