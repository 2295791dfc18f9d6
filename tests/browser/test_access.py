"""Every state of a conversation is readable by everybody, in both themes and on every width."""

from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async
from playwright.async_api import ViewportSize, expect

from apps.conversations.services import locking
from apps.core import db
from apps.users.models import User
from tests.browser.tab import Browsing, Tab
from tests.factories import ConversationFactory
from tests.support.axe import violations_in_both_themes
from tests.support.keyboard import faults_by_tab

pytestmark = pytest.mark.browser

LONG = "[[stream tokens=2000 rate=60]]"
RICH = """[[echo]]
## Two ways

| a | b |
| - | - |
| 1 | [a link](https://example.org/page) |

```python
print("hello")  # says hello
```

Let \\(x_1 + y\\) be

\\[
\\sum_{i=0}^{n} \\frac{x_i}{2} = aaaaa + bbbbb + ccccc + ddddd + eeeee + fffff + ggggg + hhhhh
\\]
"""
CUT_OFF = """
() => [...document.querySelectorAll("main *")]
    .filter((one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
    .filter((one) => !one.closest(".visually-hidden, pre, table, svg, .message-facts code"))
    .filter((one) => !one.closest(".formula--block > *"))
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
    .map((one) => one.outerHTML.slice(0, 120))
"""
IS_KEPT = """
() => [document.body, ...document.querySelectorAll("#sidebar *")].includes(document.activeElement)
"""
SPACE_BELOW = "innerHeight - document.querySelector('.composer-box').getBoundingClientRect().bottom"
IS_WIDER_THAN_THE_WINDOW = "document.documentElement.scrollWidth > innerWidth"
SIZES: list[ViewportSize] = [
    {"width": 320, "height": 640},
    {"width": 768, "height": 1024},
    {"width": 1440, "height": 900},
]
HOME_BAR = 34
COVER = """
(seen) => {
    for (const [name, value] of Object.entries(seen)) {
        Object.defineProperty(visualViewport, name, { value, configurable: true });
    }
    visualViewport.dispatchEvent(new Event("resize"));
}
"""
BY_KEYS = ("complete", "versions")
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


async def look(tab: Tab, found: dict[str, list[str]], state: str) -> None:
    """Note what axe finds in this state in both themes, and Tab in some."""
    some = await violations_in_both_themes(tab.page)
    if state in BY_KEYS:
        some += await faults_by_tab(tab.page, at_least=20)
    if some:
        found[state] = some


async def test_line_43_every_state_is_readable_by_everybody(
    browsing: Browsing, person: User, moderator: User
) -> None:
    browsing.allowed = "ERR_INTERNET_DISCONNECTED"
    found: dict[str, list[str]] = {}
    async with browsing:
        tab = await browsing.signed_in(person, reduced_motion="reduce")
        await tab.open()
        await look(tab, found, "empty")
        await tab.ask(RICH)
        await tab.answer.hover()
        await look(tab, found, "complete")
        await tab.answer.get_by_role("button", name="Bad answer").click()
        await tab.answer.get_by_text("Say why").click()
        await look(tab, found, "rated")
        await tab.answer.locator("[data-details] > summary").click()
        await look(tab, found, "details")
        await tab.page.keyboard.press("Escape")
        await expect(tab.answer.locator("[data-used]")).to_be_hidden()
        await expect(tab.answer.locator("[data-details] > summary")).to_be_focused()
        await tab.ask("[[cut after=3]]", "failed")
        await look(tab, found, "failed")
        await tab.answer.get_by_role("button", name="Try again").click()
        await expect(tab.answer.locator("[data-version-place]")).to_have_text("2 of 2")
        await tab.see_state("failed")
        await look(tab, found, "versions")
        await tab.question.get_by_role("link", name="Edit this message").click()
        await look(tab, found, "editing")
        await tab.page.keyboard.press("Escape")
        await look_at_a_stream(tab, found)
        await look_at_a_lock(tab, found, moderator)
    assert found == {}


async def look_at_a_stream(tab: Tab, found: dict[str, list[str]]) -> None:
    """Look while an answer is written, without a network, and when it was stopped."""
    await tab.write(LONG)
    await tab.see_length(60)
    await look(tab, found, "streaming")
    await tab.page.context.set_offline(True)
    await expect(tab.connection).to_contain_text("You are offline")
    await look(tab, found, "offline")
    await tab.stop()
    await tab.page.context.set_offline(False)
    await expect(tab.connection).to_be_hidden()
    await tab.see_state("stopped")
    await look(tab, found, "stopped")


async def look_at_a_lock(tab: Tab, found: dict[str, list[str]], moderator: User) -> None:
    """Look once nobody may write in the conversation any more."""
    number = int(tab.page.url.rstrip("/").rpartition("/")[2])
    await db.call(
        locking.lock_conversation, actor=moderator, conversation_id=number, reason="Spam."
    )
    await expect(tab.composer).to_be_hidden()
    await look(tab, found, "locked")


