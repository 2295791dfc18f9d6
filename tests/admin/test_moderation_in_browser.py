"""The pages of moderation, for staff and for whom they decide about: to be read by everybody.

In light and dark, on a desk, at 200 % and on a phone.
"""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from apps.conversations.services import shares
from apps.moderation.constants import EnforcementKind, Severity, Verdict
from apps.moderation.models import Case, Decision, Notice
from apps.moderation.services import appeals, cases, decisions, grants, letters
from apps.moderation.services.decisions import Ruling
from apps.moderation.services.enforcements import Measure
from apps.users.models import User
from tests.admin.test_in_browser import CHROMIUM_OPTIONS, faults
from tests.factories import MessageFactory, UserFactory
from tests.moderation.factories import make_case, make_policy, make_rule, make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
QUEUE = "/admin/moderation/queue/"
LOOKS = {
    "desk": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    "double": {
        "viewport": {"width": 720, "height": 450},
        "color_scheme": "dark",
        "device_scale_factor": 2,
    },
    "phone": {
        "viewport": {"width": 360, "height": 780},
        "color_scheme": "dark",
        "has_touch": True,
        "is_mobile": True,
    },
}
REFUSED = {403, 404}


def decide(person: User, *kinds: EnforcementKind) -> Decision:
    """Decide that a message of somebody violates."""
    message = MessageFactory(conversation__owner=person, author=person, content="You fool.")
    judge = make_staff()
    case = cases.claim(actor=judge, case_id=make_case(message).pk)
    ruling = Ruling(
        verdict=Verdict.VIOLATES,
        policy_code="insults",
        reason="An insult.",
        measures=[Measure(kind=kind) for kind in kinds],
    )
    return decisions.decide(actor=judge, case_id=case.pk, version=case.version, ruling=ruling)


def of_staff(lead: User, person: User) -> list[str]:
    """Return the pages of staff, each with something on it."""
    message = MessageFactory(conversation__owner=person, content="You fool, what now?")
    mine = cases.claim(actor=lead, case_id=make_case(message).pk)
    severe = make_case()
    Case.objects.filter(pk=severe.pk).update(
        severity=Severity.CRITICAL, due_at=timezone.now() - timedelta(hours=1)
    )
    peers = cases.claim(actor=make_staff(), case_id=make_case().pk)
    decided = decide(person, EnforcementKind.HIDE_MESSAGE)
    appeal = appeals.submit(
        actor=person, notice_id=decided.notices.get(subject=person).pk, text="I meant it well."
    )
    closed = decide(UserFactory(), EnforcementKind.HIDE_MESSAGE)
    rule = make_rule(make_policy("spam"))
    return [
        QUEUE,
        f"{QUEUE}?severity=1&age=later&q=zeppelin&within=7",
        f"{QUEUE}?q=zeppelin",
        f"{QUEUE}{mine.pk}/",
        f"{QUEUE}{severe.pk}/",
        f"{QUEUE}{peers.pk}/",
        f"{QUEUE}{appeal.case_id}/",
        f"{QUEUE}{closed.case_id}/",
        f"/admin/moderation/rule/{rule.pk}/limits/",
        "/admin/moderation/policy/",
        "/admin/moderation/threshold/",
    ]


def of_person(person: User) -> list[str]:
    """Return the pages of a person about whom staff decided."""
    talk = MessageFactory(conversation__owner=person).conversation
    shares.create_share(actor=person, conversation_id=talk.pk, expires_in_days=7)
    grants.open_grant(actor=make_staff(), conversation_id=talk.pk, reason="A threat was reported.")
    decided = decide(person, EnforcementKind.RESTRICT)
    notice = Notice.objects.get(decision=decided, subject=person)
    return [
        "/settings/notices/",
        f"/settings/notices/{notice.pk}/",
        "/settings/readings/",
        "/settings/shared/",
        f"/letters/{letters.write_token(notice, life=timedelta(hours=1))}/",
        "/admin/moderation/queue/",
    ]


def session_of(person: User) -> str:
    """Sign somebody in."""
    client = Client()
    client.force_login(person)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def opened(browser: Browser, url: str, session: str, look: str) -> BrowserContext:
    """Open a window in which somebody is signed in."""
    context = browser.new_context(reduced_motion="reduce", **LOOKS[look])
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}])
    return context


def watched(context: BrowserContext, complaints: list[str]) -> Page:
    """Open a page that complains of what its scripts throw."""
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page


def complaints_of(page: Page, url: str, path: str) -> list[str]:
    """Return what is wrong with a page."""
    response = page.goto(url + path)
    page.wait_for_load_state("load")
    assert response is not None
    assert response.status == 200 or response.status in REFUSED
    found = faults(page)
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append("wider than the window")
    return [f"{path} {one}" for one in found]


@pytest.mark.parametrize("look", LOOKS)
def test_pages_of_moderation_can_be_read_by_everybody(
    live_server: LiveServer, chromium_path: str, look: str
) -> None:
    make_policy(shortcut=1)
    lead, person = make_staff("lead"), UserFactory(name="Uma")
    lists: Mapping[str, list[str]] = {
        session_of(lead): of_staff(lead, person),
        session_of(make_staff()): ["/admin/moderation/dashboard/"],
        session_of(person): of_person(person),
    }
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=CHROMIUM_OPTIONS)
        for session, paths in lists.items():
            context = opened(browser, live_server.url, session, look)
            page = watched(context, complaints)
            for path in paths:
                complaints += complaints_of(page, live_server.url, path)
            context.close()
        browser.close()
    assert complaints == []
