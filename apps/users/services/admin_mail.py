"""Mail to those who manage this place, about what needs one of them."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from apps.core import jobs
from apps.core.mail import compose
from apps.users.models import User

MAIL_TASK = "users.mail_admins"
MAIL_QUEUE = "mail"
MAX_TOLD = 50


def tell_admins(*, subject: str, text: str) -> None:
    """Have a mail sent to every active admin, where mail is configured.

    The job is a row of the caller's transaction. Other apps reach this by the setting ADMIN_NOTICE.
    """
    if settings.EMAIL_URL:
        jobs.defer(MAIL_TASK, {"subject": subject, "text": text}, queue=MAIL_QUEUE)


def compose_mails(*, subject: str, text: str) -> list[EmailMultiAlternatives]:
    """Return one mail for each of them, so that nobody reads another's address."""
    admins = User.objects.admins().active().not_suspended().order_by("pk")
    addresses = admins.values_list("email", flat=True)[:MAX_TOLD]
    return [compose(subject=subject, text=text, to=address) for address in addresses]
