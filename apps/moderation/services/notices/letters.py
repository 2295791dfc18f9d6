"""Links that open one notice without a sign-in, so that a suspended person can read and appeal.

A link is signed, names one notice and its reader, and ends by itself. It is given away in two
places only: the mail to the person's own address, and the page that refuses them after the right
password.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils import timezone

from apps.moderation.constants import APPEAL_DAYS
from apps.moderation.errors import NoticeNotFoundError
from apps.moderation.models import Notice
from apps.users.models import User

SALT = "moderation.letter"
MAX_TOKEN_CHARS = 300
MAIL_LIFE = timedelta(days=APPEAL_DAYS)
PAGE_LIFE = timedelta(hours=1)
LETTERS_SHOWN = 10


def write_token(notice: Notice, *, life: timedelta) -> str:
    """Return the word that opens this notice for its reader until its time is over."""
    until = int((timezone.now() + life).timestamp())
    content = {"notice": notice.pk, "user": notice.subject_id, "until": until}
    return signing.dumps(content, salt=SALT)


def letter_url(notice: Notice, *, life: timedelta) -> str:
    """Return the whole address of a notice's own page, on the configured host."""
    path = reverse("moderation:letter", args=[write_token(notice, life=life)])
    return f"{settings.PUBLIC_URL}{path}"


def open_letter(*, token: str) -> Notice:
    """Return the notice that a link names, with its reader.

    Raises:
        NoticeNotFoundError: the link is not ours, its time is over, or the account is closed.
    """
    try:
        content = signing.loads(token[:MAX_TOKEN_CHARS], salt=SALT)
    except signing.BadSignature:
        raise NoticeNotFoundError from None
    if content["until"] < timezone.now().timestamp():
        raise NoticeNotFoundError
    rows = Notice.objects.about(content["user"]).to_active_people()
    rows = rows.select_related("subject", "decision", "appeal")
    notice = rows.filter(pk=content["notice"]).first()
    if notice is None:
        raise NoticeNotFoundError
    return notice


def letters_for(*, person: User) -> list[tuple[str, datetime, str]]:
    """Return title, time and path of a suspended person's newest notices.

    Only for somebody who has just given the right password and is refused all the same.
    """
    if not person.is_suspended or not person.is_active:
        return []
    newest = Notice.objects.about(person).order_by("-id")[:LETTERS_SHOWN]
    return [
        (
            notice.title,
            notice.created_at,
            reverse("moderation:letter", args=[write_token(notice, life=PAGE_LIFE)]),
        )
        for notice in newest
    ]
