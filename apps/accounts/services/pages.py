"""The pages of an account as a whole, prepared for their templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from apps.accounts.services import exports, token_limits
from apps.llm.services import quota_words
from apps.llm.statements.quotas import QuotaState
from apps.users.constants import TokenScope
from apps.users.models import User
from apps.users.services import roles
from apps.users.services.principals import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLimit:
    """One limit of a token in words."""

    quota_id: int
    title: str
    used: str
    amount: str
    resets: str
    value: int
    most: int
    is_used_up: bool
    is_hard: bool
    by_staff: bool


def data_page(*, viewer: User) -> dict[str, Any]:
    """Return the context of the page of one's data."""
    return {
        "export": exports.find_export(viewer=viewer),
        "keep_days": settings.EXPORT_KEEP_DAYS,
        "deletion_days": settings.ACCOUNT_DELETION_DAYS,
    }


def delete_page(*, viewer: User) -> dict[str, Any]:
    """Return the context of the page on which an account ends."""
    return {
        "deletion_days": settings.ACCOUNT_DELETION_DAYS,
        "is_last_admin": not roles.has_other_admin(viewer),
    }


def limits_page(*, viewer: Principal, token_id: int) -> dict[str, Any]:
    """Return the context of the page of a token's limits.

    Raises:
        TokenNotFoundError: it is not the viewer's, or it ended.
    """
    token, states = token_limits.list_limits(viewer=viewer, token_id=token_id)
    return {
        "token": token,
        "limits": [_show(state) for state in states],
        "makes_others": TokenScope.ACCOUNT in token.scopes,
    }


def _show(state: QuotaState) -> ShownLimit:
    taken = state.used + state.reserved
    return ShownLimit(
        quota_id=state.quota_id,
        title=quota_words.title(state),
        used=quota_words.amount(taken, state.unit),
        amount=quota_words.amount(state.amount, state.unit),
        resets=quota_words.moment(state.resets_at),
        value=min(taken, state.amount),
        most=max(1, state.amount),
        is_used_up=state.is_used_up,
        is_hard=state.is_hard,
        by_staff=state.by_staff,
    )
