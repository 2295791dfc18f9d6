"""Rules that are live, a worker, and a scripted model server."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from apps.moderation import constants
from apps.moderation.models import Rule, RuleVersion
from apps.moderation.services.rules import rule_sets
from tests.conversations.conftest import person as person
from tests.conversations.conftest import stranger as stranger
from tests.conversations.conftest import upstream as upstream
from tests.moderation.factories import make_policy

MakeRule = Callable[..., Awaitable[Rule]]


@pytest.fixture
def make_live_rule(transactional_db: None) -> MakeRule:
    """Make rules with a version and a mode, each with a policy of its own unless one is given."""
    return sync_to_async(live_rule)


def live_rule(
    name: str = "Bad words",
    *,
    configuration: dict[str, Any] | None = None,
    mode: str = constants.RuleMode.ENFORCE,
    threshold: float = 0.5,
    **fields: Any,
) -> Rule:
    """Store a rule as if it had earned its mode."""
    policy = fields.pop("policy", None) or make_policy(name.lower().replace(" ", "-"))
    values = {
        "kind": constants.RuleKind.KEYWORD,
        "stage": constants.Stage.STREAM,
        "applies_to": constants.AppliesTo.ANSWER,
    }
    rule = Rule.objects.create(name=name, policy=policy, **{**values, **fields})
    rule.current = RuleVersion.objects.create(
        rule=rule,
        number=1,
        configuration=configuration or {"terms": ["word7"], "match": "word", "fold": True},
        threshold=threshold,
    )
    rule.mode = mode
    rule.save()
    rule_sets.forget()
    return rule
