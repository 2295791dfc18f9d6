"""What staff type when they decide about a person."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from apps.core.admin_kit.decisions import ReasonForm
from apps.core.constants import LARGEST_NUMBER, MAX_REASON_CHARS
from apps.users.constants import (
    DEFAULT_TOKEN_DAYS,
    MAX_NAME_CHARS,
    MAX_TOKEN_DAYS,
    MAX_TOKEN_NAME_CHARS,
    Role,
    ServiceDuty,
    ServiceScope,
)
from apps.users.forms import ModelNamesField
from apps.users.standing_desk import standing_desk


def _policies() -> list[tuple[str, str]]:
    return [("", "Choose one"), *standing_desk().policies()]


class MeasureForm(ReasonForm):
    """Why somebody is acted on: the policy, a reason for the record and one for the person."""

    policy = forms.ChoiceField(
        choices=_policies,
        widget=forms.Select(attrs={"autofocus": True}),
        label="Policy",
        help_text="What they go against. The notice names it.",
        error_messages={"required": "Choose the policy that they go against."},
    )
    reason_for_user = forms.CharField(
        max_length=MAX_REASON_CHARS,
        label="What the person is told",
        help_text="They read exactly this in their notice.",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say what the person is told."},
    )
    message_id = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=LARGEST_NUMBER,
        label="Number of a message of theirs",
        help_text="If it is for one message: its case keeps the decision. It may stay empty.",
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={"invalid": "Write the message's number."},
    )
    field_order = ("policy", "reason", "reason_for_user", "message_id", "until")


class LiftForm(ReasonForm):
    """Why it ends early, for the record and for the person."""

    reason_for_user = forms.CharField(
        required=False,
        max_length=MAX_REASON_CHARS,
        label="What the person is told",
        help_text="Stands in their notice. It may stay empty.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class UntilForm(MeasureForm):
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


class ServiceAccountForm(ReasonForm):
    """A program's account."""

    name = forms.CharField(
        max_length=MAX_NAME_CHARS, label="Name", help_text="What other people know it by."
    )
    duties = forms.MultipleChoiceField(
        choices=ServiceDuty.choices,
        required=False,
        label="It may also read as",
        widget=forms.CheckboxSelectMultiple,
        help_text="Without any it has its own conversations only. Deciding is for people.",
    )
    field_order = ("name", "duties", "reason")


class DutiesForm(ReasonForm):
    """What a service account may read."""

    duties = forms.MultipleChoiceField(
        choices=ServiceDuty.choices,
        required=False,
        label="It may also read as",
        widget=forms.CheckboxSelectMultiple,
    )
    field_order = ("duties", "reason")


class ServiceTokenForm(forms.Form):
    """What a token of a service account is wanted for."""

    name = forms.CharField(max_length=MAX_TOKEN_NAME_CHARS, label="Name of the token")
    scopes = forms.MultipleChoiceField(
        choices=ServiceScope.choices,
        initial=[ServiceScope.CHAT],
        label="It may",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
    )
    expires_in_days = forms.IntegerField(
        min_value=1,
        max_value=MAX_TOKEN_DAYS,
        initial=DEFAULT_TOKEN_DAYS,
        label="Days until it expires",
    )
    allowed_models = ModelNamesField()


class RevokeTokenForm(ReasonForm):
    """Whether what was made with a token ends with it."""

    with_made = forms.BooleanField(
        required=False,
        label="Revoke what was made with it too",
        help_text="Where it was stolen. Not where its program has made itself a new one.",
    )


class AddressForm(ReasonForm):
    """Another address, and why."""

    email = forms.EmailField(
        label="Address",
        widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "off"}),
        error_messages={"required": "Write the address."},
    )
    field_order = ("email", "reason")


class LetInForm(ReasonForm):
    """Whether the second factors are lost as well."""

    forgets_factors = forms.BooleanField(
        required=False,
        label="Remove the second factors and passkeys too",
        help_text="Where they are lost. Others can be added once they are in.",
    )


class NameForm(forms.Form):
    """Another name."""

    name = forms.CharField(max_length=MAX_NAME_CHARS, label="Name")
