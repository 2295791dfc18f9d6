"""One owner with a row of everything, and everybody who might ask for it.

Relations that may be empty are filled, so that an answer that loads one on the event loop fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import orjson
from asgiref.sync import async_to_sync
from django.utils import timezone

from apps.accounts.services import exports
from apps.audit.models import AuditEvent
from apps.conversations.services import shares
from apps.llm.services import catalogue
from apps.moderation.models import BackTestMatch, Rule, RuleHit, Threshold
from apps.moderation.services.cases import cases, grants
from apps.moderation.services.desk import saved_views
from apps.moderation.services.rules import back_tests
from apps.users.models import User
from apps.users.services import service_accounts
from apps.webhooks.constants import EventType
from apps.webhooks.services import deliveries, endpoints
from tests.api.conftest import Program
from tests.factories import (
    ApiTokenFactory,
    ConversationFactory,
    MessageFactory,
    ReplyFactory,
    UserFactory,
)
from tests.moderation.factories import make_case, make_decided, make_staff


@dataclass
class Scene:
    """Rows of one owner, and everybody who might ask for them.

    Attributes:
        numbers: of the rows, by the name of the parameter that takes them; one is a model's name.
        callers: by column of the matrix.
        owner: whose rows they are.
    """

    numbers: dict[str, Any]
    callers: dict[str, Program]
    owner: User


def make_scene() -> Scene:
    """Make all rows and callers."""
    async_to_sync(catalogue.current)()
    owner, moderator, admin = UserFactory(), make_staff(), UserFactory(admin=True)
    numbers: dict[str, Any] = (
        _conversation(owner) | _moderation(owner, moderator) | _rules() | _webhooks(admin)
    )
    by_owner = Program(owner)
    numbers |= _account(owner, by_owner)
    account = service_accounts.create_service_account(actor=admin, name="Importer")
    numbers |= {
        "user_id": owner.pk,
        "token_id": ApiTokenFactory(user=owner).pk,
        "account_id": account.pk,
        "name": "scripted",
        "batch_id": uuid4(),
    }
    callers = {
        "anonymous": Program(),
        "owner": by_owner,
        "stranger": Program(UserFactory()),
        "moderator": Program(moderator),
        "admin": Program(admin),
        "revoked": Program(owner, revoked=True),
        "expired": Program(owner, expired=True),
        "suspended": Program(UserFactory(suspended=True)),
    }
    return Scene(numbers, callers, owner)


def _conversation(owner: User) -> dict[str, int]:
    conversation = ConversationFactory(owner=owner)
    question = MessageFactory(conversation=conversation)
    answer = MessageFactory(conversation=conversation, parent=question, assistant=True)
    ReplyFactory(message=answer)
    share = shares.create_share(actor=owner, conversation_id=conversation.pk, expires_in_days=7)
    return {
        "conversation_id": conversation.pk,
        "deleted_id": ConversationFactory(owner=owner, deleted_at=timezone.now()).pk,
        "message_id": answer.pk,
        "share_id": share.share.pk,
    }


def _account(owner: User, by_owner: Program) -> dict[str, int]:
    async_to_sync(exports.request_export)(actor=owner)
    limited = ApiTokenFactory(user=owner, scopes=["chat"])
    limit = {"unit": "tokens", "period": "day", "amount": "50"}
    answered = async_to_sync(by_owner.call)("PUT", f"auth/tokens/{limited.pk}/limits", limit)
    [made] = orjson.loads(answered.content)["data"]  # type: ignore[attr-defined]
    return {"limited_id": limited.pk, "quota_id": made["id"]}


def _moderation(owner: User, moderator: User) -> dict[str, int]:
    decision = make_decided(owner)
    notice = decision.notices.get()
    case = make_case(MessageFactory(conversation__owner=owner))
    case.policy = decision.policy_version.policy
    case.save(update_fields=["policy"])
    talk = ConversationFactory(owner=owner)
    grant = grants.open_grant(actor=moderator, conversation_id=talk.pk, reason="A look.")
    return {
        "notice_id": notice.pk,
        "decision_id": decision.pk,
        "appeal_id": notice.appeal.pk,
        "case_id": case.pk,
        "enforcement_id": decision.enforcements.get().pk,
        "strike_id": decision.strike.pk,
        "sent_notice_id": notice.pk,
        "hit_id": RuleHit.objects.get(subject=owner).pk,
        "flag_id": decision.case.flags.get().pk,
        "note_id": cases.add_note(actor=moderator, case_id=case.pk, text="Seen.").pk,
        "event_id": AuditEvent.objects.filter(action="case.noted").values_list("pk", flat=True)[0],
        "grant_id": grant.pk,
        "policy_id": case.policy.pk,
        "view_id": saved_views.save(actor=moderator, name="Mine", query="severity=4").pk,
        "threshold_id": Threshold.objects.values_list("pk", flat=True)[0],
    }


def _rules() -> dict[str, int]:
    rule = Rule.objects.get()
    assert rule.current is not None
    author = make_staff("rule_author")
    back_test = back_tests.start(actor=author, version_id=rule.current.pk)
    match = BackTestMatch.objects.create(
        back_test=back_test, message_id=back_test.last_message_id, start=0, end=1
    )
    return {
        "rule_id": rule.pk,
        "version_id": rule.current.pk,
        "back_test_id": back_test.pk,
        "match_id": match.pk,
    }


def _webhooks(admin: User) -> dict[str, int]:
    webhook = endpoints.create_endpoint(
        actor=admin, url="https://example.com/x", event_types=list(EventType.values)
    ).endpoint
    tested = deliveries.send_test(actor=admin, endpoint_id=webhook.pk)
    return {"webhook_id": webhook.pk, "delivery_id": tested.pk}
