"""The page of a case tells all that a good decision needs: one test for each line of the checklist.

`tests/moderation/README.md` says which line of the checklist each one holds.
"""

import hashlib
import re
from datetime import timedelta
from html import unescape

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from apps.audit.models import AuditEvent
from apps.conversations.constants import Author
from apps.conversations.models import Conversation, Message
from apps.llm.models import AssistantVersion
from apps.llm.services import catalogue
from apps.moderation import constants
from apps.moderation.constants import EnforcementKind, Severity, Verdict
from apps.moderation.models import (
    Case,
    Decision,
    Flag,
    Policy,
    PolicyVersion,
    Rule,
    RuleHit,
    Strike,
)
from apps.moderation.services.appeals import appeals
from apps.moderation.services.cases import cases, flags
from apps.moderation.services.decisions import decisions
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.enforcements import Measure
from apps.moderation.services.desk import case_pages
from apps.users.models import User
from tests.admin.conftest import SignIn
from tests.factories import ConversationFactory, MessageFactory, ReplyFactory, UserFactory
from tests.moderation.factories import (
    claimed_case,
    make_case,
    make_policy,
    make_rule,
    make_staff,
    make_thresholds,
)

pytestmark = pytest.mark.django_db
QUEUE = "/admin/moderation/queue/"


@pytest.fixture
def moderator() -> User:
    return make_staff()


@pytest.fixture
def desk(moderator: User, sign_in: SignIn) -> Client:
    return sign_in(moderator)


def words_of(client: Client, case: Case) -> str:
    """Return what a person reads on the page of a case, one space between words."""
    html = client.get(f"{QUEUE}{case.pk}/").content.decode()
    body = html[html.index('<article class="mod-case"') :]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


def flag_by_rule(message: Message, *, mode: str = "flag", span: tuple[int, int] = (4, 8)) -> Case:
    """Let a rule point at a passage of a message."""
    rule = Rule.objects.first() or make_rule(
        Policy.objects.first() or make_policy(), name="Insults", mode=mode
    )
    assert rule.current is not None
    hit = RuleHit.objects.create(
        rule=rule,
        version=rule.current,
        mode=mode,
        outcome=constants.HitOutcome.FLAGGED,
        stage=rule.stage,
        message=message,
        subject_id=message.conversation.owner_id,
        score=0.75,
        start=span[0],
        end=span[1],
        span_hash="fool",
    )
    source = constants.FlagSource.RULE
    return flags.raise_flag(message=message, source=source, hit=hit, policy=rule.policy)


def decide(actor: User, case: Case, **fields: object) -> Decision:
    held = cases.claim(actor=actor, case_id=case.pk)
    values: dict[str, object] = {
        "verdict": Verdict.VIOLATES,
        "policy_code": "insults",
        "reason": "An insult.",
        **fields,
    }
    ruling = Ruling(**values)  # type: ignore[arg-type]
    return decisions.decide(actor=actor, case_id=case.pk, version=held.version, ruling=ruling)


def test_the_passage_is_marked_and_its_rule_named_beside_it(desk: Client) -> None:
    case = flag_by_rule(MessageFactory(content="You fool, what now?"))
    page = desk.get(f"{QUEUE}{case.pk}/").content.decode()
    assert 'You <mark data-mark="1">fool</mark>, what now?' in page
    words = words_of(desk, case)
    assert "1 Insults , version 1 Mode flag · score 0.75 · characters 4 to 8" in words


def test_reading_what_a_case_keeps_of_a_message_that_is_gone_is_noted(
    desk: Client, moderator: User
) -> None:
    message = MessageFactory(content="You fool.")
    case = make_case(message)
    message.conversation.delete()
    words = words_of(desk, case)
    assert "You fool." in words
    assert "The message was deleted since." in words
    event = AuditEvent.objects.get(action="conversation.read")
    assert (event.actor_id, event.target_id) == (moderator.pk, case.conversation_id)


def test_three_messages_before_and_three_after_are_there_and_say_who_speaks(desk: Client) -> None:
    talk: Conversation = ConversationFactory()
    made = [
        MessageFactory(conversation=talk, content=f"Line {n}.", assistant=n % 2 == 1)
        for n in range(9)
    ]
    case = make_case(made[4])
    page = desk.get(f"{QUEUE}{case.pk}/").content.decode()
    shown = [int(number) for number in re.findall(r'data-line="(\d+)"', page)]
    assert shown == [message.pk for message in made[1:8]]
    assert page.count("<h3>Assistant</h3>") == 4
    assert page.count("<h3>Person</h3>") == 2
    assert 'data-more="before"' in page
    assert 'data-more="after"' in page


