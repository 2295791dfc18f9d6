from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import UserAttributeSimilarityValidator
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from apps.users.constants import (
    DEFAULT_TOKEN_DAYS,
    MAX_ALLOWED_MODELS,
    MAX_MODEL_CHARS,
    MAX_NAME_CHARS,
    MAX_TOKEN_DAYS,
    MAX_TOKEN_NAME_CHARS,
    TokenScope,
)
from apps.users.models import User
from apps.users.services.tokens import TokenRequest


class SignupForm(forms.Form):
    """What sign-up asks beside address and password; allauth's own form inherits from it."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=MAX_NAME_CHARS,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    field_order = ["name", "email", "password1"]

    def clean(self) -> dict[str, Any]:
        """Refuse a password that is nearly the name; allauth compares it with the address only."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        name, password = data.get("name"), data.get("password1")
        if name and password:
            try:
                UserAttributeSimilarityValidator(["name"]).validate(password, User(name=name))
            except ValidationError as error:
                self.add_error("password1", error)
        return data

    def signup(self, request: HttpRequest, user: User) -> None:
        """Do nothing more: the account was made with its name."""


class ModelNamesField(forms.CharField):
    """Names and patterns of models, one on a line."""

    def __init__(self) -> None:
        super().__init__(
            label=gettext_lazy("Only these models"),
            required=False,
            max_length=MAX_ALLOWED_MODELS * (MAX_MODEL_CHARS + 2),
            help_text=gettext_lazy(
                "One name on a line; * stands for any letters. Empty for all models."
            ),
            widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off", "spellcheck": "false"}),
        )

    def prepare_value(self, value: object) -> object:
        """Return names as lines."""
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: object) -> tuple[str, ...]:
        """Return the names."""
        return tuple(super().clean(value).split())


class TokenForm(forms.Form):
    """What a person gives to make an API token."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=MAX_TOKEN_NAME_CHARS,
        help_text=gettext_lazy("What will use it, for example “Weekly report”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("It may"),
        choices=TokenScope.choices,
        initial=[TokenScope.CHAT],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one.")},
    )
    expires_in_days = forms.IntegerField(
        label=gettext_lazy("Days until it expires"),
        min_value=1,
        max_value=MAX_TOKEN_DAYS,
        initial=DEFAULT_TOKEN_DAYS,
    )
    allowed_models = ModelNamesField()

    def wanted(self) -> TokenRequest:
        """Return what a valid form asks for."""
        return TokenRequest(
            name=self.cleaned_data["name"],
            scopes=tuple(self.cleaned_data["scopes"]),
            expires_in_days=self.cleaned_data["expires_in_days"],
            allowed_models=self.cleaned_data["allowed_models"],
        )


class TokenChangeForm(forms.Form):
    """What a person changes of a token of theirs."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=MAX_TOKEN_NAME_CHARS,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    expires_in_days = forms.IntegerField(
        label=gettext_lazy("Days until it expires, from now"),
        required=False,
        min_value=1,
        max_value=MAX_TOKEN_DAYS,
        help_text=gettext_lazy("Leave it empty to keep its end."),
    )
    allowed_models = ModelNamesField()
