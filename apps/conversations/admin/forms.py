"""What staff type when they take a message from view or a link from use."""

from __future__ import annotations

from django import forms

from apps.conversations.hiding_desk import hiding_desk
from apps.core.admin_kit.decisions import ReasonForm
from apps.core.constants import MAX_REASON_CHARS


def _policies() -> list[tuple[str, str]]:
    return [("", "Choose one"), *hiding_desk().policies()]


class HideForm(ReasonForm):
    """Why a message is hidden, and what its readers are told."""

    policy = forms.ChoiceField(
        choices=_policies,
        widget=forms.Select(attrs={"autofocus": True}),
        label="Policy",
        help_text="What it goes against. The notice names it.",
        error_messages={"required": "Choose the policy that it goes against."},
    )
    reason_for_user = forms.CharField(
        required=False,
        max_length=MAX_REASON_CHARS,
        label="What its readers are told",
        help_text="Stands in the notice and where the message was; the policy's name if empty.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    field_order = ("policy", "reason", "reason_for_user")


class FlagForm(ReasonForm):
    """Why somebody else should decide about a message, and what it may go against."""

    policy = forms.ChoiceField(
        choices=_policies,
        required=False,
        widget=forms.Select(attrs={"autofocus": True}),
        label="Policy",
        help_text="What it may go against; it sets how urgent the case is.",
    )
    field_order = ("policy", "reason")


class RevokeForm(ReasonForm):
    """Why a link is revoked, and what its owner is told."""

    policy = forms.ChoiceField(
        choices=_policies,
        widget=forms.Select(attrs={"autofocus": True}),
        label="Policy",
        help_text="What it goes against. The notice names it.",
        error_messages={"required": "Choose the policy that it goes against."},
    )
    reason_for_user = forms.CharField(
        max_length=MAX_REASON_CHARS,
        label="What its owner is told",
        help_text="They read exactly this in their notice and under Shared links.",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say what its owner is told."},
    )
    field_order = ("policy", "reason", "reason_for_user")
