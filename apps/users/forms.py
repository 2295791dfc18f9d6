from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import UserAttributeSimilarityValidator
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from apps.users.constants import MAX_NAME_CHARS
from apps.users.models import User


class SignupForm(forms.Form):
    """What sign-up asks beside address and password; allauth's own form inherits from it."""

    name = forms.CharField(
        label="Name",
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
