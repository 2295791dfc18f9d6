"""A notice reaches its person after the commit: on their open pages, and by mail."""

from __future__ import annotations

import msgspec
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from apps.conversations.events import NoticeCreated
from apps.core import jobs
from apps.core.languages import speaking
from apps.core.mail import compose
from apps.core.realtime.groups import announce_on_commit
from apps.moderation.models import Notice
from apps.moderation.services.notices import letters

MAIL_TASK = "moderation.mail_notice"
MAIL_QUEUE = "mail"
COUNTED_UP_TO = 100


def deliver(notice: Notice) -> None:
    """Tell the person's open pages, and have the mail sent where mail is configured.

    The job is a row of the same transaction, so that it exists if the notice does.
    """
    event = NoticeCreated(
        notice_id=notice.pk,
        kind=notice.kind,
        title=notice.title,
        url=reverse("moderation:notice", args=[notice.pk]),
        unread=count_unread(notice.subject_id),
    )
    announce_on_commit(notice.subject_id, msgspec.to_builtins(event))
    if settings.EMAIL_URL:
        jobs.defer(MAIL_TASK, {"notice_id": notice.pk}, queue=MAIL_QUEUE)


def count_unread(user_id: int) -> int:
    """Return how many notices a person has not read, at most 100."""
    unread = Notice.objects.about(user_id).unread()
    return unread[:COUNTED_UP_TO].count()


def compose_mail(*, notice_id: int) -> EmailMultiAlternatives | None:
    """Return the mail for a notice; None where notice or account are gone."""
    notice = Notice.objects.select_related("subject").filter(pk=notice_id).first()
    if notice is None or not notice.subject.is_active:
        return None
    context = {
        "name": notice.subject.name,
        "body": notice.body,
        "url": letters.letter_url(notice, life=letters.MAIL_LIFE),
        "appeal_until": notice.appeal_until,
    }
    with speaking(notice.subject.language):
        text = render_to_string("moderation/email/notice.txt", context)
        return compose(subject=notice.title, text=text, to=notice.subject.email)
