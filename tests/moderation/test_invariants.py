"""The invariants of moderation, each as a test; 10 and 11 stand with the rules."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from channels.layers import get_channel_layer
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Sum
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings
from redis import Redis

from apps.audit.models import AuditEvent
from apps.conversations.constants import Author
from apps.conversations.models import Message, Reply
from apps.conversations.services import presenting
from apps.core.append_only import AppendOnlyError
from apps.core.errors import ForbiddenError, ValidationFailedError
from apps.core.realtime.groups import user_group
from apps.core.realtime.layer import HintLayer
from apps.moderation.constants import (
    ActorKind,
    EnforcementKind,
    FlagOutcome,
    FlagSource,
    Verdict,
)
from apps.moderation.errors import (
    AlreadyReportedError,
    CaseChangedError,
    CaseClaimedError,
    CaseNotClaimedError,
    DecisionSupersededError,
    GrantRequiredError,
    OwnCaseError,
    PolicyNotFoundError,
)
from apps.moderation.models import (
    AccessGrant,
    Case,
    Decision,
    Enforcement,
    Flag,
    Notice,
    RuleHit,
    Strike,
    Threshold,
)
from apps.moderation.services.cases import case_locks, cases, flags, grants, readings, reports
from apps.moderation.services.decisions import automatic, decisions, reversals, strikes
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.enforcements import Measure
from apps.moderation.services.notices import deliveries
from apps.users.models import Restriction, User
from apps.users.services import accounts
from tests.factories import MessageFactory, ReplyFactory, UserFactory
from tests.moderation.factories import (
    claimed_case,
    make_case,
    make_policy,
    make_rule,
    make_staff,
    make_thresholds,
)
from tests.moderation.programs import Caller

pytestmark = pytest.mark.django_db
NO_VIOLATION = Ruling(verdict=Verdict.NO_VIOLATION)
TEXT = "Fóol\u200b \U0001f600\r\n\ttwo  spaces "


@pytest.fixture
def moderator() -> User:
    return make_staff()


@pytest.fixture
def lead() -> User:
    return make_staff("lead")


def violates(*kinds: EnforcementKind, **fields: Any) -> Ruling:
    values: dict[str, Any] = {
        "verdict": Verdict.VIOLATES,
        "policy_code": "insults",
        "reason": "An insult.",
        "measures": [Measure(kind=kind) for kind in kinds],
    }
    return Ruling(**{**values, **fields})


def decide(actor: User, case: Case, ruling: Ruling, **options: Any) -> Decision:
    return decisions.decide(
        actor=actor, case_id=case.pk, version=case.version, ruling=ruling, **options
    )


def refused_by_the_database(statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match="only ever added"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def all_rows() -> dict[str, str]:
    """Return a digest of every row that moderation may change, read by SQL."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND "
            "split_part(table_name, '_', 1) IN "
            "('moderation', 'conversations', 'users', 'audit', 'procrastinate')"
        )
        digests = {}
        for (table,) in cursor.fetchall():
            cursor.execute(
                f"SELECT md5(string_agg(row::text, ',' ORDER BY row::text)) FROM {table} AS row"
            )
            digests[table] = cursor.fetchone()[0]
        return digests


def seen_by_its_reader(message_id: int) -> tuple[bytes, str, str]:
    """Return what a reader sees of a message: its text, its rendering, and what is said of it."""
    message = Message.objects.select_related("conversation").get(pk=message_id)
    reply = Reply.objects.filter(pk=message_id).first()
    text = presenting.visible_text(message)
    return text.encode(), presenting.html_of(message), presenting.notice_of(message, reply)


def stored_bytes(message_id: int) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT convert_to(content, 'UTF8') FROM conversations_message WHERE id = %s",
            [message_id],
        )
        return bytes(cursor.fetchone()[0])


def test_1_a_message_has_one_case_that_is_not_closed_and_later_flags_join_it() -> None:
    message = MessageFactory()
    first = make_case(message)
    second = make_case(message)
    assert (second.pk, second.flag_count) == (first.pk, 2)
    copy = Case.objects.get(pk=first.pk)
    copy.pk = None
    with pytest.raises(IntegrityError, match="one_open_case_per_message"), transaction.atomic():
        copy.save(force_insert=True)


def test_1_a_person_has_one_pending_flag_on_a_message() -> None:
    message = MessageFactory()
    reports.report_message(actor=message.conversation.owner, message_id=message.pk, reason="spam")
    with pytest.raises(AlreadyReportedError):
        flags.raise_flag(
            message=message, source=FlagSource.USER, reporter=message.conversation.owner
        )
    copy = Flag.objects.get()
    copy.pk = None
    with pytest.raises(IntegrityError, match="one_pending_flag"), transaction.atomic():
        copy.save(force_insert=True)


