"""How much may be used: quotas, how far each is used, and who is near an end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.core.admin_kit.actions import RowAction
from apps.core.admin_kit.decisions import RECORDED, Decision, ReasonForm
from apps.core.admin_kit.details import Detail, Fact, Table, Text
from apps.core.admin_kit.display import EMPTY, Tone, badge, moment
from apps.core.admin_kit.new_rows import NewRowAdmin
from apps.core.admin_kit.people import has_right
from apps.core.admin_kit.sections import Section
from apps.core.numbers import whole_number
from apps.core.rights import Actor
from apps.llm.admin.common import ChatModelField
from apps.llm.constants import Period, QuotaKind, QuotaUnit
from apps.llm.models import Quota
from apps.llm.services import money, naming, quota_reports, quota_setting, quota_words
from apps.llm.services.quota_setting import Limit, Subject


class QuotaForm(ReasonForm):
    """Whose use is limited, and how."""

    kind = forms.ChoiceField(choices=QuotaKind.choices, label="For")
    subject_id = forms.IntegerField(
        required=False,
        min_value=1,
        label="Number of the person, group or token",
        help_text="Beside the # on their page. Empty for each person or a model.",
    )
    chat_model_id = ChatModelField(help_text="Only for a quota of one model.")
    model_name = forms.CharField(
        required=False,
        max_length=120,
        label="Or a name",
        help_text="All models of a name together, whoever provides them.",
    )
    unit = forms.ChoiceField(choices=QuotaUnit.choices, label="Counted in")
    period = forms.ChoiceField(
        choices=Period.choices, label="Begins anew each", initial=Period.MONTH
    )
    amount = forms.CharField(
        max_length=30, help_text="Tokens such as 50,000, or dollars such as 12.50."
    )
    is_hard = forms.BooleanField(
        required=False,
        initial=True,
        label="Refuse what goes beyond it",
        help_text="Otherwise people are warned.",
    )
    field_order = (
        *("kind", "subject_id", "chat_model_id", "model_name"),
        *("unit", "period", "amount", "is_hard", "reason"),
    )

    def clean(self) -> dict[str, Any]:
        """Read the amount by its unit.

        Raises:
            ValidationError: it is no such amount.
        """
        typed: dict[str, Any] = super().clean() or self.cleaned_data
        text = str(typed.get("amount", "")).replace(",", "").strip()
        is_money = typed.get("unit") == QuotaUnit.MONEY
        amount = money.parse(text) if is_money else whole_number(text)
        if amount is None:
            self.add_error("amount", "Give a whole number of tokens, or an amount of dollars.")
        typed["amount"] = amount
        return typed


@admin.register(Quota)
class QuotaAdmin(NewRowAdmin[Quota]):
    """Every quota, the newest first; making one of the same kind again changes its amount."""

    section = Section.MODELS
    place = 7
    icon = "speed"
    description = "How much people, groups, tokens and models may use."
    new_label = "Set a quota"
    search_keys = {"user": "user_id", "group": "group_id", "token": "api_token_id"}
    search_advice = "Search by number, user:12, group:12 or token:12."
    search_help_text = "Number, user:12"
    empty_advice = "Admins set quotas. Until then nothing here limits how much is used."
    list_display = ("number", "kind_shown", "subject_shown", "allows", "effect", "state_shown")
    list_display_links = ("number",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Quota]:
        """Return the quotas with whom they are for."""
        return super().get_queryset(request).select_related("user", "group", "api_token")

    @admin.display(description="Quota", ordering="id")
    def number(self, row: Quota) -> str:
        """Show the number."""
        return f"#{row.pk}"

    @admin.display(description="For")
    def kind_shown(self, row: Quota) -> str:
        """Show whose use it counts."""
        return row.get_kind_display()

    @admin.display(description="Whom")
    def subject_shown(self, row: Quota) -> SafeString | str:
        """Link to the person or token; name the group or the model."""
        subject = row.user or row.api_token
        if subject is not None:
            return self.link_to(subject)
        named = naming.label_of(row.chat_model_id, row.model_name)
        return named or (row.group.name if row.group is not None else EMPTY)

    @admin.display(description="Allows")
    def allows(self, row: Quota) -> str:
        """Show how much."""
        if row.from_settings:
            return "USER_DAILY_TOKENS a day"
        article = "an" if row.period == Period.HOUR else "a"
        return f"{quota_words.amount(row.amount, row.unit)} {article} {row.period}"

    @admin.display(description="Beyond it")
    def effect(self, row: Quota) -> str:
        """Show what happens beyond it."""
        return "Refused" if row.is_hard else "Warned"

    @admin.display(description="State")
    def state_shown(self, row: Quota) -> SafeString:
        """Show whether it holds."""
        return badge("Ended") if row.ended_at else badge("Holds", Tone.GOOD, "check")

    def detail(self, request: HttpRequest, row: Quota) -> Detail:
        """Show one quota, and who used most of it in the period that runs."""
        return Detail(
            title=f"Quota {row.pk}",
            badges=[self.state_shown(row)],
            facts=[
                Fact("For", self.kind_shown(row)),
                Fact("Whom", self.subject_shown(row)),
                Fact("Allows", self.allows(row)),
                Fact("Beyond it", self.effect(row)),
                Fact("Made", moment(row.created_at)),
                Fact("Ended", moment(row.ended_at)),
            ],
            texts=[Text("Reason", row.reason)] if row.reason else [],
            tables=[self._near(row)],
            related=self.lists_of(request, f"quota:{row.pk}", "auditevent"),
        )

    def _near(self, row: Quota) -> Table:
        rows = [
            (
                self.subject("user").link_to(near.person)  # type: ignore[union-attr]
                if near.person is not None
                else self.kind_shown(row),
                quota_words.amount(near.used, row.unit),
                quota_words.amount(near.reserved, row.unit),
                f"{near.share:.0%}",
                moment(near.ends_at),
            )
            for near in quota_reports.nearest(quota=row)
        ]
        columns = ("Who", "Used", "Reserved", "Share", "Begins anew")
        return Table("Nearest to the end", columns, rows, "Nothing was used in this period.")

    def may_add(self, request: HttpRequest) -> bool:
        """Tell whether the viewer sets quotas."""
        return has_right(request, quota_setting.CHANGE)

    def new_row(self, request: HttpRequest) -> Decision:
        """Return the page that sets a quota."""

        def apply(typed: Mapping[str, Any]) -> str:
            subject = Subject(
                QuotaKind(typed["kind"]),
                typed["subject_id"] or 0,
                typed["model_name"],
                typed["chat_model_id"],
            )
            limit = Limit(
                unit=QuotaUnit(typed["unit"]),
                period=Period(typed["period"]),
                amount=typed["amount"],
                is_hard=typed["is_hard"],
            )
            quota = quota_setting.set_quota(
                actor=cast("Actor", request.user),
                subject=subject,
                limit=limit,
                reason=typed["reason"],
            )
            return self._done(quota)

        return Decision(
            title="Set a quota",
            effects=[
                "It counts what is asked for from now on.",
                "Where it is one of money and refuses, models without a price are refused too.",
                "One of the same kind, unit and period that refuses, or warns, as this one does "
                "gets this amount. One that does the other goes on beside it.",
                RECORDED,
            ],
            submit="Set it",
            done="",
            apply=apply,
            back_url=self.list_url(),
            form_class=QuotaForm,
            initial={"is_hard": True, "kind": QuotaKind.EVERYONE, "period": Period.MONTH},
        )

    def _done(self, quota: Quota) -> str:
        """Say what was done, and which quota goes on that may be meant to be changed by it."""
        other = quota_setting.beside(quota)
        if other is None:
            return "The quota is set."
        effect = "refuses what goes" if other.is_hard else "warns"
        return (
            f"The quota is set. Quota {other.pk} of {self.allows(other)} counts too and {effect} "
            "beyond it: end it if this one is to take its place."
        )

    def row_actions(self) -> Sequence[RowAction[Quota]]:
        """Return what may be done to a quota that holds."""
        return [
            RowAction(
                name="end",
                label="End",
                icon="block",
                is_allowed=self.may_add,
                is_offered=lambda _, row: row.ended_at is None and not row.from_settings,
                decide=self._end,
                is_danger=True,
            )
        ]

    def _end(self, request: HttpRequest, row: Quota) -> Decision:
        def apply(typed: Mapping[str, Any]) -> None:
            actor = cast("Actor", request.user)
            quota_setting.end_quota(actor=actor, quota_id=row.pk, reason=typed["reason"])

        return Decision(
            title=f"End quota {row.pk}",
            effects=["Nothing is counted or refused by it any more."],
            submit="End it",
            done=f"Quota {row.pk} has ended.",
            apply=apply,
            back_url=self.url_of(row.pk),
            is_danger=True,
        )