async def test_line_40_nothing_of_a_conversation_is_cut_off(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person, viewport=SIZES[0])
        await tab.open()
        await tab.ask(RICH)
        await tab.ask("[[cut after=3]]", "failed")
        await tab.question.hover()
        await tab.question.get_by_role("link", name="Edit this message").click()
        for size in SIZES:
            await tab.page.set_viewport_size(size)
            assert await tab.page.evaluate(CUT_OFF) == [], size
            assert not await tab.page.evaluate(IS_WIDER_THAN_THE_WINDOW), size


async def test_line_40_the_list_is_a_drawer_on_a_phone_that_keeps_the_focus_and_gives_it_back(
    browsing: Browsing, person: User
) -> None:
    phone = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}
    async with browsing:
        tab = await browsing.signed_in(person, **phone)
        await tab.open()
        opener = tab.page.get_by_role("button", name="Your conversations")
        drawer = tab.page.locator("#sidebar")
        await expect(drawer).to_be_hidden()
        await opener.tap()
        await expect(drawer.get_by_role("button", name="Close the list")).to_be_focused()
        for _ in range(await drawer.locator("a, button").count() + 2):
            await tab.page.keyboard.press("Tab")
            assert await tab.page.evaluate(IS_KEPT)
        await tab.page.keyboard.press("Escape")
        await expect(drawer).to_be_hidden()
        await expect(opener).to_be_focused()
        await tab.composer.fill(LONG)
        await tab.page.get_by_role("button", name="Send").tap()
        await tab.see_length(60)
        await opener.tap()
        await expect(drawer.get_by_role("button", name="Close the list")).to_be_focused()
        await tab.page.keyboard.press("Escape")
        await expect(drawer).to_be_hidden()
        length = len(await tab.text())
        await tab.see_length(length + 60)
        await tab.stop()
        await tab.see_state("stopped")


async def test_a_phone_lists_no_keys_unless_one_was_pressed_to_ask_for_them(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person, **PHONE)
        await tab.open("/settings/")
        section = tab.page.locator("#shortcuts")
        await expect(section).to_be_hidden()
        await tab.open()
        await tab.page.locator("h1").click()
        await tab.page.keyboard.press("?")
        await tab.page.get_by_role("link", name="Turn them off").click()
        await expect(section).to_be_visible()


async def test_line_41_on_a_phone_the_composer_stays_above_the_keyboard_and_the_safe_area(
    browsing: Browsing, person: User
) -> None:
    """A keyboard makes the page smaller (Android) or covers a part of it (iOS)."""
    async with browsing:
        tab = await browsing.signed_in(person, **PHONE)
        client = await tab.page.context.new_cdp_session(tab.page)
        await tab.open()
        await tab.composer.fill("[[stream tokens=600]]")
        await tab.page.get_by_role("button", name="Send").tap()
        await tab.see_state("complete")
        usual = await tab.page.evaluate(SPACE_BELOW)
        assert usual >= 0
        insets = {"top": 47, "bottom": HOME_BAR}
        await client.send("Emulation.setSafeAreaInsetsOverride", {"insets": insets})
        assert await tab.page.evaluate(SPACE_BELOW) == pytest.approx(usual + HOME_BAR, abs=1)
        title = "document.querySelector('.chat-title').getBoundingClientRect().top"
        assert await tab.page.evaluate(title) >= insets["top"]
        await client.send("Emulation.setSafeAreaInsetsOverride", {"insets": {"bottom": 0}})
        await tab.page.evaluate(COVER, {"height": 440, "offsetTop": 0})
        assert await tab.page.evaluate(SPACE_BELOW) == pytest.approx(usual + 300, abs=1)
        await tab.page.evaluate(COVER, {"height": 440, "offsetTop": 200})
        assert await tab.page.evaluate(SPACE_BELOW) == pytest.approx(usual + 100, abs=1)
        await tab.page.evaluate(COVER, {"height": 740, "offsetTop": 0})
        await tab.page.set_viewport_size({"width": 360, "height": 340})
        assert 0 <= await tab.page.evaluate(SPACE_BELOW) <= usual
        await expect(tab.page.get_by_role("button", name="Send")).to_be_in_viewport(ratio=1)


async def test_a_conversation_is_renamed_and_kept_in_the_drawer_by_touch(
    browsing: Browsing, person: User
) -> None:
    await sync_to_async(ConversationFactory)(owner=person, title="Tea")
    async with browsing:
        tab = await browsing.signed_in(person, **PHONE)
        await tab.open()
        await tab.page.get_by_role("button", name="Your conversations").tap()
        await tab.page.get_by_role("button", name="More about Tea").tap()
        await tab.page.get_by_role("menuitem", name="Rename").tap()
        field = tab.page.get_by_role("textbox", name="Title of the conversation")
        await expect(field).to_be_focused()
        await field.fill("Coffee")
        await field.press("Enter")
        await expect(tab.page.locator("#sidebar")).to_be_visible()
        await expect(tab.page.get_by_role("link", name="Coffee")).to_be_focused()
        await tab.page.get_by_role("button", name="More about Coffee").tap()
        await tab.page.get_by_role("menuitem", name="Delete").tap()
        keep = tab.page.get_by_role("button", name="Keep it")
        await expect(keep).to_be_focused()
        await expect(tab.page.locator("#sidebar")).to_be_hidden()
        await keep.tap()
        await expect(tab.page.get_by_role("button", name="Your conversations")).to_be_focused()
