"""The frame of the staff site by keyboard alone: the menu, the account, the way anywhere."""

import pytest
from asgiref.sync import sync_to_async
from playwright.async_api import expect
from pytest_django.live_server_helper import LiveServer

from apps.users.models import User
from tests.browser.tab import Browsing
from tests.factories import MessageFactory
from tests.moderation.factories import make_case, make_policy, make_staff
from tests.support.axe import violations
from tests.support.chromium import Chromium

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


async def test_whoever_has_no_mouse_passes_the_menu_and_goes_anywhere_while_they_write(
    live_server: LiveServer, chromium: Chromium, admin: User
) -> None:
    async with Browsing(url=live_server.url, chromium=chromium) as browsing:
        tab = await browsing.signed_in(admin, reduced_motion="reduce")
        page, keys = tab.page, tab.page.keyboard
        await tab.open("/admin/users/user/")
        here = page.locator("#nav-sidebar [aria-current=page]")
        await expect(here).to_contain_text("Accounts")
        await keys.press("Tab")
        await expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
        await keys.press("Enter")
        await keys.press("Tab")
        in_content = "document.querySelector('#content').contains(document.activeElement)"
        assert await page.evaluate(in_content)
        field = page.locator("#searchbar")
        await field.focus()
        await keys.press("Control+k")
        await keys.type(f"user:{admin.pk}")
        await expect(page.locator("[data-jump-found] a")).to_have_count(1)
        assert await violations(page) == []
        await keys.press("Escape")
        await expect(field).to_be_focused()
        await keys.press("Control+k")
        await keys.type("audit")
        await keys.press("Enter")
        await page.wait_for_url("**/admin/audit/auditevent/")


async def test_the_account_opens_closes_and_signs_out_by_keys(
    live_server: LiveServer, chromium: Chromium, admin: User
) -> None:
    async with Browsing(url=live_server.url, chromium=chromium) as browsing:
        tab = await browsing.signed_in(admin, reduced_motion="reduce")
        page, keys = tab.page, tab.page.keyboard
        await tab.open("/admin/")
        account = page.locator("[data-account]")
        summary = account.locator("summary")
        await summary.focus()
        await keys.press("Enter")
        assert await violations(page) == []
        await keys.press("Escape")
        await expect(summary).to_be_focused()
        await expect(account).not_to_have_attribute("open", "")
        await keys.press("Enter")
        await page.get_by_role("button", name="Sign out").focus()
        await keys.press("Enter")
        await page.wait_for_url("**/accounts/login/")


async def test_a_theme_holds_for_the_pages_of_staff_and_of_people_wherever_it_was_chosen(
    live_server: LiveServer, chromium: Chromium, admin: User
) -> None:
    async with Browsing(url=live_server.url, chromium=chromium) as browsing:
        tab = await browsing.signed_in(admin, color_scheme="light")
        page, root = tab.page, tab.page.locator("html")
        await tab.open("/settings/")
        async with page.expect_response("**/theme/"):
            await page.get_by_role("button", name="Dark").first.click()
        await tab.open("/admin/")
        await expect(root).to_have_class("dark")
        async with page.expect_response("**/theme/"):
            await page.keyboard.press("Control+e")
        await expect(root).to_have_class("light")
        await tab.open("/settings/")
        await expect(root).to_have_attribute("data-theme", "light")


@pytest.mark.parametrize("width", [360, 1440])
async def test_without_scripts_a_page_of_staff_is_there_with_its_menu_and_its_theme(
    live_server: LiveServer, chromium: Chromium, admin: User, width: int
) -> None:
    async with Browsing(url=live_server.url, chromium=chromium) as browsing:
        tab = await browsing.signed_in(
            admin, java_script_enabled=False, viewport={"width": width, "height": 800}
        )
        page = tab.page
        await tab.open("/admin/audit/auditevent/")
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await page.get_by_role("link", name="Accounts").click()
        await page.wait_for_url("**/admin/users/user/")
        await page.locator("[data-account] summary").click()
        await page.get_by_role("button", name="Dark").click()
        await page.wait_for_url("**/admin/users/user/")
        await page.locator("[data-account] summary").click()
        pressed = page.get_by_role("button", name="Dark")
        await expect(pressed).to_have_attribute("aria-pressed", "true")


async def test_on_a_phone_the_menu_lies_over_the_page_holds_the_focus_and_gives_it_back(
    live_server: LiveServer, chromium: Chromium, admin: User
) -> None:
    async with Browsing(url=live_server.url, chromium=chromium) as browsing:
        phone = {"width": 360, "height": 780}
        tab = await browsing.signed_in(
            admin, viewport=phone, has_touch=True, reduced_motion="reduce"
        )
        page = tab.page
        await tab.open("/admin/")
        opener = page.get_by_role("button", name="Open the menu")
        await opener.tap()
        await expect(page.get_by_role("button", name="Close the menu")).to_be_focused()
        await expect(page.locator("#main")).to_have_js_property("inert", True)
        assert await violations(page) == []
        await page.keyboard.press("Escape")
        await expect(opener).to_be_focused()
        await expect(page.locator("#nav-sidebar")).to_be_hidden()
        await opener.tap()
        await page.touchscreen.tap(350, 400)
        await expect(page.locator("#nav-sidebar")).to_be_hidden()


def prepare_cases() -> tuple[User, int, int]:
    """Make two cases and somebody to decide them."""
    make_policy(shortcut=1)
    numbers = [make_case(MessageFactory(content=f"You fool {n}.")).pk for n in range(2)]
    return make_staff(), numbers[0], numbers[1]


async def test_a_case_is_written_about_without_a_mouse_and_no_word_is_lost(
    live_server: LiveServer, chromium: Chromium
) -> None:
    moderator, first, second = await sync_to_async(prepare_cases)()
    browsing = Browsing(url=live_server.url, chromium=chromium)
    browsing.allowed = "/ws/desk/"
    async with browsing:
        tab = await browsing.signed_in(moderator, reduced_motion="reduce")
        page, keys = tab.page, tab.page.keyboard
        title = page.locator("[data-title]")
        await tab.open(f"/admin/moderation/queue/{first}/")
        await expect(page.locator("[data-claim-words]")).to_have_text("You hold it")
        await keys.press("a")
        await keys.type("Look at the second one too.")
        await keys.press("Control+Enter")
        await expect(page.locator(".mod-timeline")).to_contain_text("Look at the second one too.")
        await expect(title).to_be_focused()
        for key in ("m", "Space", "1", "i", "End"):
            await keys.press(key)
        await expect(page.locator("[name=measure]").first).not_to_be_checked()
        await keys.type(" And more.")
        await keys.press("Escape")
        await expect(title).to_be_focused()
        await keys.press("s")
        await expect(title).to_have_text(f"Case {second}")
        await tab.open(f"/admin/moderation/queue/{first}/")
        reason = page.locator("[name=reason]").first
        await expect(reason).to_have_value("The message insults somebody. And more.")
        await expect(page.locator("[name=policy]:checked")).to_have_value("insults")
