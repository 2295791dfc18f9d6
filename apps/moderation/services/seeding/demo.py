"""A few cases to look at on a fresh machine; never in a deployment."""

from __future__ import annotations

import hashlib

from django.db import transaction

from apps.conversations.constants import Author
from apps.conversations.models import Conversation, Message
from apps.moderation import constants
from apps.moderation.models import Case, Policy, Rule, RuleHit, RuleVersion
from apps.moderation.services.cases import flags, reports
from apps.users.models import User

UMA = "user@parley.test"
INSULT = "idiot"
RULE = "Insults (demo)"
REPORTS = (
    ("Tea or coffee", constants.FlagReason.WRONG, "Green tea takes two minutes, not three."),
    ("A weekend in Lisbon", constants.FlagReason.WRONG, "The market is closed on Sundays."),
)


@transaction.atomic
def seed_demo_cases() -> int:
    """Report two answers of the demo person, and let a rule find an insult, once.

    Returns:
        How many cases were opened.
    """
    uma = User.objects.filter(email=UMA).first()
    if uma is None or Case.objects.filter(subject=uma).exists():
        return 0
    opened = 0
    for title, reason, comment in REPORTS:
        answer = _message(uma, conversation__title=title, role=Author.ASSISTANT)
        if answer is not None:
            reports.report_message(actor=uma, message_id=answer.pk, reason=reason, comment=comment)
            opened += 1
    insult = _message(uma, role=Author.USER, content__contains=INSULT)
    policy = Policy.objects.filter(code="harassment").first() or Policy.objects.first()
    if insult is not None and policy is not None:
        _find(insult, policy)
        opened += 1
    return opened


def _message(owner: User, **wanted: str) -> Message | None:
    talks = Conversation.objects.visible_to(owner)
    rows = Message.objects.filter(conversation__in=talks, **wanted)
    return rows.select_related("conversation").order_by("id").first()


def _find(message: Message, policy: Policy) -> None:
    """Flag the insult as a rule does that staff have set to flag."""
    rule = Rule.objects.create(
        name=RULE,
        kind=constants.RuleKind.KEYWORD,
        stage=constants.Stage.INPUT,
        applies_to=constants.AppliesTo.USER,
        policy=policy,
    )
    rule.current = RuleVersion.objects.create(
        rule=rule, number=1, configuration={"terms": [INSULT], "match": "word", "fold": True}
    )
    rule.save(update_fields=["current", "updated_at"])
    start = message.content.index(INSULT)
    hit = RuleHit.objects.create(
        version=rule.current,
        rule=rule,
        mode=constants.RuleMode.FLAG,
        outcome=constants.HitOutcome.FLAGGED,
        stage=constants.Stage.INPUT,
        message=message,
        subject_id=message.conversation.owner_id,
        label="term 1",
        start=start,
        end=start + len(INSULT),
        span_hash=hashlib.sha256(INSULT.encode()).hexdigest(),
    )
    flags.raise_flag(message=message, source=constants.FlagSource.RULE, hit=hit, policy=policy)
