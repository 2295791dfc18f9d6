"""What staff type when they take a message from view."""

from __future__ import annotations

from django import forms

from apps.core.admin_kit.decisions import ReasonForm
from apps.core.constants import MAX_REASON_CHARS


class HideForm(ReasonForm):
    """Why a message is hidden, and what its readers are told."""

    reason_for_user = forms.CharField(
        required=False,
        max_length=MAX_REASON_CHARS,
        label="What its readers are told",
        help_text="Shown where the message was. Leave it empty to say only that it was removed.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
