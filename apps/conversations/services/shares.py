"""A conversation for whoever has the link: made, listed, revoked and read."""

from __future__ import annotations

import hashlib
import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.conversations import constants, guardrails
from apps.conversations.errors import (
    NothingToShareError,
    ShareLimitError,
    ShareNotFoundError,
    ShareTitleWithheldError,
    SharingOffError,
)
from apps.conversations.models import Message, Share
from apps.conversations.querysets import ShareQuerySet
from apps.conversations.services import presenting
from apps.conversations.services.conversations import access_conversation
from apps.core import db, redaction
from apps.core.errors import ForbiddenError
from apps.core.logging import log_event
from apps.users.models import User
from apps.users.services import access
from apps.users.services.problems import clean_reason, field_problem

logger = logging.getLogger(__name__)

TOKEN_BYTES = 24
MAX_TOKEN_CHARS = 64
MAX_SHARED_MESSAGES = 2_000
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class NewShare:
    """A link at the only moment at which its address is known."""

    share: Share
    url: str


@dataclass(frozen=True, slots=True)
class SharedMessage:
    """One message of a snapshot, as anybody with the link sees it."""

    id: int
    role: str
    created_at: datetime
    text: SafeString | str
    html: SafeString
    is_hidden: bool
    notice: str


@dataclass(frozen=True, slots=True)
class SharedPage:
    """One screen of a snapshot; `next_place` is where the next one begins."""

    title: str
    created_at: datetime
    messages: list[SharedMessage]
    next_place: int | None


async def publish(*, actor: User, conversation_id: int, expires_in_days: int | None) -> NewShare:
    """Share a conversation once policy has let the person's own title of it pass.

    Everything else that a link shows was judged when it was written.

    Raises:
        ShareTitleWithheldError: others may not read that title.
        Exception: otherwise as `create_share`.
    """
    title = await db.call(_title_to_judge, actor, conversation_id)
    if title:
        draft = guardrails.Draft(
            user_id=actor.pk, conversation_id=conversation_id, text=title, is_message=False
        )
        if (await guardrails.check_input(draft)).verdict.is_block:
            log_event(logger, "SHARE_TITLE_WITHHELD", conversation_id=conversation_id)
            raise ShareTitleWithheldError
    return await db.call(
        create_share,
        actor=actor,
        conversation_id=conversation_id,
        expires_in_days=expires_in_days,
        judged_title=title,
    )


@transaction.atomic
def create_share(
    *, actor: User, conversation_id: int, expires_in_days: int | None, judged_title: str = ""
) -> NewShare:
    """Share the branch of a conversation that is shown, as it is now.

    What is hidden, withheld or still being written is left out; later messages never join.

    Args:
        actor: the owner.
        conversation_id: which conversation.
        expires_in_days: one of `SHARE_DAYS`, or None for no end.
        judged_title: the title of the person's own that policy let pass; no other is shown.

    Raises:
        SharingOffError: this place does not share.
        ConversationNotFoundError: it does not exist or belongs to somebody else.
        NothingToShareError: there is nothing in it that may be shown.
        ShareLimitError: the actor has too many links.
        ValidationFailedError: the end is none of the choices.
        AccountRestrictedError, AccountSuspendedError: the person may not write at the moment.
    """
    if not settings.SHARING:
        raise SharingOffError
    if expires_in_days is not None and expires_in_days not in constants.SHARE_DAYS:
        problem = gettext("Choose one of the offered ends.")
        raise field_problem("expires_in_days", problem, "unknown_end")
    access.ensure_may_write(actor)
    conversation = access_conversation(viewer=actor, conversation_id=conversation_id)
    User.objects.select_for_update(no_key=True).get(pk=actor.pk)
    if Share.objects.owned_by(actor).open().count() >= constants.MAX_SHARES:
        raise ShareLimitError
    shown = _may_be_shown(Message.objects.filter(conversation=conversation).on_path())
    numbers = list(shown.order_by("-id").values_list("pk", flat=True)[:MAX_SHARED_MESSAGES])
    if not numbers:
        raise NothingToShareError
    token = secrets.token_urlsafe(TOKEN_BYTES)
    is_own = conversation.title_source == constants.TitleSource.PERSON
    share = Share.objects.create(
        owner=actor,
        conversation=conversation,
        token_hash=_hash(token),
        title="" if is_own and conversation.title != judged_title else conversation.title,
        is_title_own=is_own,
        message_ids=numbers[::-1],
        expires_at=_end(expires_in_days),
    )
    _record(actor, AuditAction.SHARE_CREATED, share)
    return NewShare(share, settings.PUBLIC_URL + reverse("chat:shared", args=[token]))


def list_shares(*, viewer: User) -> ShareQuerySet:
    """Return the viewer's own links, newest first; their addresses are not kept."""
    return Share.objects.owned_by(viewer).newest_first()


def access_share(*, viewer: User, share_id: int) -> Share:
    """Return one link of the viewer's own; ShareNotFoundError where there is none."""
    return _one_of(Share.objects.owned_by(viewer), share_id)


