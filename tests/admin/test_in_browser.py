"""The staff site in a real browser: nothing its policy forbids, nothing a screen reader misses."""

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from playwright.async_api import Page
from pytest_django.live_server_helper import LiveServer

from apps.conversations.services.reviewing import note_reading
from apps.conversations.services.visibility import hide_message
from apps.moderation.models import Rule, RuleHit
from apps.users.models import User
from tests.admin.conftest import make_talk
from tests.browser.tab import Browsing, Tab
from tests.factories import MessageFactory
from tests.moderation.factories import claimed_case, make_rule, make_staff
from tests.support.axe import Theme, violations, violations_in_both_themes
from tests.support.chromium import Chromium

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTHS: dict[Theme, tuple[int, ...]] = {"light": (390, 1440), "dark": (768,)}
IS_WIDER_THAN_THE_WINDOW = "document.documentElement.scrollWidth > innerWidth"
CROPS_A_LINE = """[...document.querySelectorAll("#result_list td")].some(
  (cell) => cell.scrollHeight > cell.clientHeight + 1)"""
MOVES_A_LIST = """[...document.querySelectorAll(".simplebar-content-wrapper:has(table)")].some(
  (list) => list.scrollWidth > list.clientWidth + 1)"""
PRESSES_TO_ANY_THEME = 2
"""From the system's to light, from there to dark and back."""


def hit_by(rule: Rule) -> None:
    """Make a hit of a rule."""
    RuleHit.objects.create(
        rule=rule, version=rule.current, mode=rule.mode, outcome="recorded", stage=rule.stage
    )


def make_pages(admin: User, person: User) -> list[str]:
    """Return pages of the staff site, each with something on it."""
    talk = make_talk(person, running=True)
    client = Client()
    client.force_login(admin)
    hide_message(actor=admin, message_id=talk.question.pk, reason="A threat.")
    staff = make_staff()
    long = claimed_case(staff, MessageFactory(content="A long insult. " * 120))
    hit_by(make_rule())
    note_reading(
        viewer=staff,
        conversation_id=talk.conversation.pk,
        owner_id=talk.conversation.owner_id,
    )
    return [
        "/admin/",
        "/admin/conversations/message/",
        "/admin/conversations/reply/",
        f"/admin/conversations/message/{long.message_id}/hide/",
        f"/admin/conversations/conversation/{talk.conversation.pk}/change/",
        f"/admin/users/user/{person.pk}/change/",
        f"/admin/users/user/{person.pk}/suspend/",
        "/admin/conversations/message/?q=hello",
        "/admin/moderation/dashboard/",
        "/admin/moderation/dashboard/decisions/",
        "/admin/moderation/dashboard/rules/",
        "/admin/moderation/dashboard/care/",
    ]


async def show_in(page: Page, theme: Theme) -> None:
    """Show a page in a theme: people's pages follow the system, the staff site follows a key."""
    await page.emulate_media(color_scheme=theme)
    root = page.locator("html")
    if await root.get_attribute("x-data") is None:
        return
    for _ in range(PRESSES_TO_ANY_THEME):
        if theme not in (await root.get_attribute("class") or "").split():
            await page.keyboard.press("Control+e")
    assert theme in (await root.get_attribute("class") or "").split()


async def faults(tab: Tab) -> list[str]:
    """Return what is wrong with the page as it is shown now."""
    return [*await violations(tab.page), *await too_large(tab.page)]


async def faults_in_both_themes(tab: Tab) -> list[str]:
    """Return what is wrong with the page in light, and in dark only."""
    found = await violations_in_both_themes(tab.page, show=show_in)
    return [*found, *await too_large(tab.page)]


async def too_large(page: Page) -> list[str]:
    """Say so where a page must be moved sideways, or words of a list are cut off."""
    looks = {
        "wider than the window": IS_WIDER_THAN_THE_WINDOW,
        "a list to be moved sideways": MOVES_A_LIST,
        "words cut off": CROPS_A_LINE,
    }
    return [fault for fault, look in looks.items() if await page.evaluate(look)]


async def test_pages_keep_the_policy_and_can_be_read_by_everybody(
    live_server: LiveServer,
    chromium: Chromium,
    admin: User,
    person: User,
) -> None:
    paths = await sync_to_async(make_pages)(admin, person)
    found: dict[str, list[str]] = {}
    async with Browsing(url=live_server.url, chromium=chromium) as browsing:
        tab = await browsing.signed_in(admin, reduced_motion="reduce")
        for path in paths:
            response = await tab.page.goto(path)
            assert response is not None
            assert response.status == 200
            for theme, widths in WIDTHS.items():
                await show_in(tab.page, theme)
                for width in widths:
                    await tab.page.set_viewport_size({"width": width, "height": 900})
                    if some := await faults(tab):
                        found[f"{path} {theme} {width}"] = some
    assert found == {}
