"""What is on its way while the connection comes and goes: it is neither lost nor done twice."""

import json
import re
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from playwright.async_api import WebSocketRoute, expect

from apps.conversations.models import Message
from apps.conversations.services import visibility
from apps.core import db
from apps.users.models import User
from tests.browser.tab import Browsing, Tab
from tests.support.processes import wait_until
from tests.support.upstream_frames import answer_text

pytestmark = pytest.mark.browser

LONG = "[[stream tokens=2000 rate=60]]"
RESTART = 1012
PAST_THE_PLAIN_FORM_MS = 9_000


class Door:
    """Stands between a page and the server's socket: shut, or letting one side through alone."""

    def __init__(self) -> None:
        self.is_shut = False
        self.swallowed: set[str] = set()
        self.is_heard = True
        self.heard: list[str] = []
        self.held: dict[str, Any] = {}
        self.last: WebSocketRoute | None = None

    def __call__(self, page: WebSocketRoute) -> None:
        """Take the place of one socket of a page."""
        self.last = page
        if self.is_shut:
            page.on_message(lambda _: None)
            return
        server = page.connect_to_server()
        page.on_message(lambda frame: self._pass(server, frame))
        server.on_message(lambda frame: self._hear(page, frame))

    def _pass(self, server: WebSocketRoute, frame: str | bytes) -> None:
        event: dict[str, Any] = json.loads(frame)
        if event["type"] not in self.swallowed:
            server.send(frame)
        else:
            self.held = event

    def _hear(self, page: WebSocketRoute, frame: str | bytes) -> None:
        if self.is_heard:
            page.send(frame)
            self.heard.append(json.loads(frame)["type"])

    def refuse(self) -> None:
        """Answer what was swallowed last in the server's place: it is not accepted."""
        assert self.last is not None
        error = {"type": "error", "code": "service_unavailable", "message": "It broke."}
        client_id = self.held["client_id"]
        self.last.send(json.dumps({**error, "client_id": client_id, "correlation_id": "1"}))

    async def cut(self) -> None:
        """Close the socket as a restarting server does."""
        assert self.last is not None
        await self.last.close(code=RESTART)


async def opened_through(door: Door, browsing: Browsing, person: User) -> Tab:
    """Open a conversation with one turn in it, behind a door."""
    tab = await browsing.signed_in(person)
    await tab.page.route_web_socket(re.compile("/ws/chat/"), door)
    await tab.open()
    await tab.ask("[[stream tokens=3]]")
    return tab


async def test_a_message_waits_on_the_page_for_a_server_that_went_away(
    browsing: Browsing, person: User
) -> None:
    door = Door()
    async with browsing:
        tab = await opened_through(door, browsing, person)
        door.swallowed, door.is_heard = {"message.send"}, False
        await tab.page.clock.install()
        await tab.page.evaluate("window.isStillHere = true")
        await tab.composer.fill("[[stream tokens=4]]")
        await tab.composer.press("Enter")
        await door.cut()
        await expect(tab.question).to_have_attribute("data-sending", "")
        await tab.page.clock.fast_forward(PAST_THE_PLAIN_FORM_MS)
        await expect(tab.question).to_have_attribute("data-sending", "")
        door.swallowed, door.is_heard = set(), True
        await door.cut()
        await tab.page.evaluate("dispatchEvent(new Event('online'))")
        await tab.see_state("complete")
        await expect(tab.messages).to_have_count(4)
        await expect(tab.composer).to_have_value("")
        assert await tab.page.evaluate("window.isStillHere")
    assert await Message.objects.acount() == 4


async def test_another_answer_that_the_server_heard_of_in_time_is_shown_once_after_a_restart(
    browsing: Browsing, person: User
) -> None:
    door = Door()
    async with browsing:
        tab = await opened_through(door, browsing, person)
        again = tab.answer.locator(".message-actions").get_by_role("button", name="again")
        door.is_heard = False
        await again.click()
        await expect(tab.answer).to_have_attribute("data-message-id", "0")
        await sync_to_async(wait_until)(
            lambda: Message.objects.count() == 3, seconds=10, what="the second answer asked for"
        )
        door.is_heard = True
        await door.cut()
        await expect(tab.answer.locator("[data-version-place]")).to_have_text("2 of 2")
        await tab.see_state("complete")
        await expect(tab.messages).to_have_count(2)
        problem = tab.page.locator("[data-problem]")
        await expect(problem).to_be_hidden()
        door.swallowed = {"reply.retry"}
        await again.click()
        await expect(tab.answer).to_have_attribute("data-message-id", "0")
        await door.cut()
        await expect(problem).to_contain_text("The server did not answer. Try again.")
        await expect(tab.messages).to_have_count(2)
        assert await tab.text() == answer_text(3).strip()
        await tab.see_state("complete")


async def test_an_edit_and_a_stop_outlive_the_connection_that_they_were_said_into(
    browsing: Browsing, person: User
) -> None:
    door = Door()
    async with browsing:
        tab = await opened_through(door, browsing, person)
        door.swallowed = {"message.send"}
        await tab.question.hover()
        await tab.question.get_by_role("link", name="Edit this message").click()
        await tab.page.locator("[data-editor-input]").fill(LONG)
        await tab.page.locator("[data-editor-input]").press("Enter")
        await expect(tab.question).to_have_attribute("data-sending", "")
        door.swallowed = {"reply.stop"}
        await door.cut()
        await tab.see_length(60)
        await expect(tab.messages).to_have_count(2)
        await expect(tab.question.locator("[data-version-place]")).to_have_text("2 of 2")
        await tab.stop()
        await expect(tab.page.locator("[data-stopping]")).to_be_visible()
        length = len(await tab.text())
        await tab.see_length(length + 40)
        door.swallowed = set()
        await door.cut()
        await tab.see_state("stopped")
        await expect(tab.messages).to_have_count(2)


async def test_what_staff_hid_while_an_edit_was_on_its_way_does_not_come_back_with_its_refusal(
    browsing: Browsing, person: User, moderator: User
) -> None:
    door = Door()
    async with browsing:
        tab = await opened_through(door, browsing, person)
        number = await tab.reply_id()
        secret = answer_text(3).strip()
        door.swallowed = {"message.send"}
        await tab.question.hover()
        await tab.question.get_by_role("link", name="Edit this message").click()
        await tab.page.locator("[data-editor-input]").fill("other words")
        await tab.page.locator("[data-editor-input]").press("Enter")
        await expect(tab.question).to_have_attribute("data-sending", "")
        await expect(tab.page.locator(f"#message-{number}")).to_have_count(0)
        await db.call(
            visibility.hide_message,
            actor=moderator,
            message_id=number,
            reason="An insult.",
            reason_for_user="It insults somebody.",
        )
        await sync_to_async(wait_until)(
            lambda: "message.updated" in door.heard, seconds=10, what="the page told of it"
        )
        door.refuse()
        await expect(tab.page.locator("[data-editor-problem]")).to_contain_text("It broke.")
        await expect(tab.notice).to_contain_text("It insults somebody.")
        assert secret not in await tab.transcript()
