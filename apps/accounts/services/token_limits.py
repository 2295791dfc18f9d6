"""Quotas of single API tokens, set by their owners and by staff: how much a program may use."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext

from apps.accounts.errors import TokenMakesOthersError
from apps.core.numbers import whole_number
from apps.core.preconditions import Precondition
from apps.core.problems import field_problem
from apps.core.rights import require
from apps.llm.constants import Period, QuotaKind, QuotaUnit
from apps.llm.errors import QuotaNotFoundError
from apps.llm.services import money, quota_reports, quota_setting, quotas
from apps.llm.services.quota_setting import Limit, Subject
from apps.llm.services.quotas import Spender
from apps.llm.statements.quotas import QuotaState
from apps.users.constants import TokenScope
from apps.users.errors import TokenNotFoundError
from apps.users.models import ApiToken, User
from apps.users.querysets import ApiTokenQuerySet
from apps.users.services import token_changes
from apps.users.services.principals import Principal

MAX_AMOUNT_CHARS = 24


def list_limits(*, viewer: Principal, token_id: int) -> tuple[ApiToken, list[QuotaState]]:
    """Return a token and its limits, with how far each is used in the period that runs.

    Raises:
        MissingScopeError: the viewer came by a token that is not for accounts.
        TokenNotFoundError: there is no such token, it is not theirs, or it ended.
    """
    token = token_changes.access_manageable(viewer=viewer, token_id=token_id)
    return token, _states(token)


@transaction.atomic
def set_limit(  # noqa: PLR0913  a limit, who sets it, why, and what they have read
    *,
    actor: Principal,
    token_id: int,
    unit: str,
    period: str,
    amount: str,
    is_hard: bool = True,
    reason: str = "",
    precondition: Precondition | None = None,
) -> list[QuotaState]:
    """Limit a token, or change the amount of its limit of the same unit, period and `is_hard`.

    One that refuses and one that warns are two limits, and both count.

    Args:
        actor: the owner; an admin for the token of a service account.
        token_id: which token.
        unit: a word of `QuotaUnit`.
        period: a word of `Period`.
        amount: tokens as a whole number, or dollars as a decimal number.
        is_hard: whether what goes beyond it is refused; else its owner is only told.
        reason: why; an admin gives one for the token of a service account.
        precondition: what the actor has read of all its limits.

    Returns:
        All limits of the token.

    Raises:
        MissingScopeError: the actor came by a token that is not for accounts.
        TokenNotFoundError: there is no such token, it is not theirs, or it ended.
        PreconditionFailedError: its limits are not any more what the actor has read.
        TokenMakesOthersError: the token could make others without the limit.
        ValidationFailedError: a value does not fit.
    """
    token = _locked(actor, token_id, precondition)
    _set(actor.user, token, _limit(unit, period, amount, is_hard=is_hard), reason)
    return _states(token)


@transaction.atomic
def end_limit(
    *,
    actor: Principal,
    token_id: int,
    quota_id: int,
    reason: str = "",
    precondition: Precondition | None = None,
) -> list[QuotaState]:
    """End a limit of a token; returns those that are left.

    Raises:
        MissingScopeError: the actor came by a token that is not for accounts.
        TokenNotFoundError: there is no such token, it is not theirs, or it ended.
        QuotaNotFoundError: the token has no such limit.
        PreconditionFailedError: its limits are not any more what the actor has read.
        ForbiddenError: staff set it.
    """
    token = _locked(actor, token_id, precondition, quota_id=quota_id)
    quota_setting.end_quota(actor=actor.user, quota_id=quota_id, reason=reason)
    return _states(token)


def list_limits_of(*, viewer: User, token_id: int) -> list[QuotaState]:
    """Return the limits of anybody's token to a member of staff; two queries.

    Raises:
        ForbiddenError: the viewer may not see quotas.
        TokenNotFoundError: there is no such token.
    """
    require(viewer, quota_reports.VIEW)
    return _states(_found(ApiToken.objects.all(), token_id))


def limit_anybodys(
    *,
    actor: User,
    token_id: int,
    unit: str,
    period: str,
    amount: str,
    is_hard: bool,
    reason: str,
) -> None:
    """Limit anybody's token as a member of staff; its owner sees the limit and cannot lift it.

    Raises:
        ForbiddenError: the actor may not set quotas.
        TokenNotFoundError: there is no such token, or it ended.
        TokenMakesOthersError: the token could make others without the limit.
        ValidationFailedError: the amount does not fit, or no reason was given.
    """
    require(actor, quota_setting.CHANGE)
    token = _found(ApiToken.objects.usable(), token_id)
    _set(actor, token, _limit(unit, period, amount, is_hard=is_hard), reason)


def _locked(
    actor: Principal,
    token_id: int,
    precondition: Precondition | None,
    *,
    quota_id: int | None = None,
) -> ApiToken:
    """Return a token that the actor may limit, locked with its limits, as they were read.

    One that has not the limit `quota_id`, where that is named, is refused before.
    """
    token = token_changes.lock_manageable(actor=actor, token_id=token_id)
    if quota_id is None and precondition is None:
        return token
    own = quota_setting.list_token_quotas(api_token_id=token.pk, is_locked=precondition is not None)
    if quota_id is not None and quota_id not in [quota.pk for quota in own]:
        raise QuotaNotFoundError
    if precondition is not None:
        precondition.check(_states(token))
    return token


def _found(rows: ApiTokenQuerySet, token_id: int) -> ApiToken:
    token = rows.filter(pk=token_id).first()
    if token is None:
        raise TokenNotFoundError
    return token


def _set(actor: User, token: ApiToken, wanted: Limit, reason: str) -> None:
    if TokenScope.ACCOUNT in token.scopes:
        raise TokenMakesOthersError
    subject = Subject(QuotaKind.TOKEN, token.pk)
    quota_setting.set_quota(actor=actor, subject=subject, limit=wanted, reason=reason)


def _states(token: ApiToken) -> list[QuotaState]:
    spender = Spender(user_id=token.user_id, model="", api_token_id=token.pk)
    states = (one for one in quotas.read_states(spender) if one.kind == QuotaKind.TOKEN)
    return sorted(states, key=lambda state: state.quota_id)


def _limit(unit: str, period: str, amount: str, *, is_hard: bool) -> Limit:
    return Limit(
        unit=QuotaUnit(unit),
        period=Period(period),
        amount=_parse(amount, unit),
        is_hard=is_hard,
    )


def _parse(amount: str, unit: str) -> int:
    text = amount.strip()
    value: int | None = None
    if len(text) <= MAX_AMOUNT_CHARS:
        value = money.parse(text) if unit == QuotaUnit.MONEY else whole_number(text)
    if value is None:
        advice = (
            gettext("Give a number of dollars, such as 12.50.")
            if unit == QuotaUnit.MONEY
            else gettext("Give a number of tokens, such as 50000.")
        )
        raise field_problem("amount", advice, "amount")
    return value
