"""What admins type about webhooks."""

from __future__ import annotations

from django import forms
from django.utils import timezone

from apps.core.admin_kit.decisions import ReasonForm
from apps.webhooks import constants
from apps.webhooks.constants import EventType


class WebhookForm(ReasonForm):
    """Where somebody is told, and of what."""

    url = forms.CharField(
        label="Address",
        max_length=constants.MAX_URL_CHARS,
        help_text="A public https address. Addresses inside a network are never called.",
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
    )
    description = forms.CharField(
        max_length=constants.MAX_DESCRIPTION_CHARS,
        required=False,
        help_text="What is behind it, for other admins.",
    )
    event_types = forms.MultipleChoiceField(
        label="Events",
        choices=EventType.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
    )
    field_order = ("url", "description", "event_types", "reason")


class SinceForm(ReasonForm):
    """From when on."""

    since = forms.DateTimeField(
        label="Since",
        help_text="In UTC. Events are kept for 30 days.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        initial=timezone.now,
        error_messages={"invalid": "Write a date and a time."},
    )
    field_order = ("since", "reason")
