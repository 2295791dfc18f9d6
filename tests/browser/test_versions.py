"""The checklist's lines about messages: versions, feedback, errors, what is not shown."""

import pytest
from asgiref.sync import sync_to_async
from playwright.async_api import Locator, expect

from apps.conversations.models import Feedback, Message, Reply
from apps.conversations.services import visibility
from apps.core import db
from apps.users.models import User
from tests.browser.tab import Browsing, Tab
from tests.support.processes import wait_until
from tests.support.upstream_frames import answer_text

pytestmark = pytest.mark.browser


def place(message: Locator) -> Locator:
    return message.locator("[data-version-place]")


async def press(message: Locator, name: str) -> None:
    await message.hover()
    await message.get_by_role("button", name=name).click()


async def edit(tab: Tab, message: Locator, words: str) -> None:
    await message.hover()
    await message.get_by_role("link", name="Edit this message").click()
    await tab.page.locator("[data-editor-input]").fill(words)
    await tab.page.locator("[data-editor-input]").press("Enter")


async def begin_to_edit(tab: Tab, words: str) -> None:
    """Edit the question in its place, once the page's script stands by."""
    await expect(tab.page.locator("[data-send]")).to_be_disabled()
    await tab.question.hover()
    await tab.question.get_by_role("link", name="Edit this message").click()
    await tab.page.locator("[data-editor-input]").fill(words)


def listen(tab: Tab) -> tuple[list[str | bytes], list[str]]:
    """Note what a page that is about to be opened hears on its sockets, and what it asks for."""
    heard: list[str | bytes] = []
    asked: list[str] = []

    def note(frame: str | bytes) -> None:
        heard.append(frame)

    tab.page.on("websocket", lambda socket: socket.on("framereceived", note))
    tab.page.on("request", lambda request: asked.append(request.url))
    return heard, asked


async def wait_for_frame(heard: list[str | bytes], kind: str) -> None:
    await sync_to_async(wait_until)(
        lambda: any(kind in str(frame) for frame in heard), seconds=10, what=f"a frame: {kind}"
    )


async def keeps_writing(editor: Locator, words: str) -> None:
    """See that an editor is still there with its words, and leave it."""
    await expect(editor).to_be_focused()
    await expect(editor).to_have_value(words)
    await editor.press("Escape")