def test_an_answer_names_model_parameters_and_the_prompt_of_its_assistants_version(
    desk: Client,
) -> None:
    known = catalogue.read().default.version.id
    version = AssistantVersion.objects.select_related("assistant").get(pk=known)
    talk: Conversation = ConversationFactory()
    asked = MessageFactory(conversation=talk, content="How do I bake bread?")
    answer = MessageFactory(conversation=talk, assistant=True, parent=asked, content="You cannot.")
    ReplyFactory(message=answer, model="large-7", temperature=0.4, assistant_version=version)
    words = words_of(desk, make_case(answer))
    digest = hashlib.sha256(version.system_prompt.encode()).hexdigest()[:16]
    assert "How do I bake bread?" in words
    name = version.assistant.name
    assert f"Model large-7 Assistant {name}, version {version.number} Temperature 0.4" in words
    assert f"System prompt version {digest}" in words


def test_an_answer_to_a_program_names_the_programs_prompt_and_parameters(desk: Client) -> None:
    prompt = {
        "messages": [{"role": "system", "content": "Be rude."}, {"role": "user", "content": "Hi."}],
        "parameters": {"max_tokens": 50},
    }
    talk: Conversation = ConversationFactory()
    asked = MessageFactory(conversation=talk, content="Be rude.\n\nHi.", prompt=prompt)
    answer = MessageFactory(conversation=talk, assistant=True, parent=asked, content="Go away.")
    ReplyFactory(message=answer, temperature=None)
    words = words_of(desk, make_case(answer))
    digest = hashlib.sha256(b"Be rude.").hexdigest()[:16]
    assert f"Model scripted Max_tokens 50 System prompt version {digest}" in words


def test_the_card_of_the_person_tells_their_history(desk: Client, moderator: User) -> None:
    make_policy()
    make_thresholds()
    person = UserFactory(name="Uma")
    User.objects.filter(pk=person.pk).update(created_at=timezone.now() - timedelta(days=400))

    def case_of(text: str) -> Case:
        return make_case(MessageFactory(conversation__owner=person, author=person, content=text))

    violated = decide(make_staff(), case_of("You fool."))
    decide(make_staff(), case_of("Fine."), verdict=Verdict.NO_VIOLATION, policy_code="")
    appeal = appeals.submit(
        actor=person, notice_id=violated.notices.get(subject=person).pk, text="No."
    )
    lead = make_staff("lead")
    held = cases.claim(actor=lead, case_id=appeal.case_id)
    appeals.note_first_opinion(actor=lead, appeal_id=appeal.pk, verdict=Verdict.VIOLATES)
    held.refresh_from_db()
    review = appeals.Review(outcome=constants.AppealState.UPHELD, reason="It is one.")
    appeals.decide_appeal(actor=lead, appeal_id=appeal.pk, version=held.version, review=review)
    words = words_of(desk, case_of("Again."))
    joined = f"{timezone.now() - timedelta(days=400):%b %Y}"
    assert re.search(rf"Account since \d+ {joined} Standing Good", words)
    assert "Messages 3 Open cases 1 Decided, 90 days 1 violated, 1 not" in words
    assert "Points 2, next at 3: warn the person Appeals 0 won, 1 lost" in words


def test_all_flags_stand_in_one_case_with_the_record_of_their_reporters(desk: Client) -> None:
    make_policy()
    rita = UserFactory(name="Rita")
    earlier = make_case(MessageFactory(), rita)
    decide(make_staff(), earlier)
    wrong = make_case(MessageFactory(), rita)
    decide(make_staff(), wrong, verdict=Verdict.NO_VIOLATION, policy_code="")
    message = MessageFactory(content="You fool, what now?")
    case = make_case(message, rita)
    assert flag_by_rule(Message.objects.get(pk=message.pk)).pk == case.pk
    words = words_of(desk, case)
    assert "Flags 2 in this case" in words
    assert "reported by Rita" in words
    assert "right in 1 of 2 reports" in words
    case.refresh_from_db()
    assert f"Why this priority {case.priority} points" in words
    assert case.priority == sum(points for _, points in case.priority_reasons)
    for why, points in case.priority_reasons:
        assert f"{why} {points}" in words


