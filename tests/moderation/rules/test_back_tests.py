"""A version is tried on stored messages, in steps, beside the live one, and labelled by people."""

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.audit.models import AuditEvent
from apps.conversations.models import Conversation
from apps.core.errors import ForbiddenError, ValidationFailedError
from apps.moderation import tasks
from apps.moderation.constants import BackTestState, Verdict
from apps.moderation.errors import GrantRequiredError, MatchNotFoundError
from apps.moderation.models import (
    BackTest,
    BackTestMatch,
    CaseSnapshot,
    Decision,
    Rule,
    RuleVersion,
)
from apps.moderation.services.cases import grants, readings
from apps.moderation.services.rules import back_test_samples, back_tests, rule_desk, rules
from apps.users.models import User
from tests.factories import ConversationFactory, MessageFactory, UserFactory
from tests.moderation.factories import make_case, make_rule, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def author() -> User:
    return make_staff("rule_author")


@pytest.fixture
def rule() -> Rule:
    return make_rule(stage="input", applies_to="user")


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(back_tests, "STEP", 4)


def store(*texts: str) -> list[int]:
    conversation = ConversationFactory()
    return [
        MessageFactory(conversation=conversation, role="user", content=text).pk for text in texts
    ]


def draft(author: User, rule: Rule, *terms: str) -> RuleVersion:
    return rules.new_version(
        actor=author, rule_id=rule.pk, configuration={"terms": list(terms), "match": "word"}
    )


def run(back_test: BackTest) -> BackTest:
    while back_tests.step(back_test.pk):
        pass
    back_test.refresh_from_db()
    return back_test


def test_it_counts_matches_and_the_difference_from_the_live_version(
    author: User, rule: Rule
) -> None:
    store("badword", "worse", "fine", "badword and worse", "worse", "fine", "badword")
    version = draft(author, rule, "worse")
    done = run(back_tests.start(actor=author, version_id=version.pk))
    assert (done.state, done.scanned, done.total) == (BackTestState.DONE, 7, 7)
    assert (done.matched, done.matched_before) == (3, 3)
    report = back_test_samples.report(done)
    assert (report.only_tried, report.only_compared) == (2, 2)
    assert report.rate.value == 3 / 7


