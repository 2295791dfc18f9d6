"""Invariant 14: the services themselves check who may do what."""

import inspect
import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync

from apps.core.errors import ForbiddenError, NotFoundError
from apps.moderation import constants, services
from apps.moderation.models import Appeal, BackTest, Decision, Notice
from apps.moderation.services.appeals import appeals
from apps.moderation.services.appeals.appeals import Review
from apps.moderation.services.decisions import decisions
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.measures import Why
from apps.moderation.services.desk import records
from apps.moderation.services.desk.queue_filters import QueueFilter
from apps.moderation.services.policies.policies import Terms, Wording
from apps.moderation.services.rules import rules
from apps.users.models import User
from tests.factories import MessageFactory, UserFactory
from tests.moderation.factories import claimed_case, make_policy, make_rule, make_staff

pytestmark = pytest.mark.django_db
WHO = ("actor", "viewer")
OWN = {
    "readings.list_readings": "what happened to one's own conversations",
    "inbox.account_of": "how one stands oneself",
    "inbox.list_notices": "one's own notices",
    "inbox.newest_notices": "one's own notices",
    "inbox.notice_about": "one's own notices",
    "inbox.notices_about_links": "one's own notices",
    "pages.notices_page": "one's own notices",
    "pages.readings_page": "what happened to one's own conversations",
    "grants.live_grant": "one's own grants",
    "reports.list_reports": "one's own reports",
    "grants.readable": "a condition, which holds for none of somebody's rows without rights",
    "blind_reviews.hides_any": "an answer about appeals that the caller has been let read",
    "blind_reviews.hides_reasons": "an answer about a case that the caller has been let read",
    "blind_reviews.is_ready": "an answer about an appeal that the caller has been let read",
    "blind_reviews.shows_reasons": "an answer about an appeal that the caller has been let read",
}
"""Functions that refuse nobody, because they show people only what is their own."""

Service = Callable[..., Any]


def entry_points() -> Iterator[tuple[str, Service]]:
    """Return every public function that acts for a person, by keywords alone.

    Functions that take a locked row or a decision are steps of these, not ways in.
    """
    for module in pkgutil.walk_packages(services.__path__, f"{services.__name__}."):
        if module.ispkg:
            continue
        found = import_module(module.name)
        for name, function in vars(found).items():
            if name.startswith("_") or not inspect.isfunction(function):
                continue
            if function.__module__ != found.__name__:
                continue
            parameters = inspect.signature(function).parameters.values()
            is_way_in = all(p.kind == p.KEYWORD_ONLY for p in parameters)
            takes_rows = any(p.name in ("decision", "enforcement") for p in parameters)
            if is_way_in and not takes_rows and {p.name for p in parameters} & set(WHO):
                yield f"{module.name.rpartition('.')[2]}.{name}", function


ENTRY_POINTS = dict(entry_points())


NUMBERS = {
    **dict.fromkeys(
        ("grant_id", "back_test_id", "match_id", "policy_id", "view_id", "share_id"), 1
    ),
    "threshold_id": 1,
    "beyond": 1,
    "number": 1,
    "severity": 2,
    "points": 3,
}
WORDS = dict.fromkeys(
    ("reason", "reason_for_user", "text", "comment", "name", "note", "query"), "So."
)
OTHERS: dict[str, Any] = {
    "among": records.list_decisions,
    "appeals": (),
    "has_part": False,
    "below": None,
    "chosen": QueueFilter(),
    "code": "insults",
    "configuration": {"terms": ["word"], "match": "word", "fold": True},
    "consequence": constants.EnforcementKind.WARN,
    "figure": "decisions",
    "file_format": "csv",
    "filters": {},
    "hours": None,
    "is_active": True,
    "kind": constants.EnforcementKind.WARN,
    "is_violation": True,
    "limits": rules.Limits(),
    "mode": constants.RuleMode.SHADOW,
    "period": None,
    "picks": [],
    "policy_code": "insults",
    "plan": rules.Plan(
        name="New",
        kind=constants.RuleKind.KEYWORD,
        stage=constants.Stage.STREAM,
        applies_to=constants.AppliesTo.ANSWER,
        policy_code="insults",
    ),
    "review": Review(outcome=constants.AppealState.UPHELD, reason="So."),
    "rows": [],
    "section": "queue",
    "ruling": Ruling(verdict=constants.Verdict.VIOLATES, policy_code="insults", reason="So."),
    "terms": Terms(severity=2, strike_points=1, sla_minutes=60),
    "verdict": constants.Verdict.VIOLATES,
    "why": Why(policy="insults", reason="So.", reason_for_user="So."),
    "wording": Wording(title="New", text_for_users="Do not."),
}


