from __future__ import annotations

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailConfirmationHMAC
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMultiAlternatives
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy

from apps.core.client_address import client_address
from apps.core.languages import remember_language
from apps.core.logging import log_event
from apps.core.mail import dress
from apps.users import constants
from apps.users.errors import EmailTakenError
from apps.users.models import User
from apps.users.services import access, accounts, preferences, recovery

logger = logging.getLogger(__name__)

WITHOUT_A_KEY = ("unknown_account", "account_already_exists")
"""Mails whose links allauth builds from the host of the request; those with a key have hooks."""
LINKS = {"signup_url": "account_signup", "password_reset_url": "account_reset_password"}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Lets allauth's pages act through our services, by the same rules as the API."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": gettext_lazy(constants.INVALID_CREDENTIALS),
        "email_taken": gettext_lazy(constants.USER_ALREADY_EXISTS),
        "too_many_login_attempts": gettext_lazy(constants.TOO_MANY_LOGIN_ATTEMPTS),
    }

    def save_user(self, request: HttpRequest, user: User, form: Form, commit: bool = True) -> User:  # noqa: FBT001, FBT002
        """Make the account that a valid sign-up form asks for.

        Raises:
            ImmediateHttpResponse: somebody took the address between the check and now.
        """
        data = form.cleaned_data
        try:
            made = accounts.create_account(
                actor=None, email=data["email"], name=data["name"], password=data["password1"]
            )
        except EmailTakenError as error:
            messages.error(request, error.message)
            raise ImmediateHttpResponse(redirect("account_signup")) from error
        preferences.set_language(actor=made, language=get_language() or "")
        return made

    def set_password(self, user: User, password: str) -> None:
        """Change or reset a password; ends the person's other sessions and all tokens."""
        accounts.change_password(actor=user, user=user, password=password)

    def pre_login(
        self,
        request: HttpRequest,
        user: User,
        **kwargs: Any,  # noqa: ANN401
    ) -> HttpResponse | None:
        """Show who may not come in the reason; only ever called after the right password.

        Whoever leaves goes on to the second factor: the last stage leads them to the way back.
        """
        if user.is_leaving and not user.is_suspended:
            return None
        if not user.is_active or user.is_service or user.is_suspended:
            return self.respond_user_inactive(request, user)
        response: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return response

    def get_login_stages(self) -> list[str]:
        """Return what stands between a right password and the session, in its order."""
        return [*super().get_login_stages(), "apps.users.login_stages.ComeBackStage"]

    def login(self, request: HttpRequest, user: User) -> None:
        """Open the session.

        Raises:
            ImmediateHttpResponse: the person was suspended or closed while signing in.
        """
        if not user.is_active or user.is_service or user.is_suspended:
            raise ImmediateHttpResponse(self.respond_user_inactive(request, user))
        super().login(request, user)

    def post_login(
        self,
        request: HttpRequest,
        user: User,
        **kwargs: Any,  # noqa: ANN401
    ) -> HttpResponse:
        """Take the person's own language along into this browser, or this browser's to the person.

        Whoever has chosen none is written to in the language of the pages that they read.
        """
        response: HttpResponse = super().post_login(request, user, **kwargs)
        if not user.language:
            preferences.set_language(actor=user, language=get_language() or "")
        if user.language:
            remember_language(response, user.language)
        return response

    def logout(self, request: HttpRequest) -> None:
        """End the session, and the sockets that were opened by it."""
        user_id = request.user.pk
        super().logout(request)
        if user_id is not None:
            access.announce_revoked(user_id)

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """Say that the account is closed, or why and until when it is suspended."""
        refusal = access.suspension_of(user)
        context = {
            "reason": refusal.reason if refusal else "",
            "until": refusal.until if refusal else None,
            "is_suspended": refusal is not None,
            "person": user,
        }
        return render(request, "account/account_inactive.html", context, status=403)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address that the proxies we trust have seen, for the limits of these pages."""
        return client_address(request) or "unknown"

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link of the reset mail, on the configured address whatever host was asked."""
        return recovery.reset_url(key)

    def get_email_confirmation_url(
        self, request: HttpRequest, emailconfirmation: EmailConfirmationHMAC
    ) -> str:
        """Return the link of the confirmation mail, on the configured address."""
        path = reverse("account_confirm_email", args=[emailconfirmation.key])
        return f"{settings.PUBLIC_URL}{path}"

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """Send the link to another password; a service account has none to forget."""
        if not user.is_service:
            super().send_password_reset_mail(user, email, context)

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMultiAlternatives:
        """Return a mail in the look of the pages, from the text of its templates.

        Its links lead to the configured address, whatever host was asked.
        """
        own = {}
        if template_prefix.endswith(WITHOUT_A_KEY):
            own = {key: settings.PUBLIC_URL + reverse(name) for key, name in LINKS.items()}
        return dress(super().render_mail(template_prefix, email, {**context, **own}, headers))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail; while the mail server is away the page works and the log tells.

        Where no mail is configured nothing is sent, and no word of it is written anywhere else.
        """
        if not settings.HAS_MAIL:
            log_event(logger, "MAIL_NOT_SENT", level=logging.WARNING, template=template_prefix)
            return
        try:
            self.render_mail(template_prefix, email, {"email": email, **context}).send()
        except OSError as error:
            log_event(
                logger,
                "MAIL_FAILED",
                level=logging.ERROR,
                template=template_prefix,
                error=type(error).__name__,
            )
