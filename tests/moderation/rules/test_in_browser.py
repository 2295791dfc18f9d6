"""The pages of rules in a real browser: readable by everybody, labelled by two keys."""

import os

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from apps.moderation.models import BackTestMatch
from apps.moderation.services import back_tests, rules
from tests.admin.test_in_browser import CHROMIUM_OPTIONS, faults
from tests.factories import ConversationFactory, MessageFactory
from tests.moderation.factories import make_rule, make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = [("light", 1440), ("dark", 1440), ("light", 360), ("dark", 360)]


def prepare() -> tuple[str, dict[str, str]]:
    """Make a rule with a draft and a back-test of it; return a session and the pages."""
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
    client = Client()
    client.force_login(approver)
    return client.cookies[settings.SESSION_COOKIE_NAME].value, {
        "list": "/admin/moderation/rule/",
        "rule": f"/admin/moderation/rule/{rule.pk}/change/",
        "new": "/admin/moderation/rule/new/keyword/",
        "pii": "/admin/moderation/rule/new/pii/",
        "enforce": f"/admin/moderation/rule/{rule.pk}/enforce/",
        "back-test": f"/admin/moderation/backtest/{back_test.pk}/change/?label=1",
    }


def is_too_wide(page: Page) -> bool:
    wide: bool = page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"
    )
    return wide


def keep(page: Page, name: str) -> None:
    folder = os.environ.get("PARLEY_SCREENSHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def label_by_keys(browser: Browser, url: str, session: str, path: str) -> None:
    """Label the whole sample without a mouse."""
    context = browser.new_context()
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}])
    page = context.new_page()
    page.goto(url + path)
    for key, left in (("1", "4 left"), ("0", "3 left"), ("1", "2 left"), ("1", "1 left")):
        page.get_by_text(left).wait_for()
        page.keyboard.press(key)
    page.get_by_text("Everything in the sample has a label.").wait_for()


def test_pages_fit_and_can_be_read_and_two_keys_label(
    live_server: LiveServer, chromium_path: str
) -> None:
    session, paths = prepare()
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=CHROMIUM_OPTIONS)
        for theme, width in LOOKS:
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
                "console",
                lambda line: complaints.append(line.text) if line.type == "error" else None,
            )
            page.on("pageerror", lambda error: complaints.append(str(error)))
            for name, path in paths.items():
                page.goto(live_server.url + path)
                page.wait_for_load_state("networkidle")
                if name == "rule":
                    page.get_by_label("Try it on a text").fill("A b4dword, <i>so</i> what?")
                    page.get_by_role("button", name="Try", exact=True).click()
                    assert page.locator("mark").first.inner_text() == "b4dword"
                keep(page, f"{name}-{theme}-{width}")
                assert faults(page) == [], f"{name} {theme} {width}"
                assert not is_too_wide(page), f"{name} {theme} {width}"
            context.close()
        label_by_keys(browser, live_server.url, session, paths["back-test"])
        browser.close()
    assert complaints == []
    labels = BackTestMatch.objects.order_by("labelled_at").values_list("is_violation", flat=True)
    assert list(labels) == [True, False, True, True]
