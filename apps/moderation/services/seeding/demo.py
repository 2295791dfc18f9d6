"""A few cases to look at on a fresh machine; never in a deployment."""

from __future__ import annotations

import hashlib

from django.db import transaction

from apps.conversations.models import Message
from apps.conversations.querysets import MessageQuerySet
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
    uma = User.objects.with_email(UMA).first()
    if uma is None or Case.objects.about(uma).exists():
        return 0
    own, opened = Message.objects.visible_to(uma), 0
    for title, reason, comment in REPORTS:
        answer = _first(own.answers().of_conversations_titled(title))
        if answer is not None:
            reports.report_message(actor=uma, message_id=answer.pk, reason=reason, comment=comment)
            opened += 1
    insult = _first(own.questions().containing(INSULT))
    policy = Policy.objects.of_code("harassment").first() or Policy.objects.first()
    if insult is not None and policy is not None:
        _find(insult, policy)
        opened += 1
    return opened


def _first(messages: MessageQuerySet) -> Message | None:
    return messages.select_related("conversation").oldest_first().first()


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