@pytest.fixture
def values() -> dict[str, Any]:
    """Something that exists and is somebody else's, for every name of a parameter."""
    moderator = make_staff()
    make_policy()
    case = claimed_case(moderator, MessageFactory(content="You fool."))
    decision: Decision = decisions.decide(
        actor=moderator, case_id=case.pk, version=case.version, ruling=OTHERS["ruling"]
    )
    notice = Notice.objects.get(decision=decision, subject=case.subject_id)
    owner = User.objects.get(pk=case.subject_id)
    appeal: Appeal = appeals.submit(actor=owner, notice_id=notice.pk, text="No.")
    rule = make_rule(make_policy("other", shortcut=None))
    own = {
        "appeal_id": appeal.pk,
        "back_test": BackTest(version=rule.current, first_message_id=1, last_message_id=2),
        "batch_id": uuid4(),
        "case": case,
        "case_id": case.pk,
        "case_ids": [case.pk],
        "conversation": appeal.case.message.conversation,
        "conversation_id": case.conversation_id,
        "conversation_ids": [case.conversation_id],
        "decision_id": decision.pk,
        "message_id": case.message_id,
        "notice_id": notice.pk,
        "rule_id": rule.pk,
        "user_id": case.subject_id,
        "version": case.version,
        "version_id": rule.current_id,
    }
    return {**NUMBERS, **WORDS, **OTHERS, **own}


def test_the_walk_finds_the_ways_in() -> None:
    assert {"cases.claim", "decisions.decide", "reversals.undo", "rules.create_rule"} <= set(
        ENTRY_POINTS
    )


def call(function: Service, arguments: dict[str, Any]) -> None:
    if inspect.iscoroutinefunction(function):
        function = async_to_sync(function)
    function(**arguments)


@pytest.mark.parametrize("name", sorted(set(ENTRY_POINTS) - set(OWN)))
def test_14_every_service_refuses_a_person_without_rights(
    name: str, values: dict[str, Any]
) -> None:
    function = ENTRY_POINTS[name]
    nobody = UserFactory()
    parameters = inspect.signature(function).parameters.values()
    needed = [p.name for p in parameters if p.name in WHO or p.default is p.empty]
    missing = [one for one in needed if one not in WHO and one not in values]
    assert missing == [], f"Give this test a value for {missing}."
    arguments = {one: nobody if one in WHO else values[one] for one in needed}
    with pytest.raises((ForbiddenError, NotFoundError)):
        call(function, arguments)


@pytest.mark.parametrize("name", sorted(set(ENTRY_POINTS) - set(OWN)))
def test_14_every_service_for_staff_refuses_one_who_is_suspended(
    name: str, values: dict[str, Any]
) -> None:
    function = ENTRY_POINTS[name]
    lead = make_staff("lead", "rule_approver")
    User.objects.filter(pk=lead.pk).update(standing="suspended")
    suspended = User.objects.get(pk=lead.pk)
    parameters = inspect.signature(function).parameters.values()
    needed = [p.name for p in parameters if p.name in WHO or p.default is p.empty]
    arguments = {one: suspended if one in WHO else values[one] for one in needed}
    with pytest.raises((ForbiddenError, NotFoundError)):
        call(function, arguments)


@pytest.mark.parametrize(
    "name",
    [
        "readings.list_readings",
        "inbox.list_notices",
        "inbox.newest_notices",
        "reports.list_reports",
    ],
)
@pytest.mark.usefixtures("values")
def test_14_what_refuses_nobody_shows_nothing_of_others(name: str) -> None:
    shown = ENTRY_POINTS[name](viewer=UserFactory())
    rows = shown[0] if isinstance(shown, tuple) else shown
    assert list(rows) == []
