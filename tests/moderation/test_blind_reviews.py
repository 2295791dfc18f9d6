"""Whoever may review an appeal reads the first reasons nowhere before their own opinion."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from apps.audit.models import AuditEvent
from apps.moderation.constants import EnforcementKind, Verdict
from apps.moderation.models import Appeal, Case, Notice
from apps.moderation.services.appeals import appeals, blind_reviews
from apps.moderation.services.cases import cases, grants
from apps.moderation.services.decisions import decisions
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.enforcements import Measure
from apps.moderation.services.desk import bulk, exports, queue_filters
from apps.users.models import Restriction, User
from tests.factories import MessageFactory
from tests.moderation.factories import claimed_case, make_case, make_policy, make_staff
from tests.moderation.programs import Caller

pytestmark = pytest.mark.django_db
REASON = "Zanzibar between friends."
TOLD = "Zanzibar to you."
WORD = "Zanzibar"
KINDS = (
    EnforcementKind.HIDE_MESSAGE,
    EnforcementKind.LOCK_CONVERSATION,
    EnforcementKind.RESTRICT,
)


@pytest.fixture
def appeal() -> Appeal:
    """An appeal that waits in a newer case of the message than the one that was decided."""
    make_policy()
    moderator = make_staff()
    message = MessageFactory(content="You fool.")
    case = claimed_case(moderator, message)
    decision = decisions.decide(
        actor=moderator,
        case_id=case.pk,
        version=case.version,
        ruling=Ruling(
            verdict=Verdict.VIOLATES,
            policy_code="insults",
            reason=REASON,
            reason_for_user=TOLD,
            measures=[Measure(kind=kind) for kind in KINDS],
        ),
    )
    newer = make_case(message)
    notice = Notice.objects.get(decision=decision, subject=case.subject_id)
    owner = User.objects.get(pk=case.subject_id)
    made = appeals.submit(actor=owner, notice_id=notice.pk, text="It was a joke.")
    assert (made.case_id, made.decision.case_id) == (newer.pk, case.pk)
    return made


def pages_of(appeal: Appeal) -> list[str]:
    """Return every page of the admin that tells why the appealed decision was made."""
    message, subject = appeal.case.message_id, appeal.subject_id
    names = ("message.hidden", "conversation.locked", "user.restricted", "case.decided")
    events = AuditEvent.objects.filter(action__in=names).order_by("id")
    restriction = Restriction.objects.get()
    return [
        reverse("admin:moderation_notice_change", args=[appeal.notice_id]),
        *(reverse("admin:audit_auditevent_change", args=[event.pk]) for event in events),
        f"/admin/audit/auditevent/?q=message:{message}",
        reverse("admin:conversations_message_change", args=[message]),
        f"/admin/conversations/conversation/{appeal.case.conversation_id}/change/",
        reverse("admin:users_restriction_change", args=[restriction.pk]),
        reverse("admin:users_restriction_changelist"),
        reverse("admin:users_user_change", args=[subject]),
        reverse("admin:moderation_case_page", args=[appeal.decision.case_id]),
        reverse("admin:moderation_case_page", args=[appeal.case_id]),
    ]


def routes_of(appeal: Appeal) -> list[str]:
    """Return every route that does."""
    older = appeal.decision.case_id
    return [
        f"moderation/notices?subject_id={appeal.subject_id}",
        f"moderation/decisions?case_id={older}",
        f"moderation/cases/{older}",
        f"moderation/cases/{older}/timeline",
        f"moderation/audit?target_type=message&target_id={appeal.case.message_id}",
        f"moderation/audit?target_type=user&target_id={appeal.subject_id}",
        f"moderation/audit?target_type=case&target_id={older}",
    ]


def test_neither_an_export_nor_a_batch_tells_a_reviewer_why_before_they_say_what_they_think() -> (
    None
):
    make_policy()
    lead, other, case = make_staff("lead"), make_staff("lead"), make_case()
    ruling = Ruling(verdict=Verdict.VIOLATES, policy_code="insults", reason=REASON)
    picks = [bulk.Pick(case.pk, case.version)]
    batch = bulk.decide_many(actor=make_staff("lead"), picks=picks, ruling=ruling).batch_id
    notice = Notice.objects.get(subject=case.subject_id)
    owner = User.objects.get(pk=case.subject_id)
    made = appeals.submit(actor=owner, notice_id=notice.pk, text="It was a joke.")

    def told(person: User) -> tuple[object, object]:
        chosen = queue_filters.parse({"state": "any"})
        (row,) = exports.take_step(actor=person, chosen=chosen, below=None)
        (decision,) = Caller(person).call("GET", f"moderation/batches/{batch}")
        return row["reason"], decision["reason"]

    assert told(lead) == ("", "")
    cases.claim(actor=lead, case_id=made.case_id)
    appeals.note_first_opinion(actor=lead, appeal_id=made.pk, verdict=Verdict.VIOLATES)
    assert told(lead) == (REASON, REASON)
    assert told(other) == ("", "")


def test_no_page_and_no_route_tells_a_reviewer_why_before_they_say_what_they_think(
    appeal: Appeal,
) -> None:
    def telling(person: User) -> set[str]:
        grants.open_grant(
            actor=person, conversation_id=appeal.case.conversation_id, reason="To review."
        )
        browser, program = Client(), Caller(person)
        browser.force_login(person)
        asked: list[tuple[str, Callable[[str], str]]] = [
            *((url, lambda one: browser.get(one).content.decode()) for url in pages_of(appeal)),
            *((path, lambda one: str(program.call("GET", one))) for path in routes_of(appeal)),
        ]
        return {where for where, ask in asked if WORD in ask(where)}

    everywhere = {*pages_of(appeal), *routes_of(appeal)}
    lead = make_staff("lead")
    assert telling(lead) == set()
    assert telling(make_staff()) == everywhere
    cases.claim(actor=lead, case_id=appeal.case_id)
    appeals.note_first_opinion(actor=lead, appeal_id=appeal.pk, verdict=Verdict.VIOLATES)
    assert telling(lead) == everywhere
    assert telling(make_staff("lead")) == set()


def test_the_one_rule_answers_for_appeals_cases_and_rows_alike(appeal: Appeal) -> None:
    lead, other = make_staff("lead"), make_staff("lead")
    older = appeal.decision.case
    cases.claim(actor=lead, case_id=appeal.case_id)
    appeals.note_first_opinion(actor=lead, appeal_id=appeal.pk, verdict=Verdict.VIOLATES)
    appeal.refresh_from_db()
    for person, is_kept in ((make_staff(), False), (lead, False), (other, True)):
        assert blind_reviews.shows_reasons(viewer=person, appeal=appeal) is not is_kept
        assert blind_reviews.hides_any(viewer=person, appeals=[appeal]) is is_kept
        for case in (older, appeal.case):
            assert blind_reviews.hides_reasons(viewer=person, case=case) is is_kept
            rows = Case.objects.filter(pk=case.pk)
            told = blind_reviews.with_kept_reasons(rows, viewer=person, case="pk").get()
            assert told.is_kept is is_kept
