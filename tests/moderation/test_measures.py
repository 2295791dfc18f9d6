"""Staff warn, restrict, suspend and lift outside the queue: decided, told, open to appeal."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

from apps.audit.models import AuditEvent
from apps.core.errors import ForbiddenError, ValidationFailedError
from apps.core.jobs import given_to
from apps.moderation.constants import (
    ABOUT_PERSON,
    AppealState,
    CaseState,
    EnforcementKind,
    EnforcementState,
    FlagSource,
    NoticeKind,
    Severity,
    Verdict,
)
from apps.moderation.errors import (
    AppealPendingError,
    CaseClaimedError,
    CaseWaitsError,
    DecisionSupersededError,
    GrantRequiredError,
    OwnCaseError,
    PolicyNotFoundError,
)
from apps.moderation.models import Appeal, Case, Decision, Enforcement, Flag, Notice, Strike
from apps.moderation.services.appeals import appeals
from apps.moderation.services.appeals.appeals import Review
from apps.moderation.services.cases import cases
from apps.moderation.services.decisions import automatic, decisions, lifting, measures, reversals
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.effects import Measure
from apps.moderation.services.desk import case_pages, queue, queue_filters
from apps.moderation.services.notices import deliveries
from apps.users.errors import OwnRightsError, RoleRequiredError, StandingConflictError
from apps.users.models import Restriction, User
from apps.users.services import standing
from apps.webhooks.models import WebhookEvent
from tests.factories import PASSWORD, MessageFactory, UserFactory
from tests.moderation.factories import (
    claimed_case,
    make_case,
    make_policy,
    make_rule,
    make_staff,
    make_thresholds,
)
from tests.moderation.programs import Caller
from tests.support.receiver import Receiver
from tests.webhooks.conftest import admin as admin
from tests.webhooks.conftest import listen
from tests.webhooks.conftest import receiver as receiver

pytestmark = pytest.mark.django_db
WHY = {"policy": "insults", "reason": "Ten accounts.", "reason_for_user": "You made ten accounts."}
SUSPEND = EnforcementKind.SUSPEND


def hide_and_suspend(moderator: User, case: Case) -> Decision:
    kinds = (EnforcementKind.HIDE_MESSAGE, EnforcementKind.SUSPEND)
    return decisions.decide(
        actor=moderator,
        case_id=case.pk,
        version=case.version,
        ruling=Ruling(
            verdict=Verdict.VIOLATES,
            policy_code="insults",
            reason="An insult.",
            measures=[Measure(kind=kind) for kind in kinds],
        ),
    )


@pytest.fixture(autouse=True)
def _policy(db: None) -> None:
    make_policy()


@pytest.fixture
def moderator() -> User:
    return make_staff()


@pytest.fixture
def lead() -> User:
    return make_staff("lead")


@pytest.fixture
def person() -> User:
    return UserFactory(name="Uma")


def act(actor: User, person: User, kind: EnforcementKind = SUSPEND, **more: Any) -> Decision:
    until = more.pop("until", None)
    why = measures.Why(**{**WHY, **more})
    return measures.act_on_person(actor=actor, user_id=person.pk, kind=kind, why=why, until=until)


def standing_of(person: User) -> str:
    person.refresh_from_db()
    return str(person.standing)


@pytest.mark.parametrize(
    ("kind", "title", "said", "stands"),
    [
        (EnforcementKind.WARN, "You were warned", "This is a warning", "good"),
        (EnforcementKind.RESTRICT, "You may read and not write", "until", "restricted"),
        (EnforcementKind.SUSPEND, "Your account was suspended", "until", "suspended"),
    ],
)
def test_a_person_reads_what_was_done_until_when_by_which_policy_and_why(
    moderator: User, person: User, kind: EnforcementKind, title: str, said: str, stands: str
) -> None:
    has_end = kind != EnforcementKind.WARN
    until = timezone.now() + timedelta(days=3) if has_end else None
    decision = act(moderator, person, kind, until=until)
    assert decision.case.severity == Severity.MEDIUM
    notice = Notice.objects.get()
    assert (notice.subject_id, notice.decision_id, notice.title) == (person.pk, decision.pk, title)
    assert (notice.message_id, notice.conversation_id) == (None, None)
    for words in (said, "Policy: No insults. Do not insult people.", WHY["reason_for_user"]):
        assert words in notice.body
    assert "A person looked at this and decided." in notice.body
    assert WHY["reason"] not in notice.body
    assert notice.appeal_until is not None
    assert standing_of(person) == stands
    done = Enforcement.objects.get()
    assert (done.kind, done.subject_id, done.ends_at) == (kind, person.pk, until)
    assert Restriction.objects.get().pk == done.data["restriction_id"]
    assert not Strike.objects.exists()


def test_without_a_message_the_case_is_about_the_person(moderator: User, person: User) -> None:
    decision = act(moderator, person)
    case = Case.objects.get()
    assert (case.pk, case.state, case.source) == (
        decision.case_id,
        CaseState.CLOSED,
        FlagSource.STAFF,
    )
    assert (case.message_id, case.conversation_id, case.subject_id) == (None, None, person.pk)
    assert case.target_role == ABOUT_PERSON
    recorded = list(AuditEvent.objects.order_by("id").values_list("action", "actor_id"))
    assert recorded == [
        ("case.opened", None),
        ("case.claimed", moderator.pk),
        ("user.suspended", moderator.pk),
        ("case.decided", moderator.pk),
    ]
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(target_role="user")


def test_with_a_message_its_open_case_is_taken_and_its_reporter_told(
    moderator: User, person: User
) -> None:
    reporter = UserFactory()
    waiting = make_case(MessageFactory(conversation__owner=person), reporter)
    decision = act(moderator, person, message_id=waiting.message_id)
    assert (decision.case_id, Case.objects.get().state) == (waiting.pk, CaseState.CLOSED)
    assert set(Flag.objects.values_list("source", "outcome")) == {
        ("user", "agreed"),
        ("staff", "agreed"),
    }
    told = Notice.objects.get(subject=person)
    assert told.message_id == waiting.message_id
    assert Notice.objects.filter(subject=reporter).count() == 1
    assert not Strike.objects.exists()


def test_no_points_so_that_no_threshold_brings_a_second_measure(
    moderator: User, person: User
) -> None:
    make_thresholds()
    message = make_case(MessageFactory(conversation__owner=person)).message_id
    act(moderator, person, EnforcementKind.WARN)
    act(moderator, person, EnforcementKind.WARN, message_id=message)
    assert (Strike.objects.count(), Enforcement.objects.count()) == (0, 2)
    assert standing_of(person) == "good"


@pytest.mark.parametrize("kind", [EnforcementKind.WARN, SUSPEND])
def test_points_that_a_rule_gave_and_what_they_brought_stay(
    moderator: User, person: User, kind: EnforcementKind
) -> None:
    make_thresholds()
    rule = make_rule(make_policy("heavy", strike_points=6))
    assert rule.current is not None
    case = make_case(MessageFactory(conversation__owner=person))
    automatic.decide_by_rule(
        case=case, rule_version=rule.current, snapshot=case.snapshots.get(), gives_points=True
    )
    assert standing_of(person) == "restricted"
    act(moderator, person, kind, message_id=case.message_id)
    assert Strike.objects.active().get().points == 6
    assert not Restriction.objects.filter(lifted_at__isnull=False).exists()
    assert standing_of(person) == ("suspended" if kind == SUSPEND else "restricted")
    assert "points" not in Notice.objects.filter(subject=person).latest("id").body


def test_a_message_that_is_not_theirs_or_may_not_be_read_changes_nothing(
    moderator: User, person: User
) -> None:
    answer = MessageFactory(conversation__owner=person, role="assistant")
    for number in (make_case().message_id, answer.pk, 999_999):
        with pytest.raises(ValidationFailedError) as refused:
            act(moderator, person, message_id=number)
        assert (refused.value.details or [])[0]["field"] == "message_id"
    unread = MessageFactory(conversation__owner=person)
    with pytest.raises(GrantRequiredError):
        act(moderator, person, message_id=unread.pk)
    held = claimed_case(make_staff(), MessageFactory(conversation__owner=person))
    with pytest.raises(CaseClaimedError):
        act(moderator, person, message_id=held.message_id)
    assert (Decision.objects.count(), Restriction.objects.count()) == (0, 0)
    assert not Case.objects.filter(target_role=ABOUT_PERSON).exists()


def test_what_is_missing_or_over_is_refused_and_nothing_stays(
    moderator: User, person: User
) -> None:
    past = timezone.now() - timedelta(minutes=1)
    far = datetime(9999, 12, 31, 23, tzinfo=timezone.get_fixed_timezone(-14 * 60))
    for more in ({"reason": " "}, {"reason_for_user": " "}, {"until": past}, {"until": far}):
        with pytest.raises(ValidationFailedError):
            act(moderator, person, **more)
    with pytest.raises(ValidationFailedError):
        act(moderator, person, EnforcementKind.WARN, until=timezone.now() + timedelta(days=1))
    with pytest.raises(PolicyNotFoundError):
        act(moderator, person, policy="none")
    assert (Case.objects.count(), Notice.objects.count(), standing_of(person)) == (0, 0, "good")


def test_the_service_checks_who_decides_about_whom(
    moderator: User, lead: User, person: User
) -> None:
    for nobody in (UserFactory(), UserFactory(role="moderator", standing="suspended")):
        with pytest.raises(ForbiddenError):
            act(nobody, person)
    with pytest.raises(OwnRightsError):
        act(moderator, moderator)
    for protected in (make_staff(), lead, UserFactory(role="admin")):
        with pytest.raises(RoleRequiredError):
            act(moderator, protected)
    assert (Case.objects.count(), Restriction.objects.count()) == (0, 0)


def test_a_suspended_person_appeals_by_the_letter_and_another_lead_lifts_it(
    moderator: User, lead: User, person: User
) -> None:
    act(moderator, person)
    browser = Client()
    typed = {"login": person.email, "password": PASSWORD}
    refused = browser.post(reverse("account_login"), typed).content.decode()
    path = refused.split('href="/letters/')[1].split('"')[0]
    letter = browser.get(f"/letters/{path}")
    assert WHY["reason_for_user"] in letter.content.decode()
    assert browser.post(f"/letters/{path}", {"text": "Only one is mine."}).status_code == 302
    appeal = Appeal.objects.get()
    assert (appeal.subject_id, appeal.text) == (person.pk, "Only one is mine.")

    chosen = queue_filters.parse({})
    assert [row.case.pk for row in queue.take_slice(viewer=lead, chosen=chosen).rows] == [
        appeal.case_id
    ]
    decider = User.objects.get(pk=moderator.pk)
    with pytest.raises(OwnCaseError):
        cases.claim(actor=decider, case_id=appeal.case_id)
    case = cases.take_next(actor=lead)
    page = case_pages.show(viewer=lead, case_id=case.pk)
    assert (case.pk, page.effects) == (appeal.case_id, ["Suspend the person (active)"])
    review = Review(outcome=AppealState.OVERTURNED, reason="Theirs is one.", reason_for_user="")
    appeals.decide_appeal(actor=lead, appeal_id=appeal.pk, version=case.version, review=review)
    appeal.refresh_from_db()
    assert (appeal.state, appeal.reviewer_id) == (AppealState.OVERTURNED, lead.pk)
    assert standing_of(person) == "good"
    assert Enforcement.objects.get().state == EnforcementState.REVERSED
    assert Case.objects.get().state == CaseState.CLOSED
    assert browser.login(email=person.email, password=PASSWORD)


def test_a_review_without_a_text_shows_the_reasons_that_it_judges(
    moderator: User, lead: User, person: User
) -> None:
    notice = Notice.objects.get(decision=act(moderator, person))
    appeals.submit(actor=person, notice_id=notice.pk, text="Not mine.")
    page = case_pages.show(viewer=lead, case_id=notice.decision.case_id)
    assert page.appeal is not None
    assert (page.appeal.shows_reasons, page.appeal.is_reviewer, page.appeal.why_not) == (
        True,
        True,
        "",
    )
    assert WHY["reason"] in [entry.words for entry in page.timeline]


def test_a_decision_about_a_person_is_undone_on_its_case_and_decided_anew(
    moderator: User, person: User
) -> None:
    decision = act(moderator, person)
    reversals.undo(actor=moderator, decision_id=decision.pk, reason="The wrong person.")
    assert standing_of(person) == "good"
    assert Notice.objects.latest("id").title == "A decision was taken back"
    case = cases.claim(actor=moderator, case_id=decision.case_id)
    page = case_pages.show(viewer=moderator, case_id=case.pk)
    assert [kind for kind, _ in page.measures] == ["warn", "restrict", "suspend"]
    ruling = Ruling(
        verdict=Verdict.VIOLATES,
        policy_code="insults",
        reason="Once more.",
        measures=[Measure(kind=EnforcementKind.HIDE_MESSAGE)],
    )
    with pytest.raises(ValidationFailedError):
        decisions.decide(actor=moderator, case_id=case.pk, version=case.version, ruling=ruling)
    fine = Ruling(verdict=Verdict.NO_VIOLATION)
    decisions.decide(actor=moderator, case_id=case.pk, version=case.version, ruling=fine)
    assert (Case.objects.get().state, standing_of(person)) == (CaseState.CLOSED, "good")


def test_the_notice_is_mailed_and_programs_are_told(
    moderator: User, person: User, admin: User, receiver: Receiver, settings: Settings
) -> None:
    settings.EMAIL_URL = "memorymail://"
    listen(admin, receiver, "user.suspended", "case.opened", "decision.made")
    decision = act(moderator, person)
    job = ProcrastinateJob.objects.get(task_name=deliveries.MAIL_TASK)
    letter = deliveries.compose_mail(**given_to(job.args))
    assert letter is not None
    letter.send()
    assert (mail.outbox[0].to, mail.outbox[0].subject) == (
        [person.email],
        "Parley: Your account was suspended",
    )
    assert "/letters/" in mail.outbox[0].body
    events = dict(WebhookEvent.objects.values_list("type", "data"))
    assert set(events) == {"user.suspended", "case.opened", "decision.made"}
    assert events["decision.made"]["case_id"] == decision.case_id
    assert events["decision.made"]["message_id"] is None
    assert events["user.suspended"]["user_id"] == person.pk


def test_lifting_is_a_decision_that_tells_and_leaves_the_rest(
    moderator: User, person: User
) -> None:
    make_policy("spam")
    case = claimed_case(moderator, MessageFactory(conversation__owner=person))
    first = hide_and_suspend(moderator, case)
    act(moderator, person, EnforcementKind.RESTRICT)
    made = lifting.lift_from_person(
        actor=moderator, user_id=person.pk, reason="They wrote.", reason_for_user="Welcome back."
    )
    assert standing_of(person) == "good"
    assert [(one.is_lift, one.verdict, one.reason) for one in made] == [
        (True, Verdict.VIOLATES, "They wrote.")
    ] * 2
    assert made[0].supersedes_id == first.pk
    states = dict(Enforcement.objects.values_list("kind", "state"))
    assert states == {"hide_message": "active", "suspend": "reversed", "restrict": "reversed"}
    assert Strike.objects.active().get().decision_id == first.pk
    told = Notice.objects.filter(kind=NoticeKind.REVERSAL, subject=person)
    assert [notice.title for notice in told] == ["Your account is open again"]
    assert "Welcome back." in told[0].body
    appealed = Notice.objects.get(decision=first, subject=person)
    appeal = appeals.submit(actor=person, notice_id=appealed.pk, text="And the message?")
    assert appeal.decision_id == first.pk


def test_a_lift_is_taken_back_like_every_decision(moderator: User, person: User) -> None:
    act(moderator, person)
    lift = lifting.lift_from_person(actor=moderator, user_id=person.pk, reason="So.")[0]
    reversals.undo(actor=moderator, decision_id=lift.pk, reason="A slip.")
    assert standing_of(person) == "suspended"
    assert Enforcement.objects.get().state == EnforcementState.ACTIVE


def test_what_is_under_a_lift_is_taken_back_without_what_was_lifted(
    moderator: User, lead: User, person: User
) -> None:
    case = claimed_case(moderator, MessageFactory(conversation__owner=person))
    first = hide_and_suspend(moderator, case)
    lift = lifting.lift_from_person(actor=lead, user_id=person.pk, reason="They wrote.")[0]
    page = case_pages.show(viewer=moderator, case_id=case.pk)
    assert (page.can_undo, page.under_lift) == (False, first)
    browser = Client()
    browser.force_login(lead)
    text = browser.get(f"/admin/moderation/queue/{case.pk}/").text
    assert "Take the lift back" in text
    assert "Take back what is under the lift" in text
    undone = reversals.undo(actor=moderator, decision_id=first.pk, reason="No insult at all.")
    assert (undone.supersedes_id, undone.takes_back_id) == (lift.pk, first.pk)
    assert standing_of(person) == "good"
    states = set(Enforcement.objects.values_list("kind", "state"))
    assert states == {("hide_message", "reversed"), ("suspend", "reversed")}
    assert not Strike.objects.active().exists()
    case.refresh_from_db()
    assert (case.state, case.message.is_hidden) == (CaseState.OPEN, False)  # type: ignore[union-attr]
    for number in (first.pk, lift.pk):
        with pytest.raises(DecisionSupersededError):
            reversals.undo(actor=lead, decision_id=number, reason="Once more.")


def test_who_may_lift_what(moderator: User, lead: User, person: User) -> None:
    notice = Notice.objects.get(decision=act(moderator, person))
    arguments = {"user_id": person.pk, "reason": "So."}
    with pytest.raises(ForbiddenError, match="A lead can lift it"):
        lifting.lift_from_person(actor=make_staff(), **arguments)
    with pytest.raises(ForbiddenError):
        lifting.lift_from_person(actor=UserFactory(), **arguments)
    appeal = appeals.submit(actor=person, notice_id=notice.pk, text="Not mine.")
    with pytest.raises(AppealPendingError):
        lifting.lift_from_person(actor=lead, **arguments)
    appeals.withdraw(actor=person, notice_id=appeal.notice_id)
    Case.objects.update(state=CaseState.OPEN, closed_at=None)
    with pytest.raises(CaseWaitsError):
        lifting.lift_from_person(actor=lead, **arguments)
    Case.objects.update(state=CaseState.CLOSED, closed_at=timezone.now())
    assert standing_of(person) == "suspended"
    lifting.lift_from_person(actor=lead, **arguments)
    with pytest.raises(StandingConflictError):
        lifting.lift_from_person(actor=lead, **arguments)


def test_what_no_decision_brought_is_lifted_too(moderator: User, lead: User, person: User) -> None:
    reasons = {"reason": "Before cases.", "reason_for_user": "Before cases."}
    standing.suspend(actor=lead, user_id=person.pk, **reasons)
    act(moderator, person, EnforcementKind.RESTRICT)
    lifting.lift_from_person(actor=lead, user_id=person.pk, reason="All of it.")
    assert standing_of(person) == "good"
    assert Restriction.objects.filter(lifted_at=None).count() == 0


def test_only_decisions_and_the_product_itself_take_something_from_a_person() -> None:
    acts = (
        *("standing.warn(", "standing.restrict(", "standing.suspend(", "standing.lift("),
        *("visibility.hide_message(", "locking.lock_conversation("),
        *("rewriting.redact_spans(", "rewriting.withhold_answer("),
        "withdrawing.withdraw_share(",
    )
    apps_folder = Path(settings.BASE_DIR) / "apps"
    found = {
        str(path.relative_to(apps_folder))
        for path in apps_folder.rglob("*.py")
        if any(act in path.read_text() for act in acts)
    }
    assert found == {
        "conversations/services/leases.py",
        "conversations/services/retries.py",
        "moderation/services/decisions/enforcements.py",
        "moderation/services/rules/later.py",
        "moderation/services/decisions/lifting.py",
        "moderation/services/decisions/links.py",
        "moderation/services/decisions/sanctions.py",
    }
    for name in ("conversations/services/leases.py", "conversations/services/retries.py"):
        source = (apps_folder / name).read_text()
        for act in acts:
            for called in source.split(act)[1:]:
                assert called.lstrip().startswith("actor=None"), name


def test_programs_of_staff_act_and_lift(moderator: User, person: User) -> None:
    caller = Caller(moderator, scopes=["staff"])
    path = f"moderation/people/{person.pk}"
    made = caller.call("POST", f"{path}/measures", {**WHY, "kind": "restrict"}, 201)
    assert made["case_id"] == Case.objects.get().pk
    assert standing_of(person) == "restricted"
    read = caller.call("GET", f"moderation/cases/{made['case_id']}")["case"]
    assert (read["message_id"], read["target_role"]) == (None, "person")
    lifted = caller.call("POST", f"{path}/lift", {"reason": "Talked it over."})
    assert [one["is_lift"] for one in lifted] == [True]
    wrong = caller.call("POST", f"{path}/measures", {**WHY, "kind": "hide_message"}, 400)
    assert wrong["success"] is False
    far = {**WHY, "kind": "suspend", "until": "9999-12-31T23:59:59-14:00"}
    problem = caller.call("POST", f"{path}/measures", far, 400)["error"][0]
    assert (problem["field"], problem["type"]) == ("until", "moment_range")
    caller.call("POST", f"{path}/measures", {**far, "until": "9999-01-01T00:00:00+14:00"}, 201)
    assert standing_of(person) == "suspended"
