"""The pages of rules in a real browser: readable by everybody, labelled by two keys."""

import os

import pytest
from asgiref.sync import sync_to_async
from playwright.async_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from apps.moderation.models import BackTestMatch
from apps.moderation.services.rules import back_tests, rules
from apps.users.models import User
from tests.admin.test_in_browser import faults_in_both_themes
from tests.browser.tab import Browsing, Tab
from tests.factories import ConversationFactory, MessageFactory
from tests.moderation.factories import make_rule, make_staff
from tests.support.chromium import Chromium

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTHS = (1440, 360)


def prepare() -> tuple[User, dict[str, str]]:
    """Make a rule with a draft and a back-test of it; return who approves it and the pages."""
    approver = make_staff("rule_approver")
    rule = make_rule(stage="input", applies_to="user", description="Words that hurt.")
    conversation = ConversationFactory()
    for number in range(4):
        content = f"{number} what a badword this is <b>really</b>"
        MessageFactory(conversation=conversation, role="user", content=content)
    draft = rules.new_version(
        actor=approver, rule_id=rule.pk, configuration={"terms": ["badword", "worse"]}
    )
    back_test = back_tests.start(actor=approver, version_id=draft.pk)
    while back_tests.step(back_test.pk):
        pass
    return approver, {
        "list": "/admin/moderation/rule/",
        "rule": f"/admin/moderation/rule/{rule.pk}/change/",
        "new": "/admin/moderation/rule/new/keyword/",
        "pii": "/admin/moderation/rule/new/pii/",
        "enforce": f"/admin/moderation/rule/{rule.pk}/enforce/",
        "back-test": f"/admin/moderation/backtest/{back_test.pk}/change/?label=1",
    }


async def keep(page: Page, name: str) -> None:
    folder = os.environ.get("PARLEY_SCREENSHOTS")
    if folder:
        await page.screenshot(path=f"{folder}/{name}.png", full_page=True)


async def try_on_a_text(page: Page) -> None:
    """Have the rule tried, and its hit marked."""
    await page.get_by_label("Try it on a text").fill("A b4dword, <i>so</i> what?")
    await page.get_by_role("button", name="Try", exact=True).click()
    await expect(page.locator("mark").first).to_have_text("b4dword")


async def label_by_keys(tab: Tab, path: str) -> None:
    """Label the whole sample without a mouse."""
    await tab.open(path)
    for key, left in (("1", "4 left"), ("0", "3 left"), ("1", "2 left"), ("1", "1 left")):
        await tab.page.get_by_text(left).wait_for()
        await tab.page.keyboard.press(key)
    await tab.page.get_by_text("Everything in the sample has a label.").wait_for()


async def test_pages_fit_and_can_be_read_and_two_keys_label(
    live_server: LiveServer, chromium: Chromium
) -> None:
    approver, paths = await sync_to_async(prepare)()
    found: dict[str, list[str]] = {}
    async with Browsing(url=live_server.url, chromium=chromium) as browsing:
        tab = await browsing.signed_in(approver, reduced_motion="reduce")
        for name, path in paths.items():
            await tab.page.goto(path)
            if name == "rule":
                await try_on_a_text(tab.page)
            for width in WIDTHS:
                await tab.page.set_viewport_size({"width": width, "height": 900})
                if some := await faults_in_both_themes(tab):
                    found[f"{name} {width}"] = some
                await keep(tab.page, f"{name}-{width}")
        await label_by_keys(tab, paths["back-test"])
    assert found == {}
    labels = BackTestMatch.objects.order_by("labelled_at").values_list("is_violation", flat=True)
    assert [label async for label in labels] == [True, False, True, True]