def test_a_step_that_is_cut_is_done_again_and_counts_once(
    author: User, rule: Rule, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(*["badword"] * 10)
    back_test = back_tests.start(actor=author, version_id=rule.current_id)
    assert back_tests.step(back_test.pk)
    with monkeypatch.context() as patch:
        patch.setattr(back_test_samples, "keep", _fail)
        with pytest.raises(RuntimeError):
            back_tests.step(back_test.pk)
    done = run(back_test)
    assert (done.scanned, done.matched) == (10, 10)
    assert BackTestMatch.objects.count() == 10


def _fail(*_: object) -> None:
    raise RuntimeError("the worker is gone")


def test_precision_and_recall_are_measured_by_what_people_decided(author: User, rule: Rule) -> None:
    person = UserFactory()
    for text, verdict in (
        ("badword", Verdict.VIOLATES),
        ("badword", Verdict.NO_VIOLATION),
        ("sneaky", Verdict.VIOLATES),
        ("fine", Verdict.NO_VIOLATION),
    ):
        Decision.objects.create(
            case=make_case(MessageFactory(role="user", content=text)),
            verdict=verdict,
            policy_version=rule.policy.current if verdict == Verdict.VIOLATES else None,
            reason="Because.",
            actor_kind="person",
            actor=person,
            actor_label="A person",
        )
    report = back_test_samples.report(
        run(back_tests.start(actor=author, version_id=rule.current_id))
    )
    assert (report.precision.hits, report.precision.total) == (1, 2)
    assert (report.recall.hits, report.recall.total) == (1, 2)


def test_what_policy_withheld_is_looked_at_in_its_snapshot(author: User, rule: Rule) -> None:
    message = MessageFactory(role="user", content="badword")
    make_case(message)
    message.content = ""
    message.save()
    assert CaseSnapshot.objects.get().text == "badword"
    assert run(back_tests.start(actor=author, version_id=rule.current_id)).matched == 1


def test_what_was_redacted_is_looked_at_as_it_was_written(author: User, rule: Rule) -> None:
    message = MessageFactory(role="user", content="so badword then", context={"page": "/"})
    make_case(message)
    message.content, message.redacted_at = "so ███████ then", timezone.now()
    message.save()
    make_case(message)
    assert run(back_tests.start(actor=author, version_id=rule.current_id)).matched == 1


def test_it_reads_of_a_message_what_a_live_rule_reads(author: User, rule: Rule) -> None:
    conversation = ConversationFactory()
    asked = MessageFactory(
        conversation=conversation, role="user", content="Well?", context={"note": "a badword"}
    )
    text = "ba" + "\u200b" * 90 + "dword"
    MessageFactory(conversation=conversation, role="user", content=text)
    MessageFactory(conversation=conversation, role="assistant", author=None, parent=asked)
    done = run(back_tests.start(actor=author, version_id=rule.current_id))
    assert (done.scanned, done.matched) == (2, 2)
    excerpt = back_test_samples.next_excerpt(actor=author, back_test=done)
    assert excerpt is not None
    assert excerpt.passage in ("badword", text)
    exchange = make_rule(rule.policy, name="Exchange", stage="output", applies_to="exchange")
    assert run(back_tests.start(actor=author, version_id=exchange.current_id)).matched == 1


@pytest.mark.parametrize(
    ("question", "answer", "before", "after", "place"),
    [
        ("A badword, no?", "Fine.", "A ", ", no?\n\nFine.", (None, None)),
        ("Well?", "So badword it is.", "Well?\n\nSo ", " it is.", (3, 10)),
    ],
)
def test_the_passage_of_an_exchange_is_shown_where_it_is_hit(
    author: User,
    rule: Rule,
    question: str,
    answer: str,
    before: str,
    after: str,
    place: tuple[int | None, int | None],
) -> None:
    conversation = ConversationFactory()
    asked = MessageFactory(conversation=conversation, role="user", content=question)
    MessageFactory(
        conversation=conversation, role="assistant", author=None, parent=asked, content=answer
    )
    exchange = make_rule(rule.policy, name="Exchange", stage="output", applies_to="exchange")
    done = run(back_tests.start(actor=author, version_id=exchange.current_id))
    assert BackTestMatch.objects.values_list("start", "end").get() == place
    excerpt = back_test_samples.next_excerpt(actor=author, back_test=done)
    assert excerpt is not None
    assert (excerpt.before, excerpt.passage, excerpt.after) == (before, "badword", after)


def test_a_cancelled_test_looks_no_further(author: User, rule: Rule) -> None:
    store(*["badword"] * 10)
    back_test = back_tests.start(actor=author, version_id=rule.current_id)
    assert back_tests.step(back_test.pk)
    back_tests.cancel(actor=author, back_test_id=back_test.pk)
    done = run(back_test)
    assert (done.state, done.scanned) == ("cancelled", 4)
    back_tests.cancel(actor=author, back_test_id=back_test.pk)
    [event] = AuditEvent.objects.filter(action="backtest.cancelled")
    assert (event.actor_id, event.target_id) == (author.pk, rule.pk)
    assert event.data == {"back_test_id": back_test.pk, "version": 1, "scanned": 4}


def test_a_fair_sample_of_fifty_is_labelled_with_the_passage_in_its_place(
    author: User, rule: Rule
) -> None:
    store(*[f"number {number} is a badword here" for number in range(70)])
    done = run(back_tests.start(actor=author, version_id=rule.current_id))
    assert BackTestMatch.objects.count() == 50
    first = back_test_samples.next_excerpt(actor=author, back_test=done)
    assert first is not None
    assert (first.passage, first.after, first.number, first.of) == ("badword", " here", 1, 50)
    assert AuditEvent.objects.filter(action="conversation.read", actor_id=author.pk).exists()
    back_test_samples.label(actor=author, match_id=first.match_id, is_violation=True)
    second = back_test_samples.next_excerpt(actor=author, back_test=done)
    assert second is not None
    assert second.number == 2
    report = back_test_samples.report(done)
    assert (report.labelled.hits, report.labelled.total, report.to_label) == (1, 1, 49)


def test_whose_passage_it_is_sees_who_read_it_and_why(author: User, rule: Rule) -> None:
    store("a badword", "another badword")
    done = run(back_tests.start(actor=author, version_id=rule.current_id))
    for _ in range(2):
        found = back_test_samples.next_excerpt(actor=author, back_test=done)
        assert found is not None
        back_test_samples.label(actor=author, match_id=found.match_id, is_violation=True)
    conversation = Conversation.objects.get()
    [reading] = readings.list_readings(viewer=conversation.owner)
    assert (reading.reader, reading.is_passages, len(reading.read_at)) == (author.name, True, 2)
    events = AuditEvent.objects.filter(action="conversation.read", target_id=conversation.pk)
    reasons = set(events.values_list("actor_id", "reason"))
    assert reasons == {(author.pk, f"To label what back-test {done.pk} matched.")}
    browser = Client()
    browser.force_login(conversation.owner)
    page = browser.get(reverse("moderation:readings")).content.decode()
    assert author.name in page
    assert f"whether an automatic check is right (test {done.pk})" in page
    assert "Allowed from" not in page
    assert rule.name not in page


def test_a_passage_lets_nobody_into_its_conversation(rule: Rule) -> None:
    store("a badword")
    person = make_staff("rule_author")
    done = run(back_tests.start(actor=person, version_id=rule.current_id))
    assert back_test_samples.next_excerpt(actor=person, back_test=done) is not None
    with pytest.raises(GrantRequiredError):
        grants.ensure_may_read(viewer=person, conversation=Conversation.objects.get())


def test_nobody_labels_their_own_words_nor_reads_what_was_deleted(author: User, rule: Rule) -> None:
    store("a badword")
    done = run(back_tests.start(actor=author, version_id=rule.current_id))
    conversation, match = Conversation.objects.get(), BackTestMatch.objects.get()
    owner, conversation.owner = conversation.owner, author
    conversation.save()
    assert back_test_samples.next_excerpt(actor=author, back_test=done) is None
    assert list(rule_desk.list_matches(viewer=author, back_test_id=done.pk)) == []
    with pytest.raises(MatchNotFoundError):
        back_test_samples.label(actor=author, match_id=match.pk, is_violation=False)
    conversation.owner, conversation.deleted_at = owner, timezone.now()
    conversation.save()
    assert back_test_samples.next_excerpt(actor=author, back_test=done) is None
    assert not AuditEvent.objects.filter(action="conversation.read").exists()


def test_only_what_is_in_the_sample_is_labelled(author: User, rule: Rule) -> None:
    store("a badword")
    done = run(back_tests.start(actor=author, version_id=rule.current_id))
    assert back_test_samples.next_excerpt(actor=author, back_test=done) is not None
    BackTestMatch.objects.update(by_tried=False, by_compared=True)
    match = BackTestMatch.objects.get()
    with pytest.raises(MatchNotFoundError):
        back_test_samples.label(actor=author, match_id=match.pk, is_violation=True)
    assert not AuditEvent.objects.filter(action="backtest.labelled").exists()


def test_only_rule_authors_start_label_and_cancel(author: User, rule: Rule) -> None:
    store("badword")
    moderator = make_staff()
    with pytest.raises(ForbiddenError):
        back_tests.start(actor=moderator, version_id=rule.current_id)
    done = run(back_tests.start(actor=author, version_id=rule.current_id))
    with pytest.raises(ForbiddenError):
        back_test_samples.next_excerpt(actor=moderator, back_test=done)
    with pytest.raises(ForbiddenError):
        back_tests.cancel(actor=moderator, back_test_id=done.pk)


def test_a_rule_that_asks_elsewhere_cannot_be_tried(author: User) -> None:
    judge = make_rule(kind="judge", stage="later")
    with pytest.raises(ValidationFailedError):
        back_tests.start(actor=author, version_id=judge.current_id)


@pytest.mark.django_db(transaction=True)
async def test_one_that_cannot_be_done_fails_and_is_not_taken_up_for_ever() -> None:
    back_test = await sync_to_async(_impossible)()
    await tasks.back_test(back_test_id=back_test.pk)
    await back_test.arefresh_from_db()
    assert back_test.state == BackTestState.FAILED
    assert await sync_to_async(back_tests.requeue_lost)() == []


def _impossible() -> BackTest:
    rule = make_rule(stage="input", applies_to="user", kind="regex")
    [number] = store("anything")
    broken = RuleVersion.objects.create(rule=rule, number=2, configuration={"pattern": "("})
    return BackTest.objects.create(
        version=broken, first_message_id=number, last_message_id=number, position=0, total=1
    )
