"""The checklist's lines about writing and sending, each as a person does it."""

import asyncio
import json
import re

import pytest
from playwright.async_api import WebSocketRoute, expect

from apps.conversations.models import Message
from apps.users.models import User
from tests.browser.tab import WAIT_MS, Browsing, Tab
from tests.support.upstream_frames import answer_text

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
LONG = "[[stream tokens=2000 rate=60]]"
LIMIT = 4000
SOCKET = re.compile("/ws/chat/")
AT_THE_END = "innerHeight + scrollY >= document.documentElement.scrollHeight - 1"
BROKEN = {"type": "error", "code": "internal_error", "message": "It broke.", "correlation_id": "1"}


def greeting(url: str) -> str:
    """Return an event that shows on the page: then its socket is open, however slow all is."""
    number = int(url.rstrip("/").rpartition("/")[2])
    title = {"type": "conversation.updated", "conversation_id": number, "title": "Heard"}
    return json.dumps(title)


async def sent() -> list[str]:
    questions = Message.objects.filter(role="user").order_by("id")
    return [one.content async for one in questions]


async def test_line_1_enter_sends_shift_enter_adds_a_line_and_composing_sends_nothing(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.composer.fill("one")
        await tab.composer.press("Shift+Enter")
        await expect(tab.composer).to_have_value("one\n")
        client = await tab.page.context.new_cdp_session(tab.page)
        composing = {"text": "に", "selectionStart": 1, "selectionEnd": 1}
        await client.send("Input.imeSetComposition", composing)
        await expect(tab.composer).to_have_value("one\nに")
        await tab.composer.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
        await tab.composer.dispatch_event("keydown", {"key": "Enter", "keyCode": 229})
        await expect(tab.messages).to_have_count(0)
        await client.send("Input.insertText", {"text": "日"})
        await tab.composer.press("Enter")
        await tab.see_state("complete")
    assert await sent() == ["one\n日"]


async def test_lines_2_and_9_a_phone_adds_lines_and_sends_by_button_and_its_keyboard_closes(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person, **PHONE)
        await tab.open()
        await tab.composer.tap()
        await tab.page.keyboard.type("one")
        await tab.composer.press("Enter")
        await tab.page.keyboard.type("two")
        await expect(tab.composer).to_have_value("one\ntwo")
        await tab.page.get_by_role("button", name="Send").tap()
        await expect(tab.composer).not_to_be_focused()
        await tab.see_state("complete")
    assert await sent() == ["one\ntwo"]


async def test_line_3_the_composer_grows_to_a_limit_then_scrolls_and_the_page_stays(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.ask("[[stream tokens=900]]")
        sizes = "(({clientHeight, scrollHeight}) => [clientHeight, scrollHeight])"
        small, _ = await tab.composer.evaluate(sizes)
        await tab.page.wait_for_function(AT_THE_END)
        end = await tab.page.evaluate("scrollY")
        await tab.page.mouse.wheel(0, -300)
        await tab.page.wait_for_function("place => scrollY === place", arg=end - 300)
        seen = await tab.answer.evaluate("node => node.getBoundingClientRect().top")
        await tab.composer.evaluate("node => node.focus({ preventScroll: true })")
        await tab.page.keyboard.insert_text("line\n" * 60)
        height, content = await tab.composer.evaluate(sizes)
        assert small < height < content
        assert height <= 0.4 * 800 + 1
        assert await tab.answer.evaluate("node => node.getBoundingClientRect().top") == seen


async def test_line_4_blank_text_is_not_sent_and_too_long_a_text_says_by_how_much(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        send, count = tab.page.get_by_role("button", name="Send"), tab.page.locator("[data-count]")
        await tab.composer.fill("  \n ")
        await expect(send).to_be_disabled()
        await expect(count).to_be_hidden()
        await tab.composer.fill("x" * (LIMIT - 10))
        await expect(send).to_be_enabled()
        await expect(count).to_have_text("10 left")
        await tab.composer.fill("\N{ROCKET}" * (LIMIT + 2))
        await expect(send).to_be_disabled()
        await expect(count).to_have_text(f"2 too many: at most {LIMIT} characters")
        await tab.composer.press("Enter")
        await expect(tab.messages).to_have_count(0)


async def test_line_5_a_draft_belongs_to_its_chat_and_outlives_reload_switch_and_signing_out(
    browsing: Browsing, person: User
) -> None:
    browsing.allowed = "WebSocket"
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.ask("[[stream tokens=3]]")
        there = tab.page.url
        await tab.composer.fill("of this chat")
        await tab.open("/")
        await expect(tab.composer).to_have_value("")
        await tab.composer.fill("of a new chat")
        await tab.page.locator(".sidebar [data-conversation-id]").first.click()
        await expect(tab.composer).to_have_value("of this chat")
        await tab.page.reload()
        await expect(tab.composer).to_have_value("of this chat")
        await tab.page.context.clear_cookies()
        await tab.page.reload()
        await expect(tab.composer).to_have_count(0)
        again = await browsing.sign_in_again(tab, person)
        await again.open(there)
        await expect(again.composer).to_have_value("of this chat")
        await again.composer.fill("")
        await lose_a_message(again, there)
        await again.ask("[[stream tokens=4]]")
        await again.page.reload()
        await expect(again.composer).to_have_value("")
        await draft_what_was_sent_last(again, "[[stream tokens=4]]")
        await again.open("/")
        await expect(again.composer).to_have_value("of a new chat")
        await take_a_suggestion(again)
        await expect(again.composer).to_have_value("of a new chat")


async def draft_what_was_sent_last(tab: Tab, words: str) -> None:
    """Write the same words once more, and see that they are a draft like any other."""
    await tab.composer.fill(words)
    await tab.page.reload()
    await expect(tab.composer).to_have_value(words)


async def take_a_suggestion(tab: Tab) -> None:
    """Begin by a suggestion, and come back to the conversation that came of it."""
    await tab.page.locator("[data-suggestions] button").first.click()
    await tab.see_state("complete")
    await tab.page.reload()
    await expect(tab.messages).to_have_count(2)


async def lose_a_message(tab: Tab, path: str) -> None:
    """Send where nothing arrives, go on writing, leave before that shows, and find all of it."""
    lost = await tab.another()
    await lost.page.route_web_socket(SOCKET, lambda socket: socket.send(greeting(path)))
    await lost.open(path)
    await expect(lost.page.locator(".chat-title")).to_have_text("Heard")
    await lost.write("into the void")
    await expect(lost.question).to_have_attribute("data-sending", "")
    await lost.page.keyboard.type("and this")
    await lost.page.wait_for_function(
        "() => Object.values(localStorage).some((draft) => draft.includes('and this'))"
    )
    await lost.page.close()
    await tab.page.reload()
    await expect(tab.composer).to_have_value("into the void\n\nand this")
    await tab.composer.fill("")


async def test_line_6_a_failed_send_puts_the_text_back_with_a_reason_and_a_retry(
    browsing: Browsing, person: User
) -> None:
    browsing.allowed = "ERR_INTERNET_DISCONNECTED"
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await expect(tab.page.locator("[data-send]")).to_be_disabled()
        await tab.page.context.set_offline(True)
        await tab.write("[[stream tokens=3]]")
        problem = tab.page.locator("[data-problem]")
        await expect(problem).to_contain_text("You are offline. Your message is back in the box")
        await expect(tab.composer).to_have_value("[[stream tokens=3]]")
        await expect(tab.messages).to_have_count(0)
        await tab.page.context.set_offline(False)
        await expect(tab.connection).to_be_hidden()
        await problem.get_by_role("button", name="Try again").click()
        await tab.see_state("complete")
        await expect(problem).to_be_hidden()
        await expect(tab.composer).to_have_value("")
    assert await sent() == ["[[stream tokens=3]]"]


async def test_line_7_two_presses_make_one_message(browsing: Browsing, person: User) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await expect(tab.page.locator("[data-send]")).to_be_disabled()
        await tab.composer.fill("[[stream tokens=3 first=0.3]]")
        await tab.page.evaluate(
            """() => {
                const button = document.querySelector("[data-send]");
                button.click();
                button.click();
                const again = new KeyboardEvent("keydown", { key: "Enter", bubbles: true });
                document.querySelector("#composer-input").dispatchEvent(again);
            }"""
        )
        await tab.see_state("complete")
        await expect(tab.messages).to_have_count(2)
    assert len(await sent()) == 1


class Between:
    """Stands between page and server: the page hears of a failure, and later what happened."""

    def __init__(self) -> None:
        self.greeting = ""
        self.held: list[str | bytes] = []
        self.is_stored = asyncio.Event()
        self.is_open = False

    def __call__(self, page: WebSocketRoute) -> None:
        """Take the place of one socket of a page."""
        self.page, self.server = page, page.connect_to_server()
        self.page.on_message(self._from_page)
        self.server.on_message(self._from_server)
        self.page.send(self.greeting)

    def _from_page(self, frame: str | bytes) -> None:
        self.server.send(frame)
        sent_frame = json.loads(frame)
        if sent_frame["type"] == "message.send":
            self.page.send(json.dumps({**BROKEN, "client_id": sent_frame["client_id"]}))

    def _from_server(self, frame: str | bytes) -> None:
        if self.is_open:
            self.page.send(frame)
            return
        self.held.append(frame)
        if json.loads(frame)["type"] == "message.accepted":
            self.is_stored.set()

    def let_through(self) -> None:
        """Tell the page what was held back, and all that follows."""
        self.is_open = True
        for frame in self.held:
            self.page.send(frame)


async def test_line_7_a_message_that_was_given_up_and_arrives_is_shown_once(
    browsing: Browsing, person: User
) -> None:
    between = Between()
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.ask("[[stream tokens=2]]")
        between.greeting = greeting(tab.page.url)
        await tab.page.route_web_socket(SOCKET, between)
        await tab.page.reload()
        await expect(tab.page.locator(".chat-title")).to_have_text("Heard")
        await tab.write("[[stream tokens=3]]")
        problem = tab.page.locator("[data-problem]")
        await expect(problem).to_contain_text("It broke.")
        await expect(tab.composer).to_have_value("[[stream tokens=3]]")
        await tab.composer.fill("[[stream tokens=3]]\n\nand more")
        await asyncio.wait_for(between.is_stored.wait(), timeout=WAIT_MS / 1000)
        between.let_through()
        await expect(tab.composer).to_have_value("and more")
        await expect(problem).to_be_hidden()
        await tab.see_state("complete")
        await expect(tab.messages).to_have_count(4)
    assert len(await sent()) == 2


async def test_lines_8_and_9_one_writes_on_while_an_answer_streams_and_is_told_to_wait(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.write(LONG)
        await expect(tab.composer).to_be_focused()
        await tab.see_length(100)
        await tab.page.keyboard.type("and then?")
        await tab.composer.press("Enter")
        problem = tab.page.locator("[data-problem]")
        await expect(problem).to_contain_text("One answer at a time")
        await expect(tab.composer).to_have_value("and then?")
        await tab.composer.fill("")
        await expect(problem).to_be_hidden()
        await tab.composer.fill("and then?")
        await tab.composer.press("Enter")
        await expect(problem).to_be_visible()
        length = len(await tab.text())
        await tab.see_length(length + 50)
        await expect(tab.composer).to_be_focused()
        await tab.stop()
        await tab.see_state("stopped")
        await expect(problem).to_be_hidden()
        await expect(tab.composer).to_have_value("and then?")
        assert answer_text(2000).startswith(await tab.text())
    assert await sent() == [LONG]


async def test_line_45_a_message_is_sent_from_a_page_whose_script_did_not_load(
    browsing: Browsing, person: User
) -> None:
    browsing.allowed = "ERR_FAILED"
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.page.route("**/*.js", lambda route: route.abort())
        await tab.open()
        await tab.composer.fill("[[stream tokens=3]]")
        await tab.page.get_by_role("button", name="Send").click()
        await tab.page.wait_for_url("**/c/*/")
        await expect(tab.question.locator("[data-body]")).to_have_text("[[stream tokens=3]]")
    assert await sent() == ["[[stream tokens=3]]"]


async def test_line_45_without_a_script_a_refused_message_is_back_in_the_box(
    browsing: Browsing, person: User
) -> None:
    browsing.allowed = "status of 400"
    async with browsing:
        tab = await browsing.signed_in(person, java_script_enabled=False)
        await tab.open()
        await tab.composer.fill("x" * (LIMIT + 1))
        await tab.page.get_by_role("button", name="Send").click()
        await expect(tab.page.get_by_role("alert")).to_contain_text(re.compile("1 to 4000"))
        await expect(tab.composer).to_have_value("x" * (LIMIT + 1))
    assert await sent() == []