async def test_line_29_answering_again_keeps_the_old_answer_and_arrows_survive_a_reload(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.ask("[[stream tokens=3]]")
        first = await tab.reply_id()
        await (
            tab.answer.locator(".message-actions")
            .get_by_role("button", name="Answer this again")
            .focus()
        )
        await tab.page.keyboard.press("Enter")
        await expect(place(tab.answer)).to_have_text("2 of 2")
        await tab.see_state("complete")
        await expect(tab.messages).to_have_count(2)
        await tab.page.reload()
        await expect(place(tab.answer)).to_have_text("2 of 2")
        await press(tab.answer, "Earlier version")
        await expect(place(tab.answer)).to_have_text("1 of 2")
        assert await tab.reply_id() == first
        await expect(tab.answer.get_by_role("button", name="Later version")).to_be_focused()
        await tab.page.reload()
        await expect(place(tab.answer)).to_have_text("1 of 2")


async def test_line_30_an_edited_question_begins_a_branch_in_every_tab_and_nothing_is_lost(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.ask("[[stream tokens=3]]")
        await tab.ask("[[stream tokens=4]]")
        second = await tab.another()
        heard, asked = listen(second)
        await second.open(tab.page.url)
        await begin_to_edit(second, "half a thought")
        editor = second.page.locator("[data-editor-input]")
        await edit(tab, tab.page.locator('[data-role="user"]').first, "[[stream tokens=5]]")
        await tab.see_state("complete")
        await expect(second.messages).to_have_count(4)
        await keeps_writing(editor, "half a thought")
        for one in (tab, second):
            await expect(one.messages).to_have_count(2)
            await expect(place(one.question)).to_have_text("2 of 2")
            await one.see_state("complete")
            assert await one.text() == answer_text(5).strip()
        await begin_to_edit(second, "another thought")
        await press(tab.question, "Earlier version")
        await wait_for_frame(heard, "branch.shown")
        await keeps_writing(editor, "another thought")
        assert [url for url in asked if "/branch/" in url] == []
        for one in (tab, second):
            await expect(one.messages).to_have_count(4)
            await expect(one.answer_body).to_have_text(answer_text(4).strip())
        await tab.page.reload()
        await expect(tab.messages).to_have_count(4)
    assert await Message.objects.acount() == 6


async def test_a_phone_shows_what_can_be_done_with_a_question_beside_its_versions(
    browsing: Browsing, person: User
) -> None:
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    async with browsing:
        tab = await browsing.signed_in(person, **phone)
        await tab.open()
        await tab.composer.fill("[[stream tokens=3]]")
        await tab.page.get_by_role("button", name="Send").tap()
        await tab.see_state("complete")
        await tab.question.get_by_role("link", name="Edit this message").tap()
        await tab.page.locator("[data-editor-input]").fill("[[stream tokens=4]]")
        await tab.page.locator("[data-editor-send]").tap()
        await expect(place(tab.question)).to_have_text("2 of 2")
        await tab.see_state("complete")
        for one in await tab.question.locator(".message-actions > :visible").all():
            await expect(one).to_have_css("opacity", "1")


async def test_line_30_an_edit_is_left_with_escape_and_refused_while_an_answer_is_written(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.ask("[[stream tokens=3]]")
        await tab.question.hover()
        await tab.question.get_by_role("link", name="Edit this message").click()
        await tab.page.keyboard.type(" more")
        await tab.page.keyboard.press("Escape")
        await expect(tab.question.locator("[data-body]")).to_have_text("[[stream tokens=3]]")
        await expect(tab.question.get_by_role("link", name="Edit this message")).to_be_focused()
        await tab.page.reload()
        await tab.question.hover()
        await tab.question.get_by_role("link", name="Edit this message").click()
        editor = tab.page.locator("[data-editor-input]")
        await expect(editor).to_have_value("[[stream tokens=3]] more")
        await tab.page.get_by_role("button", name="Begin with the message as it is").click()
        await expect(editor).to_have_value("[[stream tokens=3]]")
        await editor.press("Escape")
        await tab.write("[[stream tokens=2000 rate=60]]")
        await tab.see_length(60)
        await edit(tab, tab.page.locator('[data-role="user"]').first, "other words")
        problem = tab.page.locator("[data-editor-problem]")
        await expect(problem).to_contain_text("One answer at a time")
        await expect(tab.page.locator("[data-editor-input]")).to_have_value("other words")
        await tab.stop()
        await tab.see_state("stopped")
        await tab.page.locator("[data-editor-send]").click()
        await expect(tab.messages).to_have_count(2)
        await tab.see_state("complete")


async def test_lines_29_30_and_31_work_without_a_script(browsing: Browsing, person: User) -> None:
    async with browsing:
        scripted = await browsing.signed_in(person)
        await scripted.open()
        await scripted.ask("[[stream tokens=3]]")
        tab = await browsing.signed_in(person, java_script_enabled=False)
        await tab.open(scripted.page.url)
        await tab.question.get_by_role("link", name="Edit this message").click()
        await tab.page.get_by_label("Your message").fill("[[stream tokens=4]]")
        await tab.page.get_by_role("button", name="Send").click()
        await expect(place(tab.question)).to_have_text("2 of 2")
        await scripted.see_state("complete")
        await tab.page.reload()
        await tab.question.get_by_role("button", name="Earlier version").click()
        await expect(place(tab.question)).to_have_text("1 of 2")
        assert await tab.text() == answer_text(3).strip()
        await tab.answer.get_by_role("button", name="Bad answer").click()
        bad = tab.answer.get_by_role("button", name="Bad answer")
        await expect(bad).to_have_attribute("aria-pressed", "true")
        await tab.answer.get_by_text("Say why").click()
        await tab.answer.get_by_label("Why you think so").fill("Too short.")
        await tab.answer.get_by_role("button", name="Save").click()
        await expect(tab.answer.get_by_text("Your reason")).to_be_visible()
    assert (await Feedback.objects.aget()).reason == "Too short."


async def test_line_31_an_answer_is_rated_with_a_reason_changed_and_found_again(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.ask("[[stream tokens=3]]")
        good = tab.answer.get_by_role("button", name="Good answer")
        bad = tab.answer.get_by_role("button", name="Bad answer")
        await bad.focus()
        await tab.page.keyboard.press("Enter")
        await expect(bad).to_have_attribute("aria-pressed", "true")
        await tab.answer.get_by_text("Say why").click()
        await tab.answer.get_by_label("Why you think so").fill("Wrong year.")
        await tab.answer.get_by_role("button", name="Save").click()
        await expect(tab.answer.get_by_text("Your reason")).to_be_visible()
        await tab.page.reload()
        await expect(bad).to_have_attribute("aria-pressed", "true")
        await tab.answer.get_by_text("Your reason").click()
        await expect(tab.answer.get_by_label("Why you think so")).to_have_value("Wrong year.")
        await good.click()
        await expect(good).to_have_attribute("aria-pressed", "true")
        await expect(bad).to_have_attribute("aria-pressed", "false")
        await expect(tab.page.locator("[data-status]")).to_contain_text("is kept")
        kept = await Feedback.objects.aget()
        assert (kept.rating, kept.reason) == ("good", "")
        await good.click()
        await expect(tab.page.locator("[data-status]")).to_contain_text("taken back")
    assert not await Feedback.objects.aexists()


async def test_line_33_an_error_states_cause_cost_next_step_and_an_id_to_copy(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await tab.open()
        await tab.ask("[[cut after=5]]", "failed")
        for _ in range(2):
            notice = tab.answer.locator("[data-notice]")
            await expect(notice).to_contain_text("The connection to the model was lost.")
            await expect(notice).to_contain_text("try again")
            await expect(notice).to_contain_text("tokens were counted.")
            await expect(notice.get_by_role("button", name="Try again")).to_be_visible()
            await notice.get_by_role("button", name="Copy").click()
            await expect(tab.page.locator("[data-status]")).to_have_text("Copied")
            copied = await tab.page.evaluate("navigator.clipboard.readText()")
            assert copied == (await Reply.objects.aget(pk=await tab.reply_id())).correlation_id
            await tab.page.reload()


async def test_line_34_a_removed_version_shows_its_placeholder_on_its_branch(
    browsing: Browsing, person: User, moderator: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.ask("[[stream tokens=3]]")
        hidden = int(await tab.question.get_attribute("data-message-id") or 0)
        await edit(tab, tab.question, "[[stream tokens=4]]")
        await tab.see_state("complete")
        await db.call(
            visibility.hide_message, actor=moderator, message_id=hidden, reason="An insult."
        )
        await press(tab.question, "Earlier version")
        await expect(place(tab.question)).to_have_text("1 of 2")
        await expect(tab.question).to_contain_text("This message was removed by moderation.")
        await expect(tab.question.locator("[data-body]")).to_have_text("")
        link = tab.question.get_by_role("link", name="Edit this message")
        await expect(link).to_have_count(0)
        await db.call(
            visibility.restore_message, actor=moderator, message_id=hidden, reason="A mistake."
        )
        await expect(tab.question.locator("[data-body]")).to_have_text("[[stream tokens=3]]")
        await expect(link).to_have_count(1)
