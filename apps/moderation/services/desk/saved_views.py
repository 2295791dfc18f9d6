"""Filters of the queue with names, one's own and those that leads share, with live counts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from django.core.cache import cache
from django.db import IntegrityError, transaction

from apps.core.errors import AppError
from apps.core.problems import field_problem
from apps.moderation.errors import SavedViewNotFoundError
from apps.moderation.models import SavedView
from apps.moderation.querysets import SavedViewQuerySet
from apps.moderation.services.cases import cases
from apps.moderation.services.desk import queue, queue_filters
from apps.users.models import User

MAX_VIEWS = 20
MAX_NAME_CHARS = 60
COUNT_SECONDS = 20


def views_of(viewer: User) -> list[SavedView]:
    """Return a person's own views and the shared ones, by name."""
    return list(SavedView.objects.visible_to(viewer).order_by("name", "id")[: 2 * MAX_VIEWS])


def list_views(*, viewer: User) -> SavedViewQuerySet:
    """Return the same for programs, to be read a page at a time.

    Raises:
        ForbiddenError: the viewer may not see cases.
    """
    cases.require(viewer, cases.VIEW)
    return SavedView.objects.visible_to(viewer)


def save_filters(
    *, actor: User, name: str, filters: Mapping[str, Any], is_shared: bool = False
) -> SavedView:
    """Keep the filters of a program under a name; None does not narrow.

    Raises:
        ForbiddenError, ValidationFailedError: as `save`.
    """
    words = {name: str(value) for name, value in filters.items() if value is not None}
    query = queue_filters.parse(words).to_query()
    return save(actor=actor, name=name, query=query, is_shared=is_shared)


def counts_of(viewer: User) -> dict[int, str]:
    """Return how many cases each view finds at the moment, a few seconds old at most.

    Raises:
        ForbiddenError: the viewer may not see cases.
    """
    cases.require(viewer, cases.VIEW)
    return {view.pk: _count(viewer, view) for view in views_of(viewer)}


@transaction.atomic
def save(*, actor: User, name: str, query: str, is_shared: bool = False) -> SavedView:
    """Keep a filter under a name; one of that name is replaced.

    Raises:
        ForbiddenError: the actor may not see cases, or may not share.
        ValidationFailedError: the name does not fit, or there are too many views.
    """
    cases.require(actor, cases.OVERRIDE if is_shared else cases.VIEW)
    words = name.strip()
    if not words or len(words) > MAX_NAME_CHARS or "\x00" in words:
        problem = f"Give a name of 1 to {MAX_NAME_CHARS} characters."
        raise field_problem("name", problem, "view_name")
    chosen = queue_filters.parse(dict(parse_qsl(query)))
    User.objects.select_for_update(no_key=True).get(pk=actor.pk)
    own = SavedView.objects.owned_by(actor)
    if own.not_called(words).count() >= MAX_VIEWS:
        raise field_problem("name", "Delete a view of yours first.", "too_many_views")
    try:
        with transaction.atomic():
            view, _ = SavedView.objects.update_or_create(
                owner=actor,
                name=words,
                defaults={"query": chosen.to_query(), "is_shared": is_shared},
            )
    except IntegrityError as error:
        raise field_problem("name", "Try again.", "view_name") from error
    return view


@transaction.atomic
def remove(*, actor: User, view_id: int) -> SavedView:
    """Delete a view of one's own, and return it; leads delete shared ones too.

    Raises:
        ForbiddenError: the actor may not see cases.
        SavedViewNotFoundError: there is no such view of theirs.
    """
    cases.require(actor, cases.VIEW)
    views = SavedView.objects.select_for_update()
    reach = views.visible_to if actor.has_perm(cases.OVERRIDE) else views.owned_by
    view = reach(actor).filter(pk=view_id).first()
    if view is None:
        raise SavedViewNotFoundError
    SavedView.objects.filter(pk=view.pk).delete()
    return view


def _count(viewer: User, view: SavedView) -> str:
    chosen = queue_filters.parse(dict(parse_qsl(view.query)))
    is_personal = chosen.claimed_by == "me"
    key = f"moderation:view:{viewer.pk if is_personal else 0}:{chosen.to_query()}"
    known = cache.get(_short(key))
    if known is None:
        try:
            known = queue.count(queue.rows_of(viewer=viewer, chosen=chosen))
        except AppError:
            known = ""
        cache.set(_short(key), known, COUNT_SECONDS)
    return str(known)


def _short(key: str) -> str:
    return f"moderation:view:{hashlib.sha256(key.encode()).hexdigest()[:24]}"
