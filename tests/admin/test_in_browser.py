"""The staff site in a real browser: nothing its policy forbids, nothing a screen reader misses."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from apps.conversations.services.reviewing import note_reading
from apps.conversations.services.visibility import hide_message
from apps.moderation.models import Rule, RuleHit
from apps.users.models import User
from tests.admin.conftest import make_talk
from tests.moderation.factories import claimed_case, make_rule, make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}


def hit_by(rule: Rule) -> None:
    """Make a hit of a rule."""
    RuleHit.objects.create(
        rule=rule, version=rule.current, mode=rule.mode, outcome="recorded", stage=rule.stage
    )


def faults(page: Page) -> list[str]:
    """Return what axe finds: the rule and the first place of each."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{fault['id']}: {fault['nodes'][0]['target'][0]}" for fault in found]


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 768), ("light", 390)])
def test_pages_keep_the_policy_and_can_be_read_by_everybody(
    live_server: LiveServer, chromium_path: str, admin: User, person: User, theme: str, width: int
) -> None:
    talk = make_talk(person, running=True)
    client = Client()
    client.force_login(admin)
    hide_message(actor=admin, message_id=talk.question.pk, reason="A threat.")
    staff = make_staff()
    claimed_case(staff)
    hit_by(make_rule())
    note_reading(
        viewer=staff,
        conversation_id=talk.conversation.pk,
        owner_id=talk.conversation.owner_id,
    )
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    paths = (
        "/admin/",
        "/admin/conversations/message/",
        f"/admin/conversations/conversation/{talk.conversation.pk}/change/",
        f"/admin/users/user/{person.pk}/change/",
        f"/admin/users/user/{person.pk}/suspend/",
        "/admin/conversations/message/?q=hello",
        "/admin/moderation/dashboard/",
        "/admin/moderation/dashboard/decisions/",
        "/admin/moderation/dashboard/rules/",
        "/admin/moderation/dashboard/care/",
    )
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=CHROMIUM_OPTIONS)
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce",
        )
        context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
        )
        page = context.new_page()
        page.on(
            "console", lambda line: complaints.append(line.text) if line.type == "error" else None
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        for path in paths:
            response = page.goto(live_server.url + path)
            page.wait_for_load_state("networkidle")
            assert response is not None
            assert response.status == 200
            complaints += [f"{path} {fault}" for fault in faults(page)]
            too_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
            complaints += [f"{path} is wider than the window"] if too_wide else []
        browser.close()
    assert complaints == []
