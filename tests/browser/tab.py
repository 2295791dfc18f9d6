"""A browser and its tabs, in the words of somebody who chats."""

from __future__ import annotations

import contextlib
import re
from typing import Any, Self

from asgiref.sync import sync_to_async
from django.test import Client
from playwright.async_api import (
    BrowserContext,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Response,
    expect,
)

from apps.users.models import User
from tests.factories import PASSWORD
from tests.support.chromium import Chromium

WAIT_MS = 10_000
WATCH = """
(() => {
  const seen = (window.seenTexts = []);
  const look = () => {
    const bodies = document.querySelectorAll('[data-role="assistant"] [data-body]');
    const text = bodies.length ? bodies[bodies.length - 1].textContent.trim() : "";
    if (text && text !== seen.at(-1)?.text) seen.push({ text, at: performance.now() });
  };
  const everything = { subtree: true, childList: true, characterData: true };
  new MutationObserver(look).observe(document, everything);
  addEventListener("DOMContentLoaded", look);
})();
"""

LEFT_EARLY = "WebSocket is closed before the connection is established"
"""What the browser says, harmlessly, of a page that is left while it still connects."""

expect.set_options(timeout=WAIT_MS)


class Browsing:
    """What one test does in the browser; all that goes wrong on its pages fails it at its end.

    Every window is closed with all that its person kept: the browser itself goes on to other tests.

    Attributes:
        url: where the pages are.
        problems: errors on the console, refused by the policy, thrown, or answered by the server.
        allowed: pattern of problems that the test brings about itself.
    """

    def __init__(self, *, url: str, chromium: Chromium) -> None:
        self.url = url
        self.problems: list[str] = []
        self.allowed = ""
        self._chromium = chromium
        self._contexts: list[BrowserContext] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for context in self._contexts:
            with contextlib.suppress(Error):
                await context.close()
        if kind is None:
            unexpected = [one for one in self.problems if not self._is_allowed(one)]
            assert unexpected == [], unexpected

    def _is_allowed(self, problem: str) -> bool:
        return bool(self.allowed and re.search(self.allowed, problem))

    async def visitor(self, **options: Any) -> Tab:
        """Open a tab of somebody who is not signed in; the options are the browser's."""
        context = await self._chromium.new_context(
            **{"base_url": self.url, "viewport": {"width": 1280, "height": 800}, **options}
        )
        self._contexts.append(context)
        await context.add_init_script(WATCH)
        return await self.tab_of(context)

    async def signed_in(self, person: User, **options: Any) -> Tab:
        """Open a tab of a person who is signed in already."""
        return await self.sign_in_again(await self.visitor(**options), person)

    async def sign_in_again(self, tab: Tab, person: User) -> Tab:
        """Sign a person in again in the same browser, and return the tab."""
        cookie = await sync_to_async(session_cookie)(person)
        await tab.page.context.add_cookies(
            [{"name": "sessionid", "value": cookie, "url": self.url}]
        )
        return tab

    async def tab_of(self, context: BrowserContext) -> Tab:
        """Open a tab, and take note of everything that goes wrong there."""
        page = await context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.problems.append(f"thrown: {error}"))
        page.on("response", self._check)
        return Tab(self, page)

    def _hear(self, message: ConsoleMessage) -> None:
        is_wrong = message.type in ("error", "warning") or "Content Security" in message.text
        if is_wrong and LEFT_EARLY not in message.text:
            self.problems.append(f"{message.type}: {message.text}")

    def _check(self, response: Response) -> None:
        if response.status >= 500:
            self.problems.append(f"{response.status}: {response.url}")


class Tab:
    """One tab."""

    def __init__(self, browsing: Browsing, page: Page) -> None:
        self.browsing = browsing
        self.page = page

    async def another(self) -> Tab:
        """Open a second tab of the same person."""
        return await self.browsing.tab_of(self.page.context)

    async def open(self, path: str = "/") -> None:
        """Go to a page."""
        await self.page.goto(path)

    async def sign_in(self, person: User) -> None:
        """Fill the form in and send it."""
        await self.open("/accounts/login/")
        await self.page.fill("[name=login]", person.email)
        await self.page.fill("[name=password]", PASSWORD)
        await self.page.get_by_role("button", name="Sign in", exact=True).click()
        await expect(self.page.locator("#composer-input")).to_be_visible()

    async def write(self, text: str) -> None:
        """Write a message and send it with Enter, once the page's script stands by."""
        await expect(self.page.locator("[data-send]")).to_be_disabled()
        await self.page.fill("#composer-input", text)
        await self.page.press("#composer-input", "Enter")

    @property
    def answer(self) -> Locator:
        """The last answer."""
        return self.page.locator('[data-transcript] [data-role="assistant"]').last

    @property
    def answer_body(self) -> Locator:
        """The text of the last answer."""
        return self.answer.locator("[data-body]")

    @property
    def notice(self) -> Locator:
        """What the last answer says of its end."""
        return self.answer.locator("[data-notice-text]")

    @property
    def connection(self) -> Locator:
        """What the page says of its connection."""
        return self.page.locator("[data-connection]")

    async def transcript(self) -> str:
        """Everything that the conversation's part of the page holds, markup included."""
        return await self.page.locator("[data-transcript]").inner_html()

    async def text(self) -> str:
        """Return the text of the last answer, as it is on the screen."""
        return (await self.answer_body.text_content() or "").strip()

    async def see_length(self, length: int) -> str:
        """Wait until the last answer has so much text, and return it."""
        await self.page.wait_for_function(
            "length => (window.seenTexts.at(-1)?.text.length ?? 0) >= length", arg=length
        )
        return await self.text()

    async def see_state(self, state: str) -> None:
        """Wait until the last answer is in this state."""
        await expect(self.answer).to_have_attribute("data-state", state)

    async def seen(self) -> list[str]:
        """Return every text of the last answer that was on this page, oldest first."""
        texts: list[str] = await self.page.evaluate("window.seenTexts.map((seen) => seen.text)")
        return texts

    async def reply_id(self) -> int:
        """Return the number of the last answer."""
        return int(await self.answer.get_attribute("data-message-id") or 0)

    async def ask(self, text: str, state: str = "complete") -> None:
        """Write a message and wait for the end of its answer."""
        before = await self.messages.count()
        await self.write(text)
        await expect(self.messages).to_have_count(before + 2)
        await self.see_state(state)

    @property
    def composer(self) -> Locator:
        """Where a message is written."""
        return self.page.locator("#composer-input")

    @property
    def question(self) -> Locator:
        """The last question."""
        return self.page.locator('[data-transcript] [data-role="user"]').last

    @property
    def messages(self) -> Locator:
        """All messages that are on the page."""
        return self.page.locator("[data-transcript] [data-message-id]")

    async def stop(self) -> None:
        """Press the button that stops the answer."""
        await self.page.get_by_role("button", name="Stop answering").click()


def session_cookie(person: User) -> str:
    """Sign a person in, and return what their browser would keep."""
    client = Client()
    client.force_login(person)
    return client.cookies["sessionid"].value
