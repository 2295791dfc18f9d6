"""The password rules that pages, admin, API and commands share, as Django password validators."""

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from apps.users.constants import MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS


class LengthValidator:
    """Accept passwords of 8 to 128 characters."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Refuse a password that is too short or too long.

        Raises:
            ValidationError: code `password_too_short` or `password_too_long`.
        """
        if len(password) < MIN_PASSWORD_CHARS:
            raise ValidationError(
                gettext("Use at least %(least)d characters.") % {"least": MIN_PASSWORD_CHARS},
                code="password_too_short",
            )
        if len(password) > MAX_PASSWORD_CHARS:
            raise ValidationError(
                gettext("Use at most %(most)d characters.") % {"most": MAX_PASSWORD_CHARS},
                code="password_too_long",
            )

    def get_help_text(self) -> str:
        """Say the rule before it is broken."""
        limits = {"least": MIN_PASSWORD_CHARS, "most": MAX_PASSWORD_CHARS}
        return gettext("%(least)d to %(most)d characters.") % limits


class CharacterClassValidator:
    """Accept passwords with an upper-case letter, a lower-case letter and a digit."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Refuse a password that lacks one of the three, naming each that is missing.

        Raises:
            ValidationError: codes `password_no_upper`, `password_no_lower`, `password_no_digit`.
        """
        problems = []
        if not any(character.isupper() for character in password):
            problems.append(
                ValidationError(gettext("Add an upper-case letter."), code="password_no_upper")
            )
        if not any(character.islower() for character in password):
            problems.append(
                ValidationError(gettext("Add a lower-case letter."), code="password_no_lower")
            )
        if not any(character.isdigit() for character in password):
            problems.append(ValidationError(gettext("Add a digit."), code="password_no_digit"))
        if problems:
            raise ValidationError(problems)

    def get_help_text(self) -> str:
        """Say the rule before it is broken."""
        return gettext("At least one upper-case letter, one lower-case letter and one digit.")
