"""What may be done to a webhook, each through its service and with a reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.utils import timezone

from apps.core.admin_kit.actions import RowAction
from apps.core.admin_kit.decisions import RECORDED, Decision, ReasonForm, ShownOnce
from apps.core.admin_kit.people import has_right
from apps.webhooks import constants
from apps.webhooks.admin.forms import SinceForm, WebhookForm
from apps.webhooks.models import WebhookEndpoint
from apps.webhooks.services import deliveries, endpoints
from apps.webhooks.services.endpoints import WithSecret
from apps.webhooks.services.managing import MANAGE

if TYPE_CHECKING:
    from apps.webhooks.admin.endpoints import WebhookEndpointAdmin

Typed = Mapping[str, Any]
Build = Callable[["WebhookEndpointAdmin", HttpRequest, WebhookEndpoint], Decision]


def may_manage(request: HttpRequest) -> bool:
    """Tell whether the viewer manages webhooks."""
    return has_right(request, MANAGE)


def actions(subject: WebhookEndpointAdmin) -> list[RowAction[WebhookEndpoint]]:
    """Return the actions on a webhook."""

    def action(
        name: str, label: str, icon: str, build: Build, *, while_on: bool | None = None
    ) -> RowAction[WebhookEndpoint]:
        return RowAction(
            name=name,
            label=label,
            icon=icon,
            is_allowed=may_manage,
            is_offered=lambda _, row: row.removed_at is None and while_on in (None, row.is_enabled),
            decide=lambda request, row: build(subject, request, row),
            is_danger=build is _remove,
        )

    return [
        action("test", "Send test event", "send", _test, while_on=True),
        action("edit", "Change", "edit", _edit),
        action("switch_on", "Switch on", "toggle_on", _switch, while_on=False),
        action("switch_off", "Switch off", "toggle_off", _switch, while_on=True),
        action("redeliver", "Send failed again", "replay", _redeliver, while_on=True),
        action("secret", "New secret", "key", _rotate),
        action("remove", "Remove", "delete", _remove),
    ]


def shown_once(subject: WebhookEndpointAdmin, made: WithSecret) -> ShownOnce:
    """Return the page that shows a webhook's secret."""
    return ShownOnce(
        title=f"Secret of {made.endpoint}",
        label="Signing secret",
        secret=made.secret,
        advice=["The receiver verifies every message with it, as docs/webhooks.md shows."],
        next_url=subject.url_of(made.endpoint.pk),
    )


def _test(subject: WebhookEndpointAdmin, request: HttpRequest, row: WebhookEndpoint) -> Decision:
    def apply(typed: Typed) -> None:
        del typed
        deliveries.send_test(actor=subject.actor(request), endpoint_id=row.pk)

    return Decision(
        title=f"Send a test event to {row}",
        effects=[
            "An event of the type webhook.test goes to this webhook alone, signed as all are.",
            "It is delivered within seconds; its delivery shows what the receiver answered.",
        ],
        submit="Send it",
        done="A test event is on its way. Load this page again to see what came of it.",
        apply=apply,
        back_url=subject.url_of(row.pk),
        form_class=subject.empty_form,
    )


def _edit(subject: WebhookEndpointAdmin, request: HttpRequest, row: WebhookEndpoint) -> Decision:
    def apply(typed: Typed) -> None:
        endpoints.change_endpoint(
            actor=subject.actor(request),
            endpoint_id=row.pk,
            changes={name: typed[name] for name in ("url", "description", "event_types")},
            reason=typed["reason"],
        )

    return Decision(
        title=f"Change {row}",
        effects=[
            "What happens from now on follows the new values; what waits goes to the new address.",
            RECORDED,
        ],
        submit="Save",
        done="The webhook is changed.",
        apply=apply,
        back_url=subject.url_of(row.pk),
        form_class=WebhookForm,
        initial={
            "url": row.url,
            "description": row.description,
            "event_types": row.event_types,
        },
    )


def _switch(subject: WebhookEndpointAdmin, request: HttpRequest, row: WebhookEndpoint) -> Decision:
    wanted = not row.is_enabled

    def apply(typed: Typed) -> None:
        endpoints.change_endpoint(
            actor=subject.actor(request),
            endpoint_id=row.pk,
            changes={"is_enabled": wanted},
            reason=typed["reason"],
        )

    word = "on" if wanted else "off"
    effects = (
        ["It is told of what happens from now on, and of what has waited for it."]
        if wanted
        else ["It is told of nothing more. What waits already waits on, for 30 days at most."]
    )
    return Decision(
        title=f"Switch {row} {word}",
        effects=[*effects, RECORDED],
        submit=f"Switch it {word}",
        done=f"The webhook is {word}.",
        apply=apply,
        back_url=subject.url_of(row.pk),
        form_class=ReasonForm,
    )


def _redeliver(
    subject: WebhookEndpointAdmin, request: HttpRequest, row: WebhookEndpoint
) -> Decision:
    def apply(typed: Typed) -> str:
        count = deliveries.redeliver_failed(
            actor=subject.actor(request),
            endpoint_id=row.pk,
            since=typed["since"],
            reason=typed["reason"],
        )
        return f"{count:,} deliveries wait again."

    return Decision(
        title=f"Send to {row} again what was given up",
        effects=[
            "Every event since then whose delivery failed is sent once more, under its own id.",
            f"At most {constants.MAX_REDELIVERED:,} at once.",
            RECORDED,
        ],
        submit="Send again",
        done="",
        apply=apply,
        back_url=subject.url_of(row.pk),
        form_class=SinceForm,
        initial={"since": timezone.now() - timedelta(days=1)},
    )


def _rotate(subject: WebhookEndpointAdmin, request: HttpRequest, row: WebhookEndpoint) -> Decision:
    def apply(typed: Typed) -> ShownOnce:
        made = endpoints.rotate_secret(
            actor=subject.actor(request), endpoint_id=row.pk, reason=typed["reason"]
        )
        return shown_once(subject, made)

    return Decision(
        title=f"Give {row} a new secret",
        effects=[
            f"For {constants.OVERLAP_HOURS} hours every message is signed with both secrets.",
            "After that the former one signs nothing. The new one is shown once.",
            RECORDED,
        ],
        submit="Make a new secret",
        done="",
        apply=apply,
        back_url=subject.url_of(row.pk),
    )


def _remove(subject: WebhookEndpointAdmin, request: HttpRequest, row: WebhookEndpoint) -> Decision:
    def apply(typed: Typed) -> None:
        endpoints.remove_endpoint(
            actor=subject.actor(request), endpoint_id=row.pk, reason=typed["reason"]
        )

    return Decision(
        title=f"Remove {row}",
        effects=[
            "It is told of nothing more, and what waits for it is given up.",
            "What it was told stays on record for 30 days. This cannot be undone.",
            RECORDED,
        ],
        submit="Remove it",
        done="The webhook is removed.",
        apply=apply,
        back_url=subject.list_url(),
        is_danger=True,
    )
