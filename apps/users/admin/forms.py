"""What staff type when they decide about a person."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from apps.core.admin_kit.decisions import ReasonForm
from apps.core.constants import MAX_REASON_CHARS
from apps.users.constants import MAX_NAME_CHARS, Role


class ToldReasonForm(ReasonForm):
    """A reason for the record and one for the person."""

    reason_for_user = forms.CharField(
        max_length=MAX_REASON_CHARS,
        label="What the person is told",
        help_text="They read exactly this.",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say what the person is told."},
    )


class UntilForm(ToldReasonForm):
    """The same with an end."""

    until = forms.DateTimeField(
        required=False,
        label="Until",
        help_text="In UTC. Leave it empty for no end; it can be lifted at any time.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": "Write a date and a time."},
    )

    def clean_until(self) -> Any:  # noqa: ANN401
        """Refuse an end that has passed."""
        until = self.cleaned_data["until"]
        if until is not None and until <= timezone.now():
            text = "Choose a moment in the future."
            raise forms.ValidationError(text)
        return until


class RoleForm(ReasonForm):
    """Another role, and why."""

    role = forms.ChoiceField(choices=Role.choices, label="Role")
    field_order = ["role", "reason"]


class NameForm(forms.Form):
    """Another name."""

    name = forms.CharField(max_length=MAX_NAME_CHARS, label="Name")
