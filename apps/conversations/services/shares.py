"""A conversation for whoever has the link: made, listed and revoked."""

from __future__ import annotations

import hashlib
import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.conversations import constants, guardrails
from apps.conversations.errors import (
    ConversationLockedError,
    NothingToShareError,
    ShareLimitError,
    ShareNotFoundError,
    ShareTitleWithheldError,
    ShareWithdrawnError,
    SharingOffError,
)
from apps.conversations.models import Conversation, Message, Share
from apps.conversations.querysets import ShareQuerySet
from apps.conversations.services.conversations import access_conversation
from apps.core import db
from apps.core.errors import AppError
from apps.core.logging import log_event
from apps.core.problems import field_problem
from apps.users.models import User
from apps.users.services import access

logger = logging.getLogger(__name__)

TOKEN_BYTES = 24
NO_END = ""


@dataclass(frozen=True, slots=True)
class NewShare:
    """A link at the only moment at which its address is known."""

    share: Share
    url: str


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
        ConversationLockedError: staff locked it.
        ShareWithdrawnError: staff revoked a link to it.
        NothingToShareError: there is nothing in it that may be shown.
        ShareLimitError: the actor has too many links.
        ValidationFailedError: the end is none of the choices.
        AccountRestrictedError, AccountSuspendedError: the person may not write at the moment.
    """
    if not settings.SHARING:
        raise SharingOffError
    if expires_in_days is not None and expires_in_days not in constants.SHARE_DAYS:
        raise _unknown_end()
    access.ensure_may_write(actor)
    conversation = access_conversation(viewer=actor, conversation_id=conversation_id)
    User.objects.select_for_update(no_key=True).get(pk=actor.pk)
    _ensure_may_be_shared(conversation, actor=actor)
    numbers = _numbers(conversation, constants.MAX_SHARED_MESSAGES)
    if not numbers:
        raise NothingToShareError
    token = secrets.token_urlsafe(TOKEN_BYTES)
    is_own = conversation.title_source == constants.TitleSource.PERSON
    share = Share.objects.create(
        owner=actor,
        conversation=conversation,
        token_hash=hash_token(token),
        title="" if is_own and conversation.title != judged_title else conversation.title,
        is_title_own=is_own,
        titled_from=conversation.titled_from,
        message_ids=numbers[::-1],
        expires_at=_end(expires_in_days),
    )
    record(actor, AuditAction.SHARE_CREATED, share)
    return NewShare(share, settings.PUBLIC_URL + reverse("chat:shared", args=[token]))


def _ensure_may_be_shared(conversation: Conversation, *, actor: User) -> None:
    if conversation.locked_at is not None:
        raise ConversationLockedError
    if Share.objects.withdrawn().of_conversation(conversation).exists():
        raise ShareWithdrawnError
    if Share.objects.owned_by(actor).open().count() >= constants.MAX_SHARES:
        raise ShareLimitError


def list_shares(*, viewer: User) -> ShareQuerySet:
    """Return the viewer's own links, newest first; their addresses are not kept."""
    return Share.objects.owned_by(viewer).newest_first()


def access_share(*, viewer: User, share_id: int) -> Share:
    """Return one link of the viewer's own; ShareNotFoundError where there is none."""
    return one_of(Share.objects.owned_by(viewer), share_id)


@transaction.atomic
def revoke_share(*, actor: User, share_id: int) -> Share:
    """Let an own link lead nowhere from now on; one that does so already stays as it is.

    Raises: ShareNotFoundError, where it does not exist or belongs to somebody else.
    """
    share = one_of(Share.objects.owned_by(actor).select_for_update(), share_id)
    if share.revoked_at is None:
        share.revoked_at = timezone.now()
        share.save(update_fields=["revoked_at"])
        record(actor, AuditAction.SHARE_REVOKED, share)
    return share


def count_to_share(*, conversation: Conversation) -> int:
    """Return how many messages a link would show, up to one beyond the most."""
    return len(_numbers(conversation, constants.MAX_SHARED_MESSAGES + 1))


def read_end(typed: str | None) -> int | None:
    """Return after how many days a link ends, from the choices of the form; None for no end.

    Raises: ValidationFailedError, where it is none of them, or nothing was chosen.
    """
    ends = {str(days): days for days in constants.SHARE_DAYS}
    if typed != NO_END and typed not in ends:
        raise _unknown_end()
    return ends.get(typed)


def _unknown_end() -> AppError:
    problem = gettext("Choose one of the offered ends.")
    return field_problem("expires_in_days", problem, "unknown_end")


def _numbers(conversation: Conversation, limit: int) -> list[int]:
    """Return the newest messages of the branch that is shown which others may see."""
    shown = Message.objects.of_conversation(conversation).on_path().shareable()
    return list(shown.order_by("-id").values_list("pk", flat=True)[:limit])


def _title_to_judge(actor: User, conversation_id: int) -> str:
    """Return the person's own title; whoever may not share is refused before a rule looks at it."""
    if not settings.SHARING:
        raise SharingOffError
    access.ensure_may_write(actor)
    conversation = access_conversation(viewer=actor, conversation_id=conversation_id)
    is_own = conversation.title_source == constants.TitleSource.PERSON
    return conversation.title if is_own else ""


def one_of(rows: ShareQuerySet, share_id: int) -> Share:
    """Return one of these links; ShareNotFoundError where it is not among them."""
    share = rows.filter(pk=share_id).first()
    if share is None:
        raise ShareNotFoundError
    return share


def record(
    actor: User | None, action: AuditAction, share: Share, *, reason: str = "", told: str = ""
) -> None:
    """Write down what somebody did to a link."""
    audit.record(
        actor=actor,
        action=action,
        target_type="share",
        target_id=share.pk,
        reason=reason,
        data={
            "conversation_id": share.conversation_id,
            "messages": len(share.message_ids),
            **({"reason_for_user": told} if told else {}),
        },
    )


def _end(days: int | None) -> datetime | None:
    return timezone.now() + timedelta(days=days) if days is not None else None


def hash_token(token: str) -> str:
    """Return the form in which the address of a link is kept."""
    return hashlib.sha256(token.encode()).hexdigest()