def test_the_guidance_of_every_policy_waits_beside_it_with_two_examples(desk: Client) -> None:
    policy = make_policy()
    policy.current = PolicyVersion.objects.create(
        policy=policy,
        number=2,
        title="No insults",
        text_for_users="Do not insult people.",
        guidance="Ask who is addressed.",
        good_example="I disagree.",
        bad_example="You fool.",
    )
    policy.save()
    words = words_of(desk, make_case())
    assert "Ask who is addressed. Fine: I disagree. Violates: You fool." in words


def test_similar_cases_are_told_with_what_they_share_and_how_they_ended(desk: Client) -> None:
    make_policy()
    person = UserFactory()
    mine = {"conversation__owner": person, "author": person}
    same_passage = flag_by_rule(MessageFactory(content="You fool, go."))
    decide(make_staff(), same_passage)
    same_person = make_case(MessageFactory(**mine))
    decide(make_staff(), same_person, verdict=Verdict.NO_VIOLATION, policy_code="")
    words = words_of(desk, flag_by_rule(MessageFactory(content="You fool, what now?", **mine)))
    assert f"#{same_passage.pk} same passage" in words
    assert re.search(rf"#{same_passage.pk} same passage \S* ?Violates No insults", words)
    assert re.search(rf"#{same_person.pk} same person \S* ?No violation", words)


def test_the_timeline_names_everybody_and_when(desk: Client, moderator: User) -> None:
    make_policy()
    person = UserFactory(name="Uma")
    message = MessageFactory(conversation__owner=person, author=person)
    case = make_case(message, UserFactory(name="Rita"))
    mia, lena = make_staff(), make_staff("lead")
    User.objects.filter(pk=mia.pk).update(name="Mia")
    User.objects.filter(pk=lena.pk).update(name="Lena")
    mia.refresh_from_db()
    lena.refresh_from_db()
    cases.claim(actor=mia, case_id=case.pk)
    cases.add_note(actor=mia, case_id=case.pk, text="Seen before.")
    taken = cases.take_over(actor=lena, case_id=case.pk, reason="Mia went home.")
    ruling = Ruling(verdict=Verdict.VIOLATES, policy_code="insults", reason="An insult.")
    decision = decisions.decide(actor=lena, case_id=case.pk, version=taken.version, ruling=ruling)
    appeals.submit(
        actor=person, notice_id=decision.notices.get(subject=person).pk, text="I meant it well."
    )
    words = words_of(desk, case)
    timeline = words[words.index("What happened") :]
    moment = r"(just now|\d+ seconds? ago|0 minutes ago)"
    for told in (
        "Uma appealed",
        r"Lena sent a notice: [^.]*",
        "Lena took it over from Mia",
        "Mia wrote a note",
        "Mia took the case",
        "Rita flagged it: user, insults or harasses",
        "Case opened",
    ):
        assert re.search(rf"{told} {moment}", timeline), (told, timeline)
    assert re.search(rf"Lena decided: violates, No insults {moment}", timeline)


def test_opening_a_case_again_and_again_is_one_line_of_its_timeline(desk: Client) -> None:
    mia, lena = make_staff(), make_staff("lead")
    User.objects.filter(pk=mia.pk).update(name="Mia")
    mia.refresh_from_db()
    case = make_case()

    def opened_and_left(times: int) -> None:
        for _ in range(times):
            cases.claim(actor=mia, case_id=case.pk)
            cases.release(actor=mia, case_id=case.pk)

    opened_and_left(3)
    cases.add_note(actor=mia, case_id=case.pk, text="Seen before.")
    opened_and_left(1)
    cases.claim(actor=mia, case_id=case.pk)
    shown = [entry.what for entry in case_pages.show(viewer=lena, case_id=case.pk).timeline]
    assert shown[:3] == [
        "took the case 2 times in a row",
        "wrote a note",
        "took the case and gave it back 3 times in a row",
    ]
    assert AuditEvent.objects.filter(action="case.claimed").count() == 5


