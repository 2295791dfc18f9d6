"""The limits of a token on its page, which the users app cannot know of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts.services import token_limits
from apps.core.admin_kit.actions import RowAction
from apps.core.admin_kit.decisions import RECORDED, Decision, ReasonForm
from apps.core.admin_kit.details import Detail, Table
from apps.core.admin_kit.display import moment
from apps.core.admin_kit.people import has_right
from apps.llm.constants import Period, QuotaUnit
from apps.llm.models import Quota
from apps.llm.services import quota_reports, quota_setting, quota_words
from apps.llm.statements.quotas import QuotaState
from apps.users.admin.tokens import ApiTokenAdmin
from apps.users.constants import TokenScope
from apps.users.models import ApiToken, User

COLUMNS = ("Limit", "Allows", "Used", "Reserved", "Left", "Begins anew", "Beyond it", "Set by")


class LimitForm(ReasonForm):
    """How much a token may use in a period of the calendar."""

    unit = forms.ChoiceField(choices=QuotaUnit.choices, label="Counted in")
    amount = forms.CharField(
        max_length=token_limits.MAX_AMOUNT_CHARS,
        help_text="A whole number of tokens, or dollars such as 12.50.",
    )
    period = forms.ChoiceField(
        choices=Period.choices, label="Begins anew each", initial=Period.MONTH
    )
    is_hard = forms.BooleanField(
        required=False,
        initial=True,
        label="Refuse what goes beyond it",
        help_text="Otherwise its owner is warned.",
    )
    field_order = ("unit", "amount", "period", "is_hard", "reason")


admin.site.unregister(ApiToken)


@admin.register(ApiToken)
class LimitedTokenAdmin(ApiTokenAdmin):
    """Bearer tokens, with what each may use."""

    def detail(self, request: HttpRequest, row: ApiToken) -> Detail:
        """Show the token with its limits."""
        shown = super().detail(request, row)
        if not has_right(request, quota_reports.VIEW):
            return shown
        viewer = cast("User", request.user)
        states = token_limits.list_limits_of(viewer=viewer, token_id=row.pk)
        limits = Table(
            "Limits of its own",
            COLUMNS,
            [self._limit(state) for state in states],
            empty="None. Those of its owner, group and model count all the same.",
        )
        related = self.lists_of(request, f"token:{row.pk}", "quota")
        return replace(shown, tables=[*shown.tables, limits], related=[*shown.related, *related])

    def row_actions(self) -> Sequence[RowAction[ApiToken]]:
        """Return what may be done: its limit set, and its end."""
        return [
            RowAction(
                name="limit",
                label="Set a limit",
                icon="speed",
                is_allowed=lambda request: has_right(request, quota_setting.CHANGE),
                is_offered=lambda _, token: _may_be_limited(token),
                decide=self._decide_limit,
            ),
            *super().row_actions(),
        ]

    def _limit(self, state: QuotaState) -> Sequence[object]:
        return (
            self.link_to(Quota(pk=state.quota_id), quota_words.title(state)),
            quota_words.amount(state.amount, state.unit),
            quota_words.amount(state.used, state.unit),
            quota_words.amount(state.reserved, state.unit),
            quota_words.amount(state.left, state.unit),
            moment(state.resets_at),
            "Refused" if state.is_hard else "Warned",
            "Staff" if state.by_staff else "Its owner",
        )

    def _decide_limit(self, request: HttpRequest, token: ApiToken) -> Decision:
        def apply(typed: Mapping[str, Any]) -> None:
            token_limits.limit_anybodys(
                actor=cast("User", request.user),
                token_id=token.pk,
                unit=typed["unit"],
                period=typed["period"],
                amount=typed["amount"],
                is_hard=typed["is_hard"],
                reason=typed["reason"],
            )

        return Decision(
            title=f"Set a limit of “{token.name}” of {token.user.name}",
            effects=[
                "It counts what is asked for by this token from now on, beside other limits.",
                "One that staff set of the same unit and period that refuses, or warns, as this "
                "one does gets this amount. One that does the other goes on beside it.",
                "Its owner sees it and cannot lift it. To end it, open it from the token's page.",
                RECORDED,
            ],
            submit="Set it",
            done="The limit is set.",
            apply=apply,
            back_url=self.url_of(token.pk),
            form_class=LimitForm,
        )


def _may_be_limited(token: ApiToken) -> bool:
    is_over = token.expires_at is not None and token.expires_at <= timezone.now()
    return token.revoked_at is None and not is_over and TokenScope.ACCOUNT not in token.scopes