@transaction.atomic
def revoke_share(*, actor: User, share_id: int) -> Share:
    """Let an own link lead nowhere from now on; one that does so already stays as it is.

    Raises: ShareNotFoundError, where it does not exist or belongs to somebody else.
    """
    share = _one_of(Share.objects.owned_by(actor).select_for_update(), share_id)
    if share.revoked_at is None:
        _revoke(share, is_by_staff=False)
        _record(actor, AuditAction.SHARE_REVOKED, share)
    return share


@transaction.atomic
def withdraw_share(*, actor: User, share_id: int, reason: str) -> Share:
    """Let anybody's link lead nowhere, as a member of staff, with a reason that is kept.

    Raises:
        ForbiddenError: the actor may not revoke links.
        ShareNotFoundError: no such link.
        ValidationFailedError: no reason was given, or too long a one.
    """
    if not actor.has_perm("conversations.revoke_share"):
        raise ForbiddenError
    reason = clean_reason(reason, field="reason")
    share = _one_of(Share.objects.select_for_update(), share_id)
    if share.revoked_at is None:
        _revoke(share, is_by_staff=True)
        _record(actor, AuditAction.SHARE_REVOKED, share, reason=reason)
    return share


def open_share(*, token: str, place: int = 0) -> SharedPage:
    """Return one screen of a snapshot to anybody with the link, and count the first one as a view.

    It leads nowhere when it is revoked or past its end, its conversation is deleted, its owner is
    suspended or gone, one of its answers was retracted, or this place does not share.

    Args:
        token: from the address.
        place: how many messages stand before this screen.

    Raises:
        ShareNotFoundError: it leads nowhere, whatever the reason.
    """
    share = _find(token)
    if share is None or not settings.SHARING:
        raise ShareNotFoundError
    retracted = Message.objects.filter(pk__in=share.message_ids).withheld()
    if share.owner.is_suspended or retracted.exists():
        raise ShareNotFoundError
    if place == 0:
        Share.objects.filter(pk=share.pk).update(view_count=F("view_count") + 1)
    numbers = share.message_ids[place : place + PAGE_SIZE]
    rows = Message.objects.filter(pk__in=numbers, conversation=share.conversation_id)
    shown = [_show(message) for message in rows.oldest_first()]
    has_more = place + PAGE_SIZE < len(share.message_ids)
    next_place = place + PAGE_SIZE if has_more else None
    return SharedPage(share.display_title, share.created_at, shown, next_place)


def _title_to_judge(actor: User, conversation_id: int) -> str:
    """Return the person's own title; whoever may not share is refused before a rule looks at it."""
    if not settings.SHARING:
        raise SharingOffError
    access.ensure_may_write(actor)
    conversation = access_conversation(viewer=actor, conversation_id=conversation_id)
    is_own = conversation.title_source == constants.TitleSource.PERSON
    return conversation.title if is_own else ""


def _one_of(rows: ShareQuerySet, share_id: int) -> Share:
    share = rows.filter(pk=share_id).first()
    if share is None:
        raise ShareNotFoundError
    return share


def _find(token: str) -> Share | None:
    if len(token) > MAX_TOKEN_CHARS:
        return None
    rows = Share.objects.open().select_related("owner")
    alive = rows.filter(conversation__deleted_at=None, owner__is_active=True)
    return alive.filter(token_hash=_hash(token)).first()


def _show(message: Message) -> SharedMessage:
    """Show a message without what is for its owner alone: how it ended, and why it is hidden."""
    is_person = message.role != constants.Author.ASSISTANT
    return SharedMessage(
        message.pk,
        message.role,
        message.created_at,
        presenting.drawn_text(message) if is_person else "",
        mark_safe(presenting.html_of(message)),  # noqa: S308  sanitised by the renderer
        message.is_hidden,
        _notice(message),
    )


def _notice(message: Message) -> str:
    if message.is_hidden:
        return gettext(constants.HIDDEN_PLACEHOLDER)
    return redaction.how_many(message.content) if message.is_redacted else ""


def _may_be_shown(rows: QuerySet[Message]) -> QuerySet[Message]:
    unfit = (constants.ReplyState.WITHHELD, *constants.LIVE_STATES)
    shown = rows.filter(hidden_at=None).exclude(content="")
    return shown.filter(Q(reply=None) | ~Q(reply__state__in=unfit))


def _revoke(share: Share, *, is_by_staff: bool) -> None:
    share.revoked_at = timezone.now()
    share.is_revoked_by_staff = is_by_staff
    share.save(update_fields=["revoked_at", "is_revoked_by_staff"])


def _record(actor: User, action: AuditAction, share: Share, *, reason: str = "") -> None:
    audit.record(
        actor=actor,
        action=action,
        target_type="share",
        target_id=share.pk,
        reason=reason,
        data={"conversation_id": share.conversation_id, "messages": len(share.message_ids)},
    )


def _end(days: int | None) -> datetime | None:
    return timezone.now() + timedelta(days=days) if days is not None else None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
