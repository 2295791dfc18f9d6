"""Quotas of single API tokens, set by their owners: how much a program may use."""

from __future__ import annotations

from apps.accounts.errors import TokenMakesOthersError
from apps.core.problems import field_problem
from apps.llm.constants import Period, QuotaKind, QuotaUnit
from apps.llm.errors import QuotaNotFoundError
from apps.llm.services import money, quota_setting, quotas
from apps.llm.services.quota_setting import Limit, Subject
from apps.llm.services.quotas import Spender
from apps.llm.statements.quotas import QuotaState
from apps.users.constants import TokenScope
from apps.users.models import ApiToken
from apps.users.services import tokens
from apps.users.services.principals import Principal

MAX_AMOUNT_CHARS = 24


def list_limits(*, viewer: Principal, token_id: int) -> tuple[ApiToken, list[QuotaState]]:
    """Return a token and its limits, with how far each is used in the period that runs.

    Raises:
        MissingScopeError: the viewer came by a token that is not for accounts.
        TokenNotFoundError: there is no such token, it is not theirs, or it ended.
    """
    token = tokens.access_manageable(viewer=viewer, token_id=token_id)
    return token, _states(token)


def set_limit(
    *,
    actor: Principal,
    token_id: int,
    unit: str,
    period: str,
    amount: str,
    is_hard: bool = True,
    reason: str = "",
) -> list[QuotaState]:
    """Limit a token, or change the amount of its limit of the same unit and period.

    Args:
        actor: the owner; an admin for the token of a service account.
        token_id: which token.
        unit: a word of `QuotaUnit`.
        period: a word of `Period`.
        amount: tokens as a whole number, or dollars as a decimal number.
        is_hard: whether what goes beyond it is refused; else its owner is only told.
        reason: why; an admin gives one for the token of a service account.

    Returns:
        All limits of the token.

    Raises:
        MissingScopeError: the actor came by a token that is not for accounts.
        TokenNotFoundError: there is no such token, it is not theirs, or it ended.
        TokenMakesOthersError: the token could make others without the limit.
        ValidationFailedError: a value does not fit.
    """
    token = tokens.access_manageable(viewer=actor, token_id=token_id)
    if TokenScope.ACCOUNT in token.scopes:
        raise TokenMakesOthersError
    limit = Limit(
        unit=QuotaUnit(unit),
        period=Period(period),
        amount=_parse(amount, unit),
        is_hard=is_hard,
    )
    subject = Subject(QuotaKind.TOKEN, token.pk)
    quota_setting.set_quota(actor=actor.user, subject=subject, limit=limit, reason=reason)
    return _states(token)


def end_limit(
    *, actor: Principal, token_id: int, quota_id: int, reason: str = ""
) -> list[QuotaState]:
    """End a limit of a token; returns those that are left.

    Raises:
        MissingScopeError: the actor came by a token that is not for accounts.
        TokenNotFoundError: there is no such token, it is not theirs, or it ended.
        QuotaNotFoundError: the token has no such limit.
    """
    token = tokens.access_manageable(viewer=actor, token_id=token_id)
    own = quota_setting.list_token_quotas(api_token_id=token.pk)
    if quota_id not in [quota.pk for quota in own]:
        raise QuotaNotFoundError
    quota_setting.end_quota(actor=actor.user, quota_id=quota_id, reason=reason)
    return _states(token)


def _states(token: ApiToken) -> list[QuotaState]:
    spender = Spender(user_id=token.user_id, model="", api_token_id=token.pk)
    return [state for state in quotas.read_states(spender) if state.kind == QuotaKind.TOKEN]


def _parse(amount: str, unit: str) -> int:
    text = amount.strip()
    value: int | None = None
    if len(text) <= MAX_AMOUNT_CHARS:
        if unit == QuotaUnit.MONEY:
            value = money.parse(text)
        elif text.isascii() and text.isdecimal():
            value = int(text)
    if value is None:
        what = "dollars, such as 12.50" if unit == QuotaUnit.MONEY else "tokens, such as 50000"
        raise field_problem("amount", f"Give a number of {what}.", "amount")
    return value