APPEND_ONLY = ("casereopening", "decision", "rulehit", "ruleversion", "policyversion")


@pytest.fixture
def records(moderator: User) -> None:
    """One row of everything that is only ever added."""
    make_policy()
    case = claimed_case(moderator)
    decide(moderator, case, violates())
    rule = make_rule(make_policy("other", shortcut=None))
    assert rule.current is not None
    RuleHit.objects.create(
        rule=rule, version=rule.current, mode="shadow", outcome="recorded", stage="stream"
    )
    case.refresh_from_db()
    assert case_locks.open_again(case)


@pytest.mark.usefixtures("records")
@pytest.mark.parametrize(
    "table", [*(f"moderation_{name}" for name in APPEND_ONLY), "audit_auditevent"]
)
def test_2_records_are_not_changed_or_removed_by_sql(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone()[0] > 0
    refused_by_the_database(f"UPDATE {table} SET id = id")
    refused_by_the_database(f"DELETE FROM {table}")
    refused_by_the_database(f"TRUNCATE {table} CASCADE")
    refused_by_the_database(
        f"INSERT INTO {table} SELECT * FROM {table} ON CONFLICT (id) DO UPDATE SET id = excluded.id"
    )


@pytest.mark.usefixtures("records")
@pytest.mark.parametrize("model", [Decision, RuleHit])
def test_2_records_are_not_changed_or_removed_by_the_orm(model: Any) -> None:
    row = model.objects.get()
    attempts: list[Callable[[], object]] = [
        row.save,
        row.delete,
        lambda: model.objects.update(created_at=timezone.now()),
        lambda: model.objects.bulk_update([row], ["created_at"]),
        model.objects.all().delete,
    ]
    for attempt in attempts:
        with pytest.raises(AppendOnlyError):
            attempt()


def test_3_deleting_a_staff_account_leaves_its_decisions_signed(moderator: User) -> None:
    make_policy()
    case = claimed_case(moderator)
    decision = decide(moderator, case, violates(EnforcementKind.HIDE_MESSAGE))
    number, name = moderator.pk, moderator.name
    accounts.delete_user(actor=UserFactory(admin=True), user_id=number)
    kept = Decision.objects.get(pk=decision.pk)
    assert not User.objects.filter(pk=number).exists()
    assert (kept.actor_id, kept.actor_label) == (number, name)


def test_3_deleting_the_person_it_is_about_leaves_the_decision(moderator: User) -> None:
    make_policy()
    make_thresholds()
    case = claimed_case(moderator)
    decision = decide(moderator, case, violates(EnforcementKind.SUSPEND))
    accounts.delete_user(actor=UserFactory(admin=True), user_id=case.subject_id)
    assert Decision.objects.get().pk == decision.pk
    assert not Notice.objects.filter(subject=case.subject_id).exists()


@pytest.mark.parametrize(
    ("kind", "fields"),
    [(ActorKind.PERSON, {}), (ActorKind.RULE, {}), (ActorKind.SYSTEM, {"actor_id": 1})],
)
def test_3_a_decision_without_its_actor_is_not_stored(
    kind: ActorKind, fields: dict[str, int]
) -> None:
    case = make_case()
    with pytest.raises(IntegrityError, match="decision_has_an_actor"), transaction.atomic():
        Decision.objects.create(case=case, verdict=Verdict.UNSURE, actor_kind=kind, **fields)


def test_3_a_changed_mind_is_a_new_decision_that_supersedes(moderator: User) -> None:
    make_policy()
    case = claimed_case(moderator)
    first = decide(moderator, case, violates())
    undone = reversals.undo(actor=moderator, decision_id=first.pk, reason="Too fast.")
    again = cases.claim(actor=moderator, case_id=case.pk)
    last = decide(moderator, again, NO_VIOLATION)
    assert [undone.supersedes_id, last.supersedes_id] == [first.pk, undone.pk]
    assert Decision.objects.count() == 3


@pytest.mark.parametrize(
    "measure",
    [
        Measure(kind=EnforcementKind.HIDE_MESSAGE),
        Measure(kind=EnforcementKind.REDACT_SPAN, spans=((1, 6),)),
        Measure(kind=EnforcementKind.RETRACT_ANSWER),
    ],
)
def test_4_a_reversal_writes_a_decision_and_gives_the_text_back_byte_for_byte(
    moderator: User, measure: Measure
) -> None:
    make_policy()
    is_answer = measure.kind == EnforcementKind.RETRACT_ANSWER
    message = ReplyFactory().message if is_answer else MessageFactory()
    Message.objects.filter(pk=message.pk).update(content=TEXT)
    before = seen_by_its_reader(message.pk)
    decision = decide(moderator, claimed_case(moderator, message), violates(measures=[measure]))
    taken = seen_by_its_reader(message.pk)
    assert TEXT.encode() not in (taken[0], taken[1].encode())
    undone = reversals.undo(actor=moderator, decision_id=decision.pk, reason="A mistake.")
    assert stored_bytes(message.pk) == TEXT.encode()
    assert seen_by_its_reader(message.pk)[:2] == before[:2]
    assert Enforcement.objects.get().reversed_by_id == undone.pk
    assert list(Decision.objects.order_by("id").values_list("pk", "supersedes", "actor")) == [
        (decision.pk, None, moderator.pk),
        (undone.pk, decision.pk, moderator.pk),
    ]


def test_4_an_undo_gives_all_back_when_the_suspension_is_over_and_is_not_undone_itself(
    moderator: User,
) -> None:
    make_policy(strike_points=10)
    make_thresholds()
    message = MessageFactory(content=TEXT)
    case = claimed_case(moderator, message)
    decision = decide(moderator, case, violates(EnforcementKind.HIDE_MESSAGE))
    past = timezone.now() - timedelta(days=1)
    Restriction.objects.update(ends_at=past, created_at=past - timedelta(days=7))
    User.objects.filter(pk=case.subject_id).update(standing_until=past)
    Strike.objects.update(created_at=past - timedelta(days=7))
    undone = reversals.undo(actor=moderator, decision_id=decision.pk, reason="A mistake.")
    message.refresh_from_db()
    owner = User.objects.get(pk=case.subject_id)
    assert (message.content, message.is_hidden) == (TEXT, False)
    assert (strikes.active_points(owner.pk), owner.is_suspended) == (0, False)
    for again in (decision, undone):
        with pytest.raises(DecisionSupersededError):
            reversals.undo(actor=moderator, decision_id=again.pk, reason="Twice.")
    case = cases.claim(actor=moderator, case_id=case.pk)
    decide(moderator, case, violates(EnforcementKind.HIDE_MESSAGE))
    assert Message.objects.get(pk=message.pk).is_hidden
    assert strikes.active_points(owner.pk) == 10


def test_5_violates_needs_a_policy_and_a_reason(moderator: User) -> None:
    make_policy()
    case = claimed_case(moderator)
    with pytest.raises(ValidationFailedError):
        decide(moderator, case, violates(reason="  "))
    with pytest.raises(PolicyNotFoundError):
        decide(moderator, case, violates(policy_code=""))
    assert not Decision.objects.exists()
    with pytest.raises(IntegrityError, match="violation_has_policy"), transaction.atomic():
        Decision.objects.create(
            case=case, verdict=Verdict.VIOLATES, actor_kind=ActorKind.SYSTEM, reason="So."
        )


def test_5_no_violation_does_nothing_and_disagrees_with_its_flags(moderator: User) -> None:
    case = claimed_case(moderator)
    hides = [Measure(kind=EnforcementKind.HIDE_MESSAGE)]
    with pytest.raises(ValidationFailedError):
        decide(moderator, case, Ruling(verdict=Verdict.NO_VIOLATION, measures=hides))
    decide(moderator, case, NO_VIOLATION)
    assert not Enforcement.objects.exists()
    assert Flag.objects.get().outcome == FlagOutcome.DISAGREED


def test_6_only_the_holder_or_a_lead_with_an_override_decides(moderator: User, lead: User) -> None:
    case = claimed_case(moderator)
    other = make_staff()
    with pytest.raises(CaseClaimedError):
        decide(other, case, NO_VIOLATION)
    with pytest.raises(ForbiddenError):
        decide(other, case, NO_VIOLATION, is_override=True)
    decide(lead, case, NO_VIOLATION, is_override=True)
    event = AuditEvent.objects.get(action="case.decided")
    assert (event.actor_id, event.data["is_override"]) == (lead.pk, True)


def test_6_a_claim_ends_by_the_clock_without_a_job(moderator: User) -> None:
    case = claimed_case(moderator)
    Case.objects.update(claim_expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(CaseNotClaimedError):
        decide(moderator, case, NO_VIOLATION)
    other = make_staff()
    assert cases.take_next(actor=other).claimed_by_id == other.pk


@pytest.mark.parametrize("door", ["service", "page", "api"])
def test_7_a_stale_version_answers_409_and_changes_no_row(moderator: User, door: str) -> None:
    make_policy(strike_points=10)
    make_thresholds()
    case = claimed_case(moderator)
    make_case(Message.objects.get(pk=case.message_id))
    caller, browser = Caller(moderator), Client()
    browser.force_login(moderator)
    path = f"moderation/cases/{case.pk}"
    caller.call("GET", path)
    before = all_rows()
    if door == "service":
        with pytest.raises(CaseChangedError) as refused:
            decide(moderator, case, violates(EnforcementKind.HIDE_MESSAGE))
        assert refused.value.status_code == 409
    elif door == "page":
        answer = browser.post(
            reverse("admin:moderation_case_decide", args=[case.pk]),
            {"version": case.version, "verdict": "violates", "policy": "insults", "reason": "So."},
            headers={"Accept": "application/json"},
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "case_changed")
        assert answer.json()["news"]
    else:
        body = {
            "version": case.version,
            "verdict": "violates",
            "policy": "insults",
            "reason": "So.",
            "measures": [{"kind": "hide_message"}],
        }
        assert caller.call("POST", f"{path}/decision", body, 409)["code"] == "case_changed"
    after = all_rows()
    changed = {table for table in before if before[table] != after[table]}
    assert changed <= {"users_apitoken"}


def test_8_nobody_decides_about_themself_or_what_they_reported(moderator: User, lead: User) -> None:
    about = make_case(MessageFactory(conversation__owner=moderator))
    reported = make_case(reporter=moderator)
    for case in (about, reported):
        with pytest.raises(OwnCaseError):
            cases.claim(actor=moderator, case_id=case.pk)
        moderator.groups.add(*lead.groups.all())
        override = User.objects.get(pk=moderator.pk)
        with pytest.raises(OwnCaseError):
            decide(override, case, NO_VIOLATION, is_override=True)
        with pytest.raises(OwnCaseError):
            cases.take_over(actor=override, case_id=case.pk, reason="Mine.")


def test_9_an_answer_costs_its_reader_nothing(moderator: User) -> None:
    make_policy()
    answer = MessageFactory(role=Author.ASSISTANT, author=None)
    decide(moderator, claimed_case(moderator, answer), violates(EnforcementKind.HIDE_MESSAGE))
    assert not Strike.objects.exists()


def test_9_points_can_be_counted_again_from_rows_and_a_threshold_fires_once(
    moderator: User,
) -> None:
    make_policy(strike_points=2)
    make_thresholds()
    owner = UserFactory()
    made = []
    for _ in range(4):
        case = claimed_case(moderator, MessageFactory(conversation__owner=owner))
        made.append(decide(moderator, case, violates()))
        rows = Strike.objects.filter(
            subject=owner, overruled_by=None, expires_at__gt=timezone.now()
        )
        assert rows.aggregate(sum=Sum("points"))["sum"] == strikes.active_points(owner.pk)
    kinds = list(owner.restrictions.order_by("id").values_list("kind", flat=True))
    assert kinds == ["warning", "restriction"]


def test_9_deciding_the_same_case_again_does_not_fire_a_threshold_twice(moderator: User) -> None:
    make_policy(strike_points=4)
    make_thresholds()
    case = claimed_case(moderator)
    first = decide(moderator, case, violates())
    case = make_case(Message.objects.get(pk=case.message_id))
    assert case.pk != first.case_id
    case.refresh_from_db()
    rule = make_rule(make_policy("second", strike_points=1, shortcut=None), name="Second")
    assert rule.current is not None
    automatic.decide_by_rule(
        case=case,
        rule_version=rule.current,
        snapshot=case.snapshots.get(),
        gives_points=True,
    )
    case = cases.claim(actor=moderator, case_id=case.pk)
    decide(moderator, case, violates(policy_code="second"))
    assert strikes.active_points(case.subject_id) == 5
    subject = User.objects.get(pk=case.subject_id)
    assert list(subject.restrictions.values_list("kind", flat=True)) == ["warning"]


def test_9_what_points_brought_goes_with_the_points_of_another_case(moderator: User) -> None:
    make_policy(strike_points=3)
    Threshold.objects.create(points=6, consequence=EnforcementKind.SUSPEND, hours=24)
    owner = UserFactory()
    first, second = (
        decide(
            moderator,
            claimed_case(moderator, MessageFactory(conversation__owner=owner)),
            violates(),
        )
        for _ in range(2)
    )
    assert User.objects.get(pk=owner.pk).is_suspended
    reversals.undo(actor=moderator, decision_id=first.pk, reason="A mistake.")
    assert not User.objects.get(pk=owner.pk).is_suspended
    assert strikes.active_points(owner.pk) == 3
    assert second.strike.overruled_by_id is None


@pytest.mark.parametrize(
    ("table", "when"),
    [
        ("moderation_decision", "INSERT"),
        ("moderation_enforcement", "INSERT"),
        ("moderation_strike", "INSERT"),
        ("moderation_notice", "INSERT"),
        ("moderation_case", "UPDATE"),
        ("audit_auditevent", "INSERT"),
        ("procrastinate_jobs", "INSERT"),
    ],
)
def test_12_whatever_step_fails_leaves_no_row_of_the_others_behind(
    moderator: User,
    settings: Settings,
    django_capture_on_commit_callbacks: Any,
    table: str,
    when: str,
) -> None:
    settings.EMAIL_URL = "smtp://localhost"
    make_policy(strike_points=10)
    make_thresholds()
    case = claimed_case(moderator)
    before = all_rows()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'no more'; END $$; "
            f"CREATE TRIGGER refuse AFTER {when} ON {table} FOR EACH ROW EXECUTE FUNCTION refuse();"
        )
    with (
        django_capture_on_commit_callbacks() as callbacks,
        pytest.raises(Exception, match=r"no more|Database error"),
        transaction.atomic(),
    ):
        decide(moderator, case, violates(EnforcementKind.HIDE_MESSAGE))
    assert callbacks == []
    assert all_rows() == before


def test_12_pages_and_mail_hear_of_it_after_the_commit(
    moderator: User, settings: Settings, django_capture_on_commit_callbacks: Any
) -> None:
    settings.EMAIL_URL = "smtp://localhost"
    make_policy()
    case = claimed_case(moderator)
    layer: HintLayer = get_channel_layer()
    channel = layer.group_channel(user_group(case.subject_id))
    with Redis.from_url(settings.REDIS_URL) as redis, redis.pubsub() as ear:
        ear.subscribe(channel)
        assert ear.get_message(timeout=5)["type"] == "subscribe"
        with django_capture_on_commit_callbacks() as callbacks:
            decide(moderator, case, violates(EnforcementKind.HIDE_MESSAGE))
        redis.publish(channel, b"the commit")
        for callback in callbacks:
            callback()
        redis.publish(channel, b"all is told")
        first, *told = iter(lambda: ear.get_message(timeout=5)["data"], b"all is told")
    assert first == b"the commit"
    events = {layer.deserialize(data)["event"]["type"] for data in told}
    assert events >= {"message.updated", "notice.created"}
    notice = Notice.objects.get(subject=case.subject_id)
    job = ProcrastinateJob.objects.get(args__notice_id=notice.pk)
    assert (job.task_name, job.status) == (deliveries.MAIL_TASK, "todo")


def test_13_reading_without_an_open_case_needs_a_live_grant_and_shows_to_the_owner(
    moderator: User,
) -> None:
    conversation = MessageFactory(content="Flour and water.").conversation
    browser = Client()
    browser.force_login(moderator)
    page = f"/admin/conversations/conversation/{conversation.pk}/change/"

    def is_read() -> bool:
        return "Flour and water." in browser.get(page).content.decode()

    def recorded() -> list[tuple[int, str]]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT actor_id, target_type FROM audit_auditevent "
                "WHERE action = 'conversation.read' AND target_id = %s ORDER BY id",
                [conversation.pk],
            )
            found: list[tuple[int, str]] = cursor.fetchall()
            return found

    with pytest.raises(GrantRequiredError):
        grants.ensure_may_read(viewer=moderator, conversation=conversation)
    assert (is_read(), recorded()) == (False, [])
    grants.open_grant(actor=moderator, conversation_id=conversation.pk, reason="A complaint.")
    assert is_read()
    assert recorded() == [(moderator.pk, "conversation")]
    event = AuditEvent.objects.get(action="access.granted")
    assert (event.actor_id, event.target_id, event.reason) == (
        moderator.pk,
        conversation.pk,
        "A complaint.",
    )
    reading = readings.list_readings(viewer=conversation.owner)[0]
    assert (reading.reader, reading.reason) == (moderator.name, "A complaint.")
    assert len(reading.read_at) == 1
    AccessGrant.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert (is_read(), len(recorded())) == (False, 1)
