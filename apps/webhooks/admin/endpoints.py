"""Webhooks: where, for what, whether they answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.core.admin_kit.actions import RowAction
from apps.core.admin_kit.decisions import RECORDED, Decision, ShownOnce
from apps.core.admin_kit.details import Detail, Fact, Figure, Front, Table
from apps.core.admin_kit.display import EMPTY, Tone, badge, link, moment
from apps.core.admin_kit.new_rows import NewRowAdmin
from apps.core.admin_kit.sections import Section
from apps.core.rights import Actor
from apps.webhooks import constants
from apps.webhooks.admin import actions
from apps.webhooks.admin.forms import WebhookForm
from apps.webhooks.admin.looks import state_badge
from apps.webhooks.models import WebhookDelivery, WebhookEndpoint
from apps.webhooks.services import endpoints

DELIVERIES_SHOWN = 20


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(NewRowAdmin[WebhookEndpoint]):
    """Addresses elsewhere that are told what happens here; no secret is shown."""

    section = Section.SYSTEM
    heading = "Webhooks"
    icon = "webhook"
    description = "Programs elsewhere that are told what happens here."
    new_label = "Make a webhook"
    search_help_text = "Number"
    list_display = ("number", "name", "listens_to", "accepted", "state")
    list_display_links = ("number", "name")
    ordering = ("-id",)
    empty_form = forms.Form

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookEndpoint]:
        """Return the webhooks without what is kept of their secrets."""
        return super().get_queryset(request).defer("sealed_secret", "former_secret")

    @staticmethod
    def actor(request: HttpRequest) -> Actor:
        """Return who is at work."""
        return cast("Actor", request.user)

    @admin.display(description="Webhook", ordering="id")
    def number(self, row: WebhookEndpoint) -> str:
        """Show the number."""
        return f"#{row.pk}"

    @admin.display(description="For")
    def name(self, row: WebhookEndpoint) -> str:
        """Show what it is for, or where it is."""
        return str(row)

    @admin.display(description="Events")
    def listens_to(self, row: WebhookEndpoint) -> str:
        """Show the types of events."""
        return ", ".join(row.event_types)

    @admin.display(description="Accepted last")
    def accepted(self, row: WebhookEndpoint) -> SafeString | str:
        """Show when the receiver accepted something."""
        return moment(row.accepted_at)

    @admin.display(description="Now")
    def state(self, row: WebhookEndpoint) -> SafeString:
        """Show whether it is told, and whether it accepts."""
        if row.removed_at is not None:
            return badge("Removed", Tone.NEUTRAL, "delete")
        if not row.is_enabled:
            return badge("Off", Tone.DANGER, "toggle_off")
        if row.failing_since is not None:
            return badge("Failing", Tone.WARNING, "error")
        return badge("On", Tone.GOOD, "check")

    def may_add(self, request: HttpRequest) -> bool:
        """Tell whether the viewer manages webhooks."""
        return actions.may_manage(request)

    def new_row(self, request: HttpRequest) -> Decision:
        """Return the page that makes a webhook."""

        def apply(typed: Mapping[str, Any]) -> ShownOnce:
            made = endpoints.create_endpoint(actor=self.actor(request), **typed)
            return actions.shown_once(self, made)

        return Decision(
            title="Make a webhook",
            effects=[
                "The address is told of these events from now on, with numbers and never with "
                "what people or models wrote.",
                "Every message is signed with a secret that the next page shows once.",
                RECORDED,
            ],
            submit="Make it",
            done="",
            apply=apply,
            back_url=self.list_url(),
            form_class=WebhookForm,
        )

    def row_actions(self) -> Sequence[RowAction[WebhookEndpoint]]:
        """Return what may be done to a webhook."""
        return actions.actions(self)

    def detail(self, request: HttpRequest, row: WebhookEndpoint) -> Detail:
        """Show the webhook with what it was told last."""
        facts = [
            Fact("Address", row.url),
            Fact("Events", self.listens_to(row)),
            Fact("Made", moment(row.created_at)),
            Fact("Accepted last", self.accepted(row)),
        ]
        if row.failing_since is not None:
            facts.append(Fact("Failing since", moment(row.failing_since)))
        if row.off_because:
            facts.append(Fact("Off because", row.off_because))
        if row.former_until is not None and row.former_until > timezone.now():
            facts.append(Fact("Former secret signs until", moment(row.former_until)))
        return Detail(
            title=str(row),
            badges=[self.state(row)],
            facts=facts,
            tables=[self._told(row)],
            related=[
                *self.lists_of(request, f"webhook:{row.pk}", "webhookdelivery"),
                *self.lists_of(request, f"webhookendpoint:{row.pk}", "auditevent"),
            ],
        )

    def front(self, request: HttpRequest) -> Front | None:
        """Say which webhooks are told nothing because they did not answer."""
        rows = WebhookEndpoint.objects.kept().values_list("is_enabled", "failing_since")
        kept = list(rows[: constants.MAX_ENDPOINTS + 1])
        failing = sum(is_on and since is not None for is_on, since in kept)
        off = sum(not is_on for is_on, _ in kept)
        if not failing and not off:
            return None
        figure = Figure(
            "Webhooks off",
            f"{off}",
            f"{failing} failing now",
            self.list_url(),
            tone=Tone.WARNING,
            icon="webhook",
        )
        return Front(figures=[figure])

    def _told(self, row: WebhookEndpoint) -> Table:
        found = WebhookDelivery.objects.of(row.pk).select_related("event").newest_first()
        subject = self.subject("webhookdelivery")
        lines = [
            (
                link(subject.url_of(one.pk), f"#{one.pk}") if subject is not None else one.pk,
                one.event.type,
                moment(one.created_at),
                state_badge(one),
                one.tries,
                moment(one.next_at) if one.ended_at is None else EMPTY,
            )
            for one in found[:DELIVERIES_SHOWN]
        ]
        columns = ("Delivery", "Event", "When", "State", "Attempts", "Next")
        return Table("What it was told", columns, lines, "Nothing happened yet that it listens to.")
