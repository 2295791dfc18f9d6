"""Owners are told by mail, once and in time, that a token of theirs will end."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.core import jobs
from apps.core.languages import moment, speaking
from apps.core.mail import compose
from apps.users.constants import EXPIRY_WARNING_DAYS
from apps.users.models import ApiToken
from apps.users.services import admin_mail

MAIL_TASK = "users.mail_token_expiry"
AT_ONCE = 500


@transaction.atomic
def warn_of_expiry() -> int:
    """Queue a mail for each token that ends within a week; admins get those of service accounts.

    A token that was made for less than that is left out. Where no mail is configured, pages warn.

    Returns:
        How many tokens were warned of.
    """
    if not settings.EMAIL_URL:
        return 0
    now, notice = timezone.now(), timedelta(days=EXPIRY_WARNING_DAYS)
    found = ApiToken.objects.to_warn_of(now + notice)
    lasting = found.made_for_longer_than(notice)
    due = list(lasting.select_for_update(of=("self",), skip_locked=True)[:AT_ONCE])
    for token in due:
        if token.user.is_service:
            text = f"{_sentence(token)} Make another one in the admin, and give it to the program."
            admin_mail.tell_admins(subject=f"A token of {token.user.name} will expire", text=text)
        else:
            jobs.defer(MAIL_TASK, {"token_id": token.pk}, queue=admin_mail.MAIL_QUEUE)
    ApiToken.objects.filter(pk__in=[token.pk for token in due]).update(warned_at=now)
    return len(due)


def compose_mail(*, token_id: int) -> EmailMultiAlternatives | None:
    """Return the mail to the owner of a token; None where it or its account ended meanwhile."""
    token = ApiToken.objects.usable().select_related("user").filter(pk=token_id).first()
    if token is None or not token.user.is_active:
        return None
    with speaking(token.user.language):
        subject = gettext("Your token “%(name)s” will expire") % {"name": token.name}
        advice = gettext("Give it a longer life, or make another one, here:")
        text = f"{_sentence(token)}\n\n{advice}\n{settings.PUBLIC_URL}/settings/tokens/"
        return compose(subject=subject, text=text, to=token.user.email)


def _sentence(token: ApiToken) -> str:
    end = f"{moment(token.expires_at)} UTC" if token.expires_at is not None else ""
    words = {"name": token.name, "hint": token.hint, "owner": token.user.name, "end": end}
    return gettext("The token “%(name)s” (%(hint)s…) of %(owner)s works until %(end)s.") % words
