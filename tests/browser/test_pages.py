"""Every page: nothing refused by the policy, nothing on the console, readable by everybody."""

import pytest
from playwright.async_api import expect

from apps.conversations.models import Conversation
from apps.users.models import User
from tests.browser.tab import Browsing, Tab
from tests.factories import MessageFactory, ReplyFactory, UserFactory
from tests.support.axe import violations_in_both_themes
from tests.support.processes import Site

pytestmark = pytest.mark.browser

RICH = """# A heading

Some **bold** text with `code` and a [link](https://example.org).

1. One
2. Two

```python
print("hello")
```

| a | b |
| - | - |
| 1 | 2 |

> A quotation.
"""
BACKGROUND = "getComputedStyle(document.documentElement).backgroundColor"
STAFF_PAGES = [
    "/admin/",
    "/admin/users/user/",
    "/admin/conversations/conversation/",
    "/admin/conversations/message/",
    "/admin/conversations/reply/",
]


@pytest.fixture
def conversation(person: User) -> Conversation:
    """A conversation with answers in many states."""
    answer = ReplyFactory(
        message__conversation__owner=person,
        message__conversation__title="Tables and code",
        message__content=RICH,
    )
    for state in ("stopped", "failed", "interrupted", "withheld", "halted", "out_of_quota"):
        ReplyFactory(message__conversation=answer.conversation, state=state)
    MessageFactory(conversation=answer.conversation, hidden=True)
    ReplyFactory(message__conversation=answer.conversation, message__content="Call ████.")
    found: Conversation = answer.conversation
    return found


@pytest.fixture
def admin(site: Site) -> User:
    """Somebody who may see the whole staff site."""
    user: User = UserFactory(name="Ada", admin=True)
    return user


async def test_a_conversation_with_every_end_is_readable_and_says_no_word_on_the_console(
    browsing: Browsing, person: User, conversation: Conversation
) -> None:
    """All other pages are looked at, in the same way, in `test_every_page`."""
    browsing.allowed = "status of 404"
    async with browsing:
        tab = await browsing.signed_in(person, reduced_motion="reduce")
        await tab.open(f"/c/{conversation.pk}/")
        assert await violations_in_both_themes(tab.page) == []
        await tab.open("/c/999999999/")
        await expect(tab.page.get_by_role("heading", level=1)).to_be_visible()


async def test_the_staff_site_says_no_word_on_the_console_either(
    browsing: Browsing, admin: User, conversation: Conversation
) -> None:
    async with browsing:
        tab = await browsing.signed_in(admin)
        for path in STAFF_PAGES:
            await tab.open(path)
            await expect(tab.page.locator("body")).to_contain_text("Parley")


async def test_line_39_a_theme_that_was_chosen_is_there_at_the_first_paint(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person, color_scheme="light")
        await tab.open("/settings/")
        light = await background(tab)
        await tab.page.emulate_media(color_scheme="dark")
        dark = await background(tab)
        assert dark != light
        await tab.page.emulate_media(color_scheme="light")
        await tab.page.get_by_role("button", name="Dark").first.click()
        await expect(tab.page.locator("html")).to_have_attribute("data-theme", "dark")
        assert await background(tab) == dark
        for path in ("/settings/", "/"):
            answer = await tab.page.goto(path, wait_until="commit")
            assert answer is not None
            assert 'data-theme="dark"' in await answer.text()
            assert await background(tab) == dark


async def test_forced_colours_show_the_focus_and_what_is_chosen(
    browsing: Browsing, person: User, conversation: Conversation
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person, forced_colors="active")
        await tab.open(f"/c/{conversation.pk}/")
        await tab.composer.focus()
        for name in (
            ".composer-box",
            '.sidebar-link[aria-current="page"]',
            ".search-form:focus-within",
            '.theme-switch [aria-pressed="true"]',
        ):
            if name.startswith(".search"):
                await tab.page.keyboard.press("Control+k")
            await expect(tab.page.locator(name).first).to_have_css("outline-style", "solid")


async def background(tab: Tab) -> str:
    """Return the colour behind the page, as soon as there is a body."""
    await tab.page.wait_for_selector("body")
    colour: str = await tab.page.evaluate(BACKGROUND)
    return colour


async def test_every_page_tells_the_server_by_which_clock_it_is_read(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        for path in ("/settings/", "/"):
            tab = await browsing.signed_in(person, timezone_id="Asia/Tokyo")
            await tab.open(path)
            await tab.page.wait_for_function("document.cookie.includes('zone=')")
            cookies = await tab.page.context.cookies()
            zone = next(one for one in cookies if one["name"] == "zone")
            assert zone["value"] == "Asia/Tokyo"
            assert (zone["path"], zone["sameSite"]) == ("/", "Lax")