def test_a_decision_is_taken_back_from_its_case_a_day_later(
    desk: Client, moderator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_policy()
    message = MessageFactory(content="You fool.")
    case = claimed_case(moderator, message)
    hiding = (Measure(kind=EnforcementKind.HIDE_MESSAGE),)
    decision = decide(moderator, case, measures=hiding)
    assert Strike.objects.active().count() == 1
    tomorrow = timezone.now() + timedelta(days=1)
    monkeypatch.setattr(timezone, "now", lambda: tomorrow)
    desk.force_login(moderator)
    page = desk.get(f"{QUEUE}{case.pk}/").content.decode()
    undo = f"{QUEUE}decisions/{decision.pk}/undo/"
    assert f'action="{undo}"' in page
    assert desk.post(undo, {"reason": "It was a quotation."}).status_code == 302
    shown = Message.objects.get(pk=message.pk)
    assert (shown.content, shown.is_hidden) == ("You fool.", False)
    assert Strike.objects.active().count() == 0
    again = Decision.objects.get(supersedes=decision)
    assert (again.is_undo, again.actor_id) == (True, moderator.pk)


def test_only_who_may_take_a_decision_back_is_offered_to(desk: Client, sign_in: SignIn) -> None:
    make_policy()
    other = make_staff()
    case = claimed_case(other)
    decision = decide(other, case)
    offer = f'action="{QUEUE}decisions/{decision.pk}/undo/"'
    assert offer not in desk.get(f"{QUEUE}{case.pk}/").content.decode()
    assert offer in sign_in(make_staff("lead")).get(f"{QUEUE}{case.pk}/").content.decode()


def test_a_leads_claim_that_has_lapsed_is_offered_to_no_moderator(
    desk: Client, moderator: User, sign_in: SignIn
) -> None:
    case = claimed_case(moderator)
    decide(moderator, case, verdict=Verdict.UNSURE, policy_code="", reason="I cannot tell.")
    cases.take_next(actor=make_staff("lead"))
    over = timezone.now() - timedelta(minutes=1)
    Case.objects.filter(pk=case.pk).update(claim_expires_at=over)
    page = desk.get(f"{QUEUE}{case.pk}/").content.decode()
    assert "This case was handed on. A lead decides it." in page
    assert "data-may-decide" not in page
    assert "Take this case" not in page
    standing = desk.get(f"{QUEUE}{case.pk}/standing/").json()
    assert standing["why_not"] == "This case was handed on. A lead decides it."
    theirs = sign_in(make_staff("lead")).get(f"{QUEUE}{case.pk}/").content.decode()
    assert "data-may-decide" in theirs
    assert "Take this case" in theirs


def test_the_menu_says_how_many_cases_are_past_due(desk: Client) -> None:
    case = make_case()
    assert 'title="1"' not in desk.get(QUEUE).content.decode()
    Case.objects.filter(pk=case.pk).update(due_at=timezone.now() - timedelta(hours=1))
    cache.clear()
    html = desk.get(QUEUE).content.decode()
    menu = html[html.index(f'href="{QUEUE}"') :][:1500]
    assert re.search(r">\s*1\s*<", menu)


def test_who_decided_many_severe_cases_is_offered_a_break(
    desk: Client, moderator: User, settings: Settings
) -> None:
    settings.MODERATION_SEVERE_IN_A_ROW = 2
    make_policy()
    waiting = make_case()
    for _ in range(2):
        assert "in a row" not in words_of(desk, waiting)
        severe = make_case()
        Case.objects.filter(pk=severe.pk).update(severity=Severity.CRITICAL)
        decide(moderator, severe)
    words = words_of(desk, waiting)
    assert "You decided 2 severe cases in a row. Take a break, or work on lighter ones" in words


def test_no_list_of_the_admin_offers_to_select_what_it_does_not_show(as_admin: Client) -> None:
    MessageFactory.create_batch(60)
    page = as_admin.get("/admin/conversations/message/").content.decode()
    boxes = page.count('name="message"')
    assert 0 < boxes < 60
    assert "select_across" not in page
    assert "Select all" not in page


def test_the_case_of_an_answer_costs_its_reader_nothing_and_says_so(desk: Client) -> None:
    answer = MessageFactory(assistant=True, content="You fool.")
    ReplyFactory(message=answer)
    case = make_case(answer)
    assert case.target_role == Author.ASSISTANT
    assert "They read this answer; a model wrote it. It costs them no points." in words_of(
        desk, case
    )
    assert Flag.objects.filter(case=case).count() == 1
