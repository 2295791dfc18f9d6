"""How large a made-up queue is, and what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.moderation import constants
from apps.moderation.models import Policy, PolicyVersion, Rule, RuleVersion

POLICIES = (
    ("seed-insults", "Insults and harassment", constants.Severity.MEDIUM, 2, 240),
    ("seed-hate", "Hate against a group", constants.Severity.HIGH, 4, 120),
    ("seed-threats", "Threats and violence", constants.Severity.CRITICAL, 6, 60),
    ("seed-private", "Somebody's private data", constants.Severity.MEDIUM, 2, 480),
    ("seed-spam", "Spam", constants.Severity.LOW, 1, 2880),
    ("seed-danger", "Dangerous advice", constants.Severity.HIGH, 3, 240),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Sizes, and the numbers at which the made-up rows begin."""

    messages: int
    cases: int
    conversations: int
    people: int
    first_person: int
    first_conversation: int
    first_message: int
    first_case: int
    policies: Sequence[Policy]
    now: datetime

    @property
    def closed(self) -> int:
        """How many decided cases there are on top."""
        return self.cases // 5

    @property
    def all_cases(self) -> int:
        """How many cases there are."""
        return self.cases + self.closed

    def owner_of(self, conversation: int) -> int:
        """Return whose conversation it is, by its place."""
        return self.first_person + conversation % self.people

    def place_of(self, case: int) -> int:
        """Return the place of what a case is about: a message and an answer by turns."""
        return case * (self.messages // self.all_cases) | case % 2

    def conversation_of(self, message: int) -> int:
        """Return the place of a message's conversation."""
        return min(message * self.conversations // self.messages, self.conversations - 1)

    def policy_of(self, case: int) -> Policy:
        """Return the policy that a case is flagged with."""
        return self.policies[case * 7 % len(self.policies)]

    def is_by_rule(self, case: int) -> bool:
        """Tell whether a rule found the case."""
        return case % 5 < 3

    def is_answer(self, message: int) -> bool:
        """Tell whether a message is an answer."""
        return message % 2 == 1


def ensure_policies_and_rules() -> None:
    """Make policies and a rule where there are none, so that cases have something to be about."""
    if not Policy.objects.worded().exists():
        for shortcut, (code, title, severity, points, minutes) in enumerate(POLICIES, start=1):
            policy = Policy.objects.create(
                code=code,
                severity=severity,
                strike_points=points,
                sla_minutes=minutes,
                shortcut=shortcut,
            )
            policy.current = PolicyVersion.objects.create(
                policy=policy,
                number=1,
                title=title,
                text_for_users=f"Do not write this: {title.lower()}.",
                guidance="Look at who is addressed, and at what was said before.",
                good_example="I disagree with you, and here is why.",
                bad_example="You absolute fool.",
                reason_template=f"It falls under “{title}”.",
            )
            policy.save()
    if not Rule.objects.written().exists():
        rule = Rule.objects.create(
            name="Seeded words",
            kind=constants.RuleKind.KEYWORD,
            stage=constants.Stage.OUTPUT,
            applies_to=constants.AppliesTo.USER,
            policy=Policy.objects.worded().order_by("pk")[0],
        )
        rule.current = RuleVersion.objects.create(
            rule=rule, number=1, configuration={"terms": ["fool"], "match": "word", "fold": True}
        )
        rule.mode = constants.RuleMode.FLAG
        rule.save()
