"""Deliveries: what an endpoint was told, each attempt, and telling it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import orjson
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.core.admin_kit.actions import RowAction
from apps.core.admin_kit.decisions import RECORDED, Decision
from apps.core.admin_kit.details import Detail, Fact, Table, Text
from apps.core.admin_kit.display import EMPTY, milliseconds, moment, preview
from apps.core.admin_kit.filters import choice_filter
from apps.core.admin_kit.model_admin import StaffModelAdmin
from apps.core.admin_kit.sections import Section
from apps.core.rights import Actor
from apps.webhooks.admin.actions import may_manage
from apps.webhooks.admin.looks import state_badge
from apps.webhooks.constants import DeliveryState
from apps.webhooks.models import WebhookDelivery
from apps.webhooks.services import deliveries

ATTEMPTS_SHOWN = 50


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(StaffModelAdmin[WebhookDelivery]):
    """What programs elsewhere were told, kept for 30 days."""

    section = Section.SYSTEM
    place = 1
    heading = "Webhook deliveries"
    icon = "outgoing_mail"
    description = "What was told to whom, and what they answered."
    search_keys = {"webhook": "endpoint_id"}
    search_advice = "Search by number, or webhook:12 for what one webhook was told."
    search_help_text = "Number, webhook:12"
    list_display = ("number", "event_type", "told", "happened", "tries", "state_shown")
    list_display_links = ("number", "event_type")
    list_filter = (
        choice_filter(title="state", parameter_name="state", options=tuple(DeliveryState.choices)),
    )
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        """Return the deliveries with their events and webhooks, without any secret."""
        rows = super().get_queryset(request).select_related("event", "endpoint")
        return rows.defer("endpoint__sealed_secret", "endpoint__former_secret")

    @admin.display(description="Delivery", ordering="id")
    def number(self, row: WebhookDelivery) -> str:
        """Show the number."""
        return f"#{row.pk}"

    @admin.display(description="Event")
    def event_type(self, row: WebhookDelivery) -> str:
        """Show what happened."""
        return row.event.type

    @admin.display(description="Webhook")
    def told(self, row: WebhookDelivery) -> SafeString | str:
        """Link to the webhook."""
        return self.link_to(row.endpoint)

    @admin.display(description="When")
    def happened(self, row: WebhookDelivery) -> SafeString | str:
        """Show when it happened."""
        return moment(row.created_at)

    @admin.display(description="State")
    def state_shown(self, row: WebhookDelivery) -> SafeString:
        """Show how it stands."""
        return state_badge(row)

    def row_actions(self) -> Sequence[RowAction[WebhookDelivery]]:
        """Return the one thing that may be done."""
        return [
            RowAction(
                name="redeliver",
                label="Send again",
                icon="replay",
                is_allowed=may_manage,
                is_offered=lambda _, row: (
                    row.state != DeliveryState.PENDING and row.endpoint.is_enabled
                ),
                decide=self._redeliver,
            )
        ]

    def detail(self, request: HttpRequest, row: WebhookDelivery) -> Detail:
        """Show what was told, and each attempt."""
        is_waiting = row.state == DeliveryState.PENDING
        facts = [
            Fact("Webhook", self.told(row)),
            Fact("Id", f"msg_{row.event.pk.hex}", "the header webhook-id"),
            Fact("Happened", moment(row.created_at)),
            Fact("Attempts", row.tries, "since it was last told to begin"),
            Fact("Next attempt", moment(row.next_at) if is_waiting else EMPTY),
            Fact("Ended", moment(row.ended_at)),
        ]
        data = orjson.dumps(row.event.data, option=orjson.OPT_INDENT_2).decode()
        return Detail(
            title=f"{row.event.type} to {row.endpoint}",
            badges=[state_badge(row)],
            facts=facts,
            texts=[Text("Data", data, is_code=True)],
            tables=[self._attempts(row)],
        )

    def _attempts(self, row: WebhookDelivery) -> Table:
        lines = [
            (
                moment(one.at),
                one.get_outcome_display(),
                one.status or EMPTY,
                milliseconds(one.duration_ms),
                preview(one.response) or EMPTY,
            )
            for one in row.attempts.order_by("-id")[:ATTEMPTS_SHOWN]
        ]
        columns = ("When", "Outcome", "Status", "Took", "Answer")
        return Table("Attempts", columns, lines, "It was not tried yet.")

    def _redeliver(self, request: HttpRequest, row: WebhookDelivery) -> Decision:
        def apply(typed: Mapping[str, Any]) -> None:
            actor = cast("Actor", request.user)
            deliveries.redeliver(actor=actor, delivery_id=row.pk, reason=typed["reason"])

        return Decision(
            title=f"Send {row.event.type} to {row.endpoint} again",
            effects=[
                "The same message is sent once more, under the same id, within seconds.",
                RECORDED,
            ],
            submit="Send again",
            done="It is on its way again.",
            apply=apply,
            back_url=self.url_of(row.pk),
        )
