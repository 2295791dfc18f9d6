"""Reading a private conversation: with an open case, or with a reason that its owner can see."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.conversations.errors import ConversationNotFoundError
from apps.conversations.models import Conversation
from apps.core.problems import clean_reason
from apps.core.querysets import Condition
from apps.moderation import constants
from apps.moderation.errors import GrantNotFoundError, GrantRequiredError
from apps.moderation.models import AccessGrant, Case
from apps.moderation.querysets import readable_by
from apps.moderation.services.cases import cases
from apps.users.models import User
from apps.users.services import access

READ = "moderation.read_conversation"


@transaction.atomic
def open_grant(*, actor: User, conversation_id: int, reason: str) -> AccessGrant:
    """Let a member of staff read a conversation that has no open case, for a few hours.

    A grant of theirs that still holds is returned as it is.

    Args:
        actor: who wants to read.
        conversation_id: which conversation.
        reason: why; its owner can read it.

    Raises:
        ForbiddenError: the actor may not read conversations.
        ConversationNotFoundError: there is no such conversation.
        ValidationFailedError: no reason was given.
    """
    cases.require(actor, READ)
    reason = clean_reason(reason, field="reason")
    rows = Conversation.objects.select_for_update(no_key=True)
    conversation = rows.filter(pk=conversation_id).first()
    if conversation is None:
        raise ConversationNotFoundError
    found = live_grant(viewer=actor, conversation_id=conversation_id)
    if found is not None:
        return found
    grant = AccessGrant.objects.create(
        reader=actor,
        reader_label=actor.name,
        conversation=conversation,
        conversation_number=conversation.pk,
        subject_id=conversation.owner_id,
        reason=reason,
        expires_at=timezone.now() + timedelta(hours=constants.GRANT_HOURS),
    )
    _record(actor, AuditAction.ACCESS_GRANTED, grant, reason)
    return grant


@transaction.atomic
def revoke_grant(*, actor: User, grant_id: int, reason: str) -> AccessGrant:
    """End a grant before its time: one's own, or somebody else's as a lead.

    One that is over already stays as it is.

    Args:
        actor: who ends it; whoever reads by it themself, or a lead whose conversation it is not.
        grant_id: which grant.
        reason: why, for the record; may be empty where somebody ends their own.

    Raises:
        ForbiddenError: the actor may not read conversations.
        GrantNotFoundError: there is no such grant, or it is not theirs to end.
        ValidationFailedError: no reason was given for ending somebody else's.
    """
    cases.require(actor, READ)
    grant = AccessGrant.objects.select_for_update().filter(pk=grant_id).first()
    if grant is None or not may_end(actor, grant):
        raise GrantNotFoundError
    words = clean_reason(reason, field="reason", is_required=grant.reader_id != actor.pk)
    if grant.state == constants.GrantState.LIVE:
        grant.revoked_at, grant.revoke_reason = timezone.now(), words
        grant.revoked_by, grant.revoked_by_label = actor, actor.name
        grant.save(update_fields=["revoked_at", "revoked_by", "revoked_by_label", "revoke_reason"])
        _record(actor, AuditAction.ACCESS_REVOKED, grant, words)
    return grant


def may_end(viewer: User, grant: AccessGrant) -> bool:
    """Tell whether a grant that holds is somebody's to end; no lead ends one on what is theirs."""
    if grant.reader_id == viewer.pk:
        return True
    return grant.subject_id != viewer.pk and viewer.has_perm(cases.OVERRIDE)


def live_grant(*, viewer: User, conversation_id: int) -> AccessGrant | None:
    """Return the grant by which somebody may read a conversation now; None without one."""
    held = AccessGrant.objects.live().held_by(viewer).on_conversation(conversation_id)
    return held.order_by("-id").first()


def ensure_may_read(*, viewer: User, conversation: Conversation) -> AccessGrant | None:
    """Check that a member of staff may read a conversation now.

    Returns:
        The grant by which they read, also where a case is open by now: its owner sees each reading
        under it. None where it is their own, or only a case lets them in.

    Raises:
        ForbiddenError: the viewer is suspended, or not let into conversations at all.
        GrantRequiredError: no case is open on it, and they have no live grant.
    """
    access.ensure_not_suspended(viewer)
    if conversation.owner_id == viewer.pk:
        return None
    may_read, may_see = viewer.has_perm(READ), viewer.has_perm(cases.VIEW)
    grant = live_grant(viewer=viewer, conversation_id=conversation.pk) if may_read else None
    if grant is not None:
        return grant
    if may_see and Case.objects.letting_in().on_conversation(conversation).exists():
        return None
    cases.require(viewer, READ)
    raise GrantRequiredError


def ways_into(*, viewer: User, conversation_ids: Collection[int]) -> dict[int, int | None]:
    """Return by which grant somebody reads each of several conversations that they may read.

    Returns:
        The numbers of the conversations with that of the grant; None where only a case lets in.

    Raises:
        ForbiddenError: the viewer is suspended, or not let into conversations at all.
    """
    access.ensure_not_suspended(viewer)
    if not viewer.has_perm(cases.VIEW):
        cases.require(viewer, READ)
    ways: dict[int, int | None] = dict.fromkeys(conversation_ids)
    held = AccessGrant.objects.live().held_by(viewer).on_conversations(conversation_ids)
    return ways | dict(held.order_by("id").values_list("conversation_id", "pk"))


def readable(*, viewer: User, conversation: str, owner: str) -> Condition:
    """Return the condition of rows whose conversation somebody may read now.

    Args:
        viewer: a member of staff.
        conversation: path from the row to the conversation's number.
        owner: path from the row to the owner's number.
    """
    sees_cases = viewer.has_perm(cases.VIEW)
    return readable_by(viewer, conversation=conversation, owner=owner, sees_cases=sees_cases)


def _record(actor: User, action: AuditAction, grant: AccessGrant, reason: str = "") -> None:
    audit.record(
        actor=actor,
        action=action,
        target_type="conversation",
        target_id=grant.conversation_number,
        reason=reason,
        data={"grant_id": grant.pk},
    )
