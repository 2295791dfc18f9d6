"""What a person is told, and how they read and answer it, suspended or not."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

from apps.conversations.models import Conversation, Message
from apps.moderation.constants import EnforcementKind, FlagSource, Verdict
from apps.moderation.models import Appeal, Notice, RuleHit, RuleVersion
from apps.moderation.services.cases import cases, flags
from apps.moderation.services.decisions import automatic, decisions, previews
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.enforcements import Measure
from apps.moderation.services.notices import deliveries, letters
from apps.users.models import User
from tests.factories import PASSWORD, MessageFactory, UserFactory
from tests.moderation.factories import (
    claimed_case,
    make_policy,
    make_rule,
    make_staff,
    make_thresholds,
)

pytestmark = pytest.mark.django_db


def decide(*kinds: EnforcementKind, person: User | None = None) -> Notice:
    """Decide about a message of somebody; returns what they are told."""
    moderator = make_staff()
    make_policy(code=f"insults{Notice.objects.count()}", shortcut=None)
    owner = person or UserFactory(name="Uma")
    case = claimed_case(moderator, MessageFactory(conversation__owner=owner, content="You fool."))
    decision = decisions.decide(
        actor=moderator,
        case_id=case.pk,
        version=case.version,
        ruling=Ruling(
            verdict=Verdict.VIOLATES,
            policy_code=f"insults{Notice.objects.count()}",
            reason="An insult.",
            reason_for_user="It insults <b>somebody</b>.",
            measures=[Measure(kind=kind) for kind in kinds],
        ),
    )
    return Notice.objects.select_related("subject").get(decision=decision, subject=owner)


def browser_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_the_list_shows_what_is_new_in_which_conversation_and_how_one_stands() -> None:
    make_thresholds()
    notice = decide(EnforcementKind.HIDE_MESSAGE)
    text = browser_of(notice.subject).get(reverse("moderation:notices")).content.decode()
    assert "A message of yours was hidden" in text
    assert ">New<" in text
    assert "<strong>2</strong> points count at the moment." in text
    assert "At 3 the consequence is a warning." in text
    talk = Conversation.objects.get()
    Conversation.objects.filter(pk=talk.pk).update(title="About bread")
    text = browser_of(notice.subject).get(reverse("moderation:notices")).content.decode()
    assert "About bread" in text
    Conversation.objects.filter(pk=talk.pk).update(deleted_at=timezone.now())
    text = browser_of(notice.subject).get(reverse("moderation:notices")).content.decode()
    assert "About bread" not in text
    Conversation.objects.filter(pk=talk.pk).delete()
    assert browser_of(notice.subject).get(reverse("moderation:notices")).status_code == 200


def test_what_a_rule_did_and_a_person_confirms_is_told_again_with_a_person_behind_it() -> None:
    rule = make_rule(mode="enforce")
    version = RuleVersion.objects.select_related("rule__policy__current").get(rule=rule)
    message = MessageFactory(content="You fool.", hidden_at=timezone.now())
    hit = RuleHit.objects.create(
        rule=rule, version=version, mode="enforce", outcome="enforced", stage="input"
    )
    case = flags.raise_flag(message=message, source=FlagSource.RULE, hit=hit, policy=rule.policy)
    automatic.decide_by_rule(
        case=case, rule_version=version, snapshot=case.snapshots.get(), gives_points=True
    )
    moderator = make_staff()
    case = cases.claim(actor=moderator, case_id=case.pk)
    ruling = Ruling(verdict=Verdict.VIOLATES, policy_code="insults", reason="An insult.")
    preview = previews.preview(actor=moderator, case_id=case.pk, ruling=ruling)
    decisions.decide(actor=moderator, case_id=case.pk, version=case.version, ruling=ruling)
    by_rule, by_person = Notice.objects.filter(subject=case.subject_id).order_by("id")
    assert "A rule found this automatically; no person has looked at it yet." in by_rule.body
    assert (by_person.title, by_person.body) == (preview.title, preview.body)
    assert by_person.title == "A message of yours was hidden"
    assert "A rule found this automatically; a person has looked at it since" in by_person.body
    assert by_person.appeal_until is not None
    assert Message.objects.get().is_hidden


def test_a_notice_is_read_by_opening_it_and_says_why_in_plain_text() -> None:
    notice = decide(EnforcementKind.HIDE_MESSAGE)
    browser = browser_of(notice.subject)
    assert deliveries.count_unread(notice.subject_id) == 1
    text = browser.get(reverse("moderation:notice", args=[notice.pk])).content.decode()
    assert "It insults &lt;b&gt;somebody&lt;/b&gt;." in text
    assert "Policy: No insults" in text
    assert deliveries.count_unread(notice.subject_id) == 0


def test_somebody_elses_notice_is_not_there() -> None:
    notice = decide(EnforcementKind.HIDE_MESSAGE)
    browser = browser_of(UserFactory())
    for name in ("notice", "appeal", "withdraw"):
        page = reverse(f"moderation:{name}", args=[notice.pk])
        answer = browser.get(page) if name == "notice" else browser.post(page, {"text": "So."})
        assert answer.status_code == 404
    assert not Appeal.objects.exists()


def test_an_appeal_is_sent_followed_and_withdrawn_from_the_notice() -> None:
    notice = decide(EnforcementKind.HIDE_MESSAGE)
    browser = browser_of(notice.subject)
    page = reverse("moderation:notice", args=[notice.pk])
    send = reverse("moderation:appeal", args=[notice.pk])
    refused = browser.post(send, {"text": "  "})
    assert refused.status_code == 400
    assert "Write between 1 and 4000 characters." in refused.content.decode()
    assert browser.post(send, {"text": "It was <i>friendly</i>."}).headers["Location"] == page
    text = browser.get(page).content.decode()
    assert "Your appeal waits for somebody to look at it." in text
    assert "It was &lt;i&gt;friendly&lt;/i&gt;." in text
    browser.post(reverse("moderation:withdraw", args=[notice.pk]))
    assert "You withdrew your appeal." in browser.get(page).content.decode()


def test_the_refused_sign_in_leads_a_suspended_person_to_their_notice_and_appeal() -> None:
    notice = decide(EnforcementKind.SUSPEND)
    browser = Client()
    sent = {"login": notice.subject.email, "password": PASSWORD}
    refused = browser.post(reverse("account_login"), sent)
    assert refused.status_code == 403
    text = refused.content.decode()
    assert "Your account is suspended" in text
    found = re.search(r'href="(/[^"]*letters/[^"]+)"', text)
    assert found is not None
    path = found[1]
    letter = browser.get(path)
    assert letter.status_code == 200
    assert letter.headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in letter.headers["Cache-Control"]
    assert browser.post(path, {"text": "Look again."}).headers["Location"] == path
    assert Appeal.objects.get().subject_id == notice.subject_id
    assert browser.get(reverse("moderation:notices")).status_code == 302


def test_a_wrong_password_shows_no_letters() -> None:
    notice = decide(EnforcementKind.SUSPEND)
    sent = {"login": notice.subject.email, "password": "Wrong-horse-1"}
    assert "letters/" not in Client().post(reverse("account_login"), sent).content.decode()


def test_a_letter_opens_one_notice_for_a_time_and_cannot_be_made_up() -> None:
    notice = decide(EnforcementKind.SUSPEND)
    late = letters.write_token(notice, life=timedelta(seconds=-1))
    good = letters.write_token(notice, life=timedelta(hours=1))
    for token in (late, f"{good}x", "nonsense", good.replace(":", ":x", 1)):
        page = reverse("moderation:letter", args=[token])
        assert Client().get(page).status_code == 404
        assert Client().post(page, {"text": "So."}).status_code == 404
    User.objects.filter(pk=notice.subject_id).update(is_active=False)
    assert Client().get(reverse("moderation:letter", args=[good])).status_code == 404


def test_a_notice_is_mailed_after_the_commit_where_mail_is_configured(
    settings: Settings,
) -> None:
    decide(EnforcementKind.HIDE_MESSAGE)
    jobs = ProcrastinateJob.objects.filter(task_name=deliveries.MAIL_TASK)
    assert not jobs.exists()
    settings.EMAIL_URL = "smtp://mail.example.com"
    notice = decide(EnforcementKind.SUSPEND)
    assert jobs.filter(args__notice_id=notice.pk).exists()
    message = deliveries.compose_mail(notice_id=notice.pk)
    assert message is not None
    message.send()
    sent = mail.outbox[0]
    assert sent.subject == "Parley: Your account was suspended"
    assert sent.to == [notice.subject.email]
    assert "It insults <b>somebody</b>." in sent.body
    link = next(line for line in sent.body.splitlines() if "/letters/" in line)
    assert Client().get(link.removeprefix(settings.PUBLIC_URL)).status_code == 200


def test_the_mail_of_a_closed_account_is_not_sent() -> None:
    notice = decide(EnforcementKind.HIDE_MESSAGE)
    User.objects.filter(pk=notice.subject_id).update(is_active=False)
    assert deliveries.compose_mail(notice_id=notice.pk) is None


def test_expired_points_are_not_counted_on_the_page() -> None:
    notice = decide(EnforcementKind.HIDE_MESSAGE)
    notice.subject.strikes.update(expires_at=timezone.now() - timedelta(seconds=1))
    text = browser_of(notice.subject).get(reverse("moderation:notices")).content.decode()
    assert "None." in text
