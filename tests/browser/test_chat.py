"""Somebody chats: what they see is what is stored, and nothing they do loses a character."""

import re
from statistics import median

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.hashers import make_password
from playwright.async_api import expect

from apps.conversations.constants import LIVE_STATES
from apps.conversations.models import Message, Reply
from apps.users.models import User
from tests.browser.tab import Browsing, Tab
from tests.factories import PASSWORD
from tests.support.processes import wait_until
from tests.support.upstream_frames import answer_text

pytestmark = pytest.mark.browser

FIRST_SEEN = "length => window.seenTexts.find((seen) => seen.text.length >= length).at"
SEEN_AT = """
window.seenTexts
    .filter((seen) => seen.text.length > 100)
    .map((seen) => [seen.text.length, performance.timeOrigin + seen.at])
"""
LONG = "[[stream tokens=2000 rate=60]]"


async def stored(tab: Tab) -> str:
    message = await Message.objects.aget(pk=await tab.reply_id())
    return message.content.strip()


def grows_without_a_slip(texts: list[str], whole: str) -> bool:
    return all(whole.startswith(text) for text in texts) and texts == sorted(texts, key=len)


async def test_a_person_signs_in_writes_and_watches_the_answer_stream(
    browsing: Browsing, person: User
) -> None:
    whole = answer_text(120).strip()
    person.password = make_password(PASSWORD, hasher="pbkdf2_sha256")
    await person.asave(update_fields=["password"])
    async with browsing:
        tab = await browsing.visitor()
        await tab.sign_in(person)
        await tab.write("[[stream tokens=120 rate=60]]")
        await tab.see_state("complete")
        assert await tab.text() == whole
        assert await stored(tab) == whole
        texts = await tab.seen()
        assert len(texts) > 10
        assert grows_without_a_slip(texts, whole)
        await expect(tab.page).to_have_url(re.compile(r"/c/[0-9]+/$"))
        await expect(tab.page.locator(".sidebar [aria-current=page]")).to_be_visible()


async def test_line_13_the_text_at_the_stop_is_what_is_stored_and_what_a_reload_shows(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.write(LONG)
        await tab.see_length(300)
        await tab.stop()
        await tab.see_state("stopped")
        shown = await tab.text()
        assert answer_text(2000).startswith(shown)
        assert await stored(tab) == shown
        await expect(tab.notice).to_have_text("You stopped this answer. What you saw is kept.")
        await tab.page.reload()
        await tab.see_state("stopped")
        assert await tab.text() == shown
        await expect(tab.notice).to_have_text("You stopped this answer. What you saw is kept.")


async def test_line_14_a_reload_in_the_middle_shows_all_so_far_within_a_second_and_goes_on(
    browsing: Browsing, person: User
) -> None:
    whole = answer_text(500).strip()
    milliseconds = []
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.write("[[stream tokens=500 rate=60]]")
        for length in (400, 900, 1_400):
            before = await tab.see_length(length)
            await tab.page.reload(wait_until="commit")
            await tab.see_length(len(before))
            milliseconds.append(await tab.page.evaluate(FIRST_SEEN, len(before)))
        await tab.see_state("complete")
        assert await tab.text() == whole
        assert grows_without_a_slip(await tab.seen(), whole)
    assert median(milliseconds) < 1_000


async def test_line_15_a_second_tab_shows_the_same_while_it_happens(
    browsing: Browsing, person: User
) -> None:
    whole = answer_text(150).strip()
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.write("[[stream tokens=5]]")
        await tab.see_state("complete")
        second = await tab.another()
        await second.open(tab.page.url)
        await second.see_state("complete")
        await tab.write("[[stream tokens=150 rate=60]]")
        for one in (tab, second):
            await expect(one.page.locator("[data-transcript] [data-message-id]")).to_have_count(4)
            await one.see_state("complete")
            assert await one.text() == whole
        texts = [text for text in await second.seen() if text != answer_text(5).strip()]
        assert len(texts) > 5
        assert grows_without_a_slip(texts, whole)
        here, there = [await one.page.evaluate(SEEN_AT) for one in (tab, second)]
        seen = [next(at for size, at in there if size >= length) for length, _ in here]
        late = sorted(at - first for at, (_, first) in zip(seen, here, strict=True))
        assert late[len(late) * 9 // 10] < 1_000


async def test_line_45_everything_works_without_javascript(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person, java_script_enabled=False)
        await tab.open()
        await tab.page.fill("#composer-input", "[[stream tokens=30 rate=100]]")
        await tab.page.get_by_role("button", name="Send").click()
        await tab.page.wait_for_url("**/c/*/")
        first = await tab.reply_id()
        await wait_until_ended(first)
        await tab.page.reload()
        assert await tab.text() == answer_text(30).strip()
        await tab.page.fill("#composer-input", LONG)
        await tab.page.get_by_role("button", name="Send").click()
        await expect(tab.page.locator("[data-transcript] [data-message-id]")).to_have_count(4)
        await tab.stop()
        await wait_until_ended(await tab.reply_id())
        await tab.page.reload()
        await expect(tab.notice).to_have_text("You stopped this answer. What you saw is kept.")
        await tab.page.get_by_role("button", name="Try again").click()
        await expect(tab.page.get_by_role("button", name="Stop answering")).to_be_visible()
        assert await tab.reply_id() > first
        await tab.stop()


async def wait_until_ended(reply_id: int) -> None:
    await sync_to_async(wait_until)(
        lambda: Reply.objects.exclude(state__in=LIVE_STATES).filter(pk=reply_id).exists(),
        seconds=10,
        what=f"the end of answer {reply_id}",
    )
