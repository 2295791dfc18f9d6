"""Tokens of service accounts that an admin's own token makes: none of them can do more than it."""

from __future__ import annotations

from apps.accounts.errors import TokenIsLimitedError
from apps.llm.services import quota_setting
from apps.users.services import service_accounts
from apps.users.services.principals import Principal
from apps.users.services.tokens import NewToken, TokenRequest


def create_token(*, actor: Principal, account_id: int, wanted: TokenRequest) -> NewToken:
    """Make a token for a service account, with no more rights, models, life or use than one's own.

    Raises:
        TokenIsLimitedError: the admin's token has limits, and the new one would have none.
        AppError: what `service_accounts.create_token` raises.
    """
    service_accounts.access_service_account(viewer=actor.user, account_id=account_id)
    own = actor.api_token_id
    if own is not None and quota_setting.list_token_quotas(api_token_id=own):
        raise TokenIsLimitedError
    return service_accounts.create_token(
        actor=actor.user, account_id=account_id, wanted=wanted, parent=actor.token
    )
