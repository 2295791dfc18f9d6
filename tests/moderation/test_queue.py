"""What waits: filters, pages by key, search by an index, views with counts."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.audit.models import AuditEvent
from apps.core.errors import ForbiddenError, ValidationFailedError
from apps.moderation.constants import CaseState, Severity
from apps.moderation.errors import SavedViewNotFoundError, SearchRefusedError
from apps.moderation.models import Case, CaseSnapshot, SavedView
from apps.moderation.services.cases import cases
from apps.moderation.services.desk import preferences, queue, queue_filters, saved_views
from apps.users.models import User
from tests.factories import MessageFactory, UserFactory
from tests.moderation.factories import (
    claimed_case,
    make_case,
    make_decided,
    make_policy,
    make_staff,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def moderator() -> User:
    return make_staff()


def found(viewer: User, **values: str) -> list[int]:
    chosen = queue_filters.parse(values)
    return [row.case.pk for row in queue.take_slice(viewer=viewer, chosen=chosen).rows]


def due_in(case: Case, delay: timedelta) -> Case:
    Case.objects.filter(pk=case.pk).update(due_at=timezone.now() + delay)
    return case


def test_own_cases_stand_on_top_then_the_oldest_past_due(moderator: User) -> None:
    late = due_in(make_case(), -timedelta(hours=3))
    later = due_in(make_case(), timedelta(hours=3))
    latest = due_in(make_case(), -timedelta(hours=9))
    mine = cases.claim(actor=moderator, case_id=later.pk)
    page = queue.take_slice(viewer=moderator, chosen=queue_filters.parse({}))
    assert [row.case.pk for row in page.mine] == [mine.pk]
    assert [row.case.pk for row in page.rows] == [latest.pk, late.pk]
    assert page.total == "3"


def test_of_many_own_cases_those_beyond_a_page_stand_among_the_rest(
    moderator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "ROWS_PER_PAGE", 2)
    own = [claimed_case(moderator).pk for _ in range(5)]
    chosen = queue_filters.parse({"order": queue_filters.Order.NEWEST})
    first = queue.take_slice(viewer=moderator, chosen=chosen)
    second = queue.take_slice(viewer=moderator, chosen=chosen, after=first.after)
    shown = [row.case.pk for row in (*first.mine, *first.rows, *second.rows)]
    assert shown == own[::-1]
    assert (second.mine, second.after) == ([], "")


def test_a_page_that_shows_the_beginnings_of_texts_is_one_event_that_names_the_cases(
    moderator: User,
) -> None:
    first = due_in(make_case(), timedelta(hours=1))
    second = due_in(make_case(), timedelta(hours=2))
    queue.take_slice(viewer=moderator, chosen=queue_filters.parse({}))
    event = AuditEvent.objects.get(action="case.listed")
    assert (event.actor_id, event.data) == (moderator.pk, {"case_ids": [first.pk, second.pk]})


def test_a_page_that_shows_nothing_is_not_noted(moderator: User) -> None:
    queue.take_slice(viewer=moderator, chosen=queue_filters.parse({}))
    assert not AuditEvent.objects.filter(action="case.listed").exists()


def test_nobody_finds_a_case_about_themself_in_the_queue(moderator: User) -> None:
    own = make_case(MessageFactory(conversation__owner=moderator))
    other = make_case()
    assert found(moderator) == [other.pk]
    assert found(moderator, q=str(own.pk)) == []


@pytest.mark.parametrize("order", ["due", "urgent", "newest"])
def test_pages_go_on_behind_a_key_without_a_gap_or_a_repetition(
    moderator: User, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "ROWS_PER_PAGE", 2)
    made = [make_case().pk for _ in range(5)]
    Case.objects.filter(pk__in=made[:3]).update(due_at=timezone.now(), priority=7)
    chosen = queue_filters.parse({"order": order})
    seen: list[int] = []
    after = ""
    for _ in range(3):
        page = queue.take_slice(viewer=moderator, chosen=chosen, after=after)
        seen += [row.case.pk for row in page.rows]
        after = page.after
    assert after == ""
    assert sorted(seen) == made
    whole = Case.objects.order_by(
        *{"due": ["due_at", "id"], "newest": ["-id"]}.get(order, ["-priority", "due_at", "id"])
    )
    assert seen == list(whole.values_list("pk", flat=True))


def test_every_filter_finds_what_it_names(moderator: User) -> None:
    decision = make_decided(UserFactory())
    closed = decision.case
    hit = closed.flags.get().hit
    assert hit is not None
    policy = make_policy("threats", severity=Severity.CRITICAL)
    waiting = due_in(make_case(), -timedelta(minutes=1))
    Case.objects.filter(pk=waiting.pk).update(policy=policy, severity=4, model="gpt")
    both = [waiting.pk]
    assert found(moderator) == both
    assert found(moderator, state="closed") == [closed.pk]
    assert found(moderator, policy="threats") == both
    assert found(moderator, severity="4") == both
    assert found(moderator, severity="1") == []
    assert found(moderator, source="user", role="user") == both
    assert found(moderator, age="overdue") == both
    assert found(moderator, age="later") == []
    assert found(moderator, claimed_by="nobody") == both
    assert found(moderator, claimed_by="me") == []
    assert found(moderator, model="gpt") == both
    assert found(moderator, state="any", rule=str(hit.rule_id), mode=hit.mode) == [closed.pk]


def test_what_is_no_filter_is_left_out_of_the_address() -> None:
    chosen = queue_filters.parse(
        {"state": "'; --", "severity": "99", "rule": "1e9", "claimed_by": "x", "policy": "a\x00"}
    )
    assert chosen.to_query() == ""
    assert queue_filters.parse({"severity": "3", "q": " fool "}).to_query() == "severity=3&q=fool"


def test_search_finds_numbers_people_and_words_within_a_window(moderator: User) -> None:
    case = make_case(MessageFactory(content="Call the zeppelin office."))
    make_case()
    assert found(moderator, q=str(case.pk)) == [case.pk]
    assert found(moderator, q=f"user:{case.subject_id}") == [case.pk]
    assert found(moderator, q=f"message:{case.message_id}") == [case.pk]
    assert found(moderator, q="Zeppelin", within="7") == [case.pk]
    Case.objects.filter(pk=case.pk).update(created_at=timezone.now() - timedelta(days=8))
    assert found(moderator, q="zeppelin", within="7") == []


def test_words_find_every_case_however_often_others_have_them(moderator: User) -> None:
    first = make_case(MessageFactory(content="A zeppelin."))
    many = make_case(MessageFactory(content="Another zeppelin."))
    CaseSnapshot.objects.bulk_create(
        CaseSnapshot(case=many, subject_id=many.subject_id, text="A zeppelin.") for _ in range(501)
    )
    assert sorted(found(moderator, q="zeppelin", within="7")) == [first.pk, many.pk]


@pytest.mark.parametrize("term", ["zeppelin", "of", "%", "email:uma", "; --"])
def test_a_search_that_would_read_everything_is_refused_with_advice(
    moderator: User, term: str
) -> None:
    with pytest.raises(SearchRefusedError):
        found(moderator, q=term)


def test_a_page_takes_the_same_few_queries_whatever_it_holds(moderator: User) -> None:
    make_case()
    queue.take_slice(viewer=moderator, chosen=queue_filters.parse({}))
    for _ in range(3):
        make_case()
    with CaptureQueriesContext(connection) as queries:
        queue.take_slice(viewer=moderator, chosen=queue_filters.parse({}))
    assert len(queries) <= 6


def test_age_is_the_share_of_the_time_that_a_case_has() -> None:
    now = timezone.now()
    case = make_case()
    case.created_at, case.due_at = now - timedelta(hours=3), now + timedelta(hours=1)
    assert queue.share_of_sla(case, now=now) == 75
    assert [queue.age_tone(share) for share in (0, 50, 75, 100)] == [
        "fresh",
        "half",
        "soon",
        "late",
    ]


def test_the_overdue_count_is_read_once_in_a_while(moderator: User) -> None:
    due_in(make_case(), -timedelta(hours=1))
    assert queue.overdue_count() == "1"
    due_in(make_case(), -timedelta(hours=1))
    with CaptureQueriesContext(connection) as queries:
        assert queue.overdue_count() == "1"
    assert len(queries) == 0


def test_a_text_is_covered_from_the_organisations_floor_and_earlier_by_choice(
    moderator: User,
) -> None:
    assert preferences.collapse_from(moderator) == Severity.HIGH
    preferences.choose_collapse(actor=moderator, severity=Severity.LOW)
    assert preferences.collapse_from(moderator) == Severity.LOW
    preferences.choose_collapse(actor=moderator, severity=Severity.CRITICAL)
    assert preferences.collapse_from(moderator) == Severity.HIGH


def test_a_view_is_private_until_a_lead_shares_it(moderator: User) -> None:
    lead, peer = make_staff("lead"), make_staff()
    saved_views.save(actor=moderator, name="Mine", query="severity=4&nonsense=1")
    shared = saved_views.save(actor=lead, name="All late", query="age=overdue", is_shared=True)
    assert [view.name for view in saved_views.views_of(peer)] == ["All late"]
    assert [view.query for view in saved_views.views_of(moderator)] == ["age=overdue", "severity=4"]
    due_in(make_case(), -timedelta(hours=1))
    assert saved_views.counts_of(peer) == {shared.pk: "1"}
    with pytest.raises(ForbiddenError):
        saved_views.save(actor=peer, name="x", query="", is_shared=True)
    with pytest.raises(SavedViewNotFoundError):
        saved_views.remove(actor=peer, view_id=shared.pk)
    assert SavedView.objects.count() == 2
    with pytest.raises(ValidationFailedError):
        saved_views.save(actor=peer, name=" ", query="")


def test_nobody_without_the_right_sees_the_queue() -> None:
    with pytest.raises(ForbiddenError):
        found(UserFactory())
    with pytest.raises(ForbiddenError):
        found(make_staff("support", role="user"))


def test_a_lapsed_claim_is_nobodys_and_comes_back_with_the_next_case(moderator: User) -> None:
    case = cases.claim(actor=make_staff(), case_id=make_case().pk)
    Case.objects.filter(pk=case.pk).update(claim_expires_at=timezone.now() - timedelta(seconds=1))
    row = queue.take_slice(viewer=moderator, chosen=queue_filters.parse({})).rows[0]
    assert row.holder_name == ""
    assert cases.take_next(actor=moderator).pk == case.pk
    assert Case.objects.get(pk=case.pk).state == CaseState.CLAIMED
