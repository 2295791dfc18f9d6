"""The pages of moderation, for staff and for whom they decide about: to be read by everybody.

In light and dark, on a desk, at 200 % and on a phone.
"""

from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone
from playwright.async_api import ViewportSize
from pytest_django.live_server_helper import LiveServer

from apps.conversations.services import shares
from apps.moderation.constants import EnforcementKind, Severity, Verdict
from apps.moderation.models import Case, Decision, Notice
from apps.moderation.services.appeals import appeals
from apps.moderation.services.cases import cases, grants
from apps.moderation.services.decisions import decisions
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.enforcements import Measure
from apps.moderation.services.notices import letters
from apps.users.models import User
from tests.admin.test_in_browser import faults, show_in
from tests.browser.tab import Browsing, Tab
from tests.factories import MessageFactory, UserFactory
from tests.moderation.factories import make_case, make_policy, make_rule, make_staff
from tests.support.axe import Theme
from tests.support.chromium import Chromium

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
QUEUE = "/admin/moderation/queue/"
Look = tuple[Theme, ViewportSize]
DESK: Look = ("light", {"width": 1440, "height": 900})
DOUBLE: Look = ("dark", {"width": 720, "height": 450})
"""A desk's window at 200 %."""
PHONE: Look = ("dark", {"width": 360, "height": 780})
WINDOWS: tuple[tuple[dict[str, Any], tuple[Look, ...]], ...] = (
    ({"device_scale_factor": 2}, (DESK, DOUBLE)),
    ({"has_touch": True, "is_mobile": True}, (PHONE,)),
)
"""What a window is told at its opening, and the looks that it takes on each page."""
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


def everybody() -> list[tuple[User, list[str]]]:
    """Return who looks at which pages."""
    make_policy(shortcut=1)
    lead, person = make_staff("lead"), UserFactory(name="Uma")
    return [
        (lead, of_staff(lead, person)),
        (make_staff(), ["/admin/moderation/dashboard/"]),
        (person, of_person(person)),
    ]


async def complaints_of(tab: Tab, path: str, looks: tuple[Look, ...]) -> list[str]:
    """Return what is wrong with a page in some looks."""
    response = await tab.page.goto(path)
    assert response is not None
    assert response.status == 200 or response.status in REFUSED
    found: list[str] = []
    for theme, size in looks:
        await show_in(tab.page, theme)
        await tab.page.set_viewport_size(size)
        found += [f"{path} {theme} {size['width']} {one}" for one in await faults(tab)]
    return found


async def test_pages_of_moderation_can_be_read_by_everybody(
    live_server: LiveServer, chromium: Chromium
) -> None:
    complaints: list[str] = []
    browsing = Browsing(url=live_server.url, chromium=chromium)
    browsing.allowed = "status of 40[34]|/ws/desk/"
    async with browsing:
        for person, paths in await sync_to_async(everybody)():
            for options, looks in WINDOWS:
                tab = await browsing.signed_in(person, reduced_motion="reduce", **options)
                for path in paths:
                    complaints += await complaints_of(tab, path, looks)
    assert complaints == []
