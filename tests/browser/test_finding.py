"""The checklist of finding and keeping conversations: one test for each of its lines."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.async_api import Locator, Route, expect

from apps.conversations.models import Conversation, Message
from apps.conversations.services import indexing, shares
from apps.core import db
from apps.users.models import User
from tests.browser.tab import Browsing, Tab
from tests.factories import ConversationFactory, MessageFactory, ReplyFactory
from tests.support.axe import violations

pytestmark = pytest.mark.browser

ORDER = "Array.from(document.querySelectorAll('[data-sidebar] li a'), (a) => a.pathname)"
SLOW = "[[stream tokens=60 rate=30]]"
TOAST_IS_OVER_COMPOSER = """() => {
  const [note, box] = ["[data-toast] > .notice", ".composer-box"].map((name) =>
    document.querySelector(name).getBoundingClientRect());
  return note.bottom > box.top && note.top < box.bottom;
}"""


def make_many(person: User, count: int) -> list[int]:
    """Store conversations, the first of them the newest, three in an hour."""
    now = timezone.now()
    rows = Conversation.objects.bulk_create(
        Conversation(owner=person, title=f"Talk {number}") for number in range(count)
    )
    for number, row in enumerate(rows):
        row.last_message_at = row.read_at = now - timedelta(minutes=20 * number)
    Conversation.objects.bulk_update(rows, ["last_message_at", "read_at"])
    return [row.pk for row in rows]


def make_long(person: User, *, title: str, count: int, at: int, text: str) -> int:
    """Store a long conversation with one message of these words; returns its number."""
    conversation = ConversationFactory(owner=person, title=title)
    messages = Message.objects.bulk_create(
        Message(
            conversation=conversation,
            role="user",
            author=person,
            content=text if number == at else f"Line {number}\n" * 4,
        )
        for number in range(count)
    )
    indexing.index_some(limit=1000)
    return messages[at].pk


def item(tab: Tab, number: int) -> str:
    return f'[data-sidebar] a[data-conversation-id="{number}"]'


async def test_line_10_shortcuts_open_search_and_their_list_and_can_be_turned_off(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        dialog = tab.page.locator("[data-search-dialog]")
        await expect(tab.page.locator("[data-send]")).to_be_disabled()
        await tab.page.keyboard.press("Control+k")
        await expect(dialog).to_be_visible()
        await tab.page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()
        await tab.page.locator(".brand").first.focus()
        await tab.page.keyboard.press("/")
        await expect(dialog).to_be_visible()
        await tab.page.keyboard.press("Escape")
        await tab.page.keyboard.press("?")
        await expect(tab.page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
        await tab.page.get_by_role("link", name="Turn them off").click()
        await tab.page.get_by_role("button", name="Turn shortcuts off").click()
        await tab.open("/")
        await expect(tab.page.locator("[data-send]")).to_be_disabled()
        await tab.page.keyboard.press("Control+k")
        await expect(dialog).to_be_hidden()
        await tab.page.locator("[data-open-search]").click()
        await expect(dialog).to_be_visible()


async def test_line_10_escape_stops_the_answer_and_keys_begin_a_conversation(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.write("[[stream tokens=2000 rate=60]]")
        await tab.see_length(50)
        await tab.page.keyboard.press("Escape")
        await tab.see_state("stopped")
        await tab.page.keyboard.press("Control+Shift+O")
        await expect(tab.page.locator("[data-welcome]")).to_be_visible()


async def test_line_19_another_chats_answer_shows_in_the_list_and_is_unread_when_it_ends(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        second = await tab.another()
        await second.open()
        await tab.write(SLOW)
        await tab.see_length(5)
        number = int(await tab.page.locator("[data-page]").get_attribute("data-conversation-id"))
        shown = second.page.locator(item(second, number))
        await expect(shown).to_have_attribute("data-answering", "")
        await tab.open("/settings/")
        await expect(shown).to_have_attribute("data-unread-answer", "")
        await expect(shown).not_to_have_attribute("data-answering", "")
        await tab.open(f"/c/{number}/")
        await expect(shown).not_to_have_attribute("data-unread-answer", "")


async def test_line_35_a_title_comes_without_moving_the_chat_and_is_renamed_in_place(
    browsing: Browsing, person: User
) -> None:
    numbers = await db.call(make_many, person, 3)
    browsing.allowed = "status of 403"
    async with browsing:
        tab = await browsing.signed_in(person)
        title = tab.page.locator(".chat-title")
        field = tab.page.get_by_role("textbox", name="Title of the conversation")
        await be_given_a_title(tab)
        before = await tab.page.evaluate(ORDER)
        assert before[1:] == [f"/c/{number}/" for number in numbers]
        await tab.open(f"/c/{numbers[1]}/")
        await think_better_of_a_title(tab, field)
        await title.dblclick()
        await field.fill("  My   own title ")
        await field.press("Enter")
        await expect(title).to_have_text("My own title")
        await expect(tab.page.locator(item(tab, numbers[1]))).to_contain_text("My own title")
        await be_refused_a_title(tab)
        assert await tab.page.evaluate(ORDER) == before
        await tab.page.locator(item(tab, numbers[2])).hover()
        await tab.page.get_by_role("button", name="More about Talk 2").click()
        await tab.page.get_by_role("menuitem", name="Rename").click()
        await rename(tab, field, "Another")
        await expect(tab.page.locator(item(tab, numbers[2]))).to_contain_text("Another")
        await tab.page.reload()
        await expect(title).to_have_text("My own title")
        await expect(tab.page.locator(item(tab, numbers[2]))).to_contain_text("Another")
        assert await tab.page.evaluate(ORDER) == before


async def be_given_a_title(tab: Tab) -> None:
    """Begin a conversation, which is called by its question until it has its title."""
    await tab.open()
    await tab.ask("[[stream tokens=3]]")
    await expect(tab.page.locator(".chat-title")).to_have_text("word0 word1 word2")


async def think_better_of_a_title(tab: Tab, field: Locator) -> None:
    """Type over a title, which is all marked, and leave it as it was."""
    await tab.page.locator(".chat-title").dblclick()
    await expect(field).to_be_focused()
    await tab.page.keyboard.type("Not kept")
    await expect(field).to_have_value("Not kept")
    await field.press("Escape")
    await expect(tab.page.locator(".chat-title")).to_have_text("Talk 1")


async def rename(tab: Tab, field: Locator, title: str) -> None:
    """Type another title, and wait until the server has it."""
    await field.fill(title)
    async with tab.page.expect_response("**/rename/"):
        await field.press("Enter")


async def be_refused_a_title(tab: Tab) -> None:
    """Rename where the server answers with a page, and be told in a sentence."""
    await tab.page.route("**/rename/", refuse_with_a_page)
    await tab.page.locator(".chat-title").dblclick()
    field = tab.page.get_by_role("textbox", name="Title of the conversation")
    await field.fill("Refused")
    await field.press("Enter")
    problem = tab.page.locator("[data-problem-text]")
    await expect(problem).to_have_text(re.compile("^The title was not changed."))
    await expect(tab.page.locator(".chat-title")).to_have_text("My own title")
    await tab.page.unroute("**/rename/")


async def refuse_with_a_page(route: Route) -> None:
    """Answer as the check of forms does: with a whole page."""
    await route.fulfill(status=403, content_type="text/html", body="<!DOCTYPE html><p>No.</p>")


async def test_line_36_the_list_is_grouped_loads_on_scroll_and_keeps_its_place(
    browsing: Browsing, person: User
) -> None:
    numbers = await db.call(make_many, person, 130)
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await expect(tab.page.locator("[data-sidebar] section").first).to_be_visible()
        await expect(tab.page.locator("[data-sidebar] li")).to_have_count(50)
        for count in (100, 130):
            await tab.page.evaluate("document.querySelector('[data-sidebar]').scrollTop = 1e6")
            await expect(tab.page.locator("[data-sidebar] li")).to_have_count(count)
        groups = await tab.page.locator("[data-group]").evaluate_all(
            "all => all.map((one) => one.dataset.group)"
        )
        assert len(groups) == len(set(groups)) > 1
        await tab.page.locator(item(tab, numbers[120])).click()
        await expect(tab.page).to_have_url(f"{browsing.url}/c/{numbers[120]}/")
        current = tab.page.locator(item(tab, numbers[120]))
        await expect(current).to_have_attribute("aria-current", "page")
        await expect(current).to_be_in_viewport()
        await tab.page.go_back()
        await expect(tab.page.locator(item(tab, numbers[120]))).to_be_in_viewport()
        await tab.page.evaluate("document.querySelector('[data-sidebar]').scrollTop = 0")
        await tab.open("/search/")
        await tab.open("/")
        await expect(tab.page.locator("[data-sidebar][data-ready]")).to_be_visible()
        await expect(tab.page.locator("[data-sidebar] li")).to_have_count(50)


async def test_line_36_the_list_goes_on_by_plain_links_without_a_script(
    browsing: Browsing, person: User
) -> None:
    numbers = await db.call(make_many, person, 60)
    async with browsing:
        tab = await browsing.signed_in(person, java_script_enabled=False)
        await tab.open()
        await tab.page.get_by_role("link", name="Show more").click()
        shown = await tab.page.locator("[data-sidebar] li a").evaluate_all("all => all.length")
        assert shown == 10
        await tab.page.locator(item(tab, numbers[55])).click()
        await expect(tab.page.locator("h1")).to_have_text("Talk 55")


async def test_line_37_search_marks_the_hit_and_opens_at_that_message(
    browsing: Browsing, person: User
) -> None:
    words = "A xylophone was heard in the distance."
    message = await db.call(make_long, person, title="Sounds", count=150, at=40, text=words)
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await expect(tab.page.locator("[data-send]")).to_be_disabled()
        await tab.page.keyboard.press("Control+k")
        await tab.page.fill("[data-search-input]", "xylo")
        hit = tab.page.locator("[data-search-results] a.hit")
        await expect(hit).to_have_count(1)
        await expect(hit.locator("mark")).to_have_text("xylophone")
        await expect(tab.page.locator("[data-search-status]")).to_have_text("1 result")
        assert await violations(tab.page) == []
        await tab.page.fill("[data-search-input]", "nothing like it")
        await tab.page.keyboard.press("Enter")
        await expect(tab.page.locator(".search-note")).to_contain_text("nothing like it")
        await tab.page.fill("[data-search-input]", "xyl")
        await tab.page.keyboard.press("Enter")
        await expect(tab.page.locator("h1")).to_have_text("Sounds")
        target = tab.page.locator(f"#message-{message}")
        await expect(target).to_be_focused()
        await expect(target).to_be_in_viewport()
        await tab.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        await expect(tab.page.locator("[data-transcript] [data-message-id]").last).to_contain_text(
            "Line"
        )
        await tab.open("/search/?q=xylo")
        await expect(tab.page.locator(".hit mark")).to_have_text("xylophone")
        assert await violations(tab.page) == []


async def test_line_37_search_works_without_a_script(browsing: Browsing, person: User) -> None:
    message = await db.call(make_long, person, title="Sounds", count=90, at=10, text="A xylophone.")
    async with browsing:
        tab = await browsing.signed_in(person, java_script_enabled=False)
        await tab.open()
        await tab.page.get_by_role("link", name="Search").click()
        await tab.page.fill("#search-input", "xylophone")
        await tab.page.get_by_role("button", name="Search").click()
        await tab.page.locator("a.hit").click()
        await expect(tab.page.locator(f"#message-{message}")).to_be_in_viewport()
        await tab.page.get_by_role("link", name="Show later messages").click()
        await expect(tab.page.locator("[data-message-id]").last).to_contain_text("Line 89")


async def expect_composer_free_of(toast: Locator, words: str) -> None:
    """See a note, at each size, that does not lie on what one writes."""
    await expect(toast).to_contain_text(words)
    for width, height in ((360, 740), (768, 1024), (1440, 900)):
        await toast.page.set_viewport_size({"width": width, "height": height})
        assert not await toast.page.evaluate(TOAST_IS_OVER_COMPOSER)


async def test_line_38_delete_asks_once_and_offers_undo_and_archive_is_separate(
    browsing: Browsing, person: User
) -> None:
    numbers = await db.call(make_many, person, 2)
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await keep_what_the_list_would_delete(tab)
        await tab.open(f"/c/{numbers[0]}/")
        menu = tab.page.get_by_role("button", name="More about this conversation")
        await menu.click()
        await tab.page.get_by_role("button", name="Delete", exact=True).first.click()
        await tab.page.locator("#delete-dialog").get_by_role("button", name="Delete").click()
        toast = tab.page.locator("[data-toast]")
        await expect_composer_free_of(toast, "The conversation is deleted.")
        await expect(tab.page.locator(item(tab, numbers[0]))).to_have_count(0)
        await toast.get_by_role("button", name="Undo").click()
        await expect(tab.page.locator("h1")).to_have_text("Talk 0")
        await menu.click()
        await tab.page.get_by_role("button", name="Archive").click()
        await expect(tab.page.locator(item(tab, numbers[0]))).to_have_count(0)
        await tab.open("/archive/")
        await expect(tab.page.get_by_role("link", name="Talk 0")).to_be_visible()
        assert await violations(tab.page) == []
        await tab.page.get_by_role("button", name="Take Talk 0 out of the archive").click()
        await expect(tab.page.locator(item(tab, numbers[0]))).to_have_count(1)
        await menu.click()
        await tab.page.get_by_role("button", name="Delete", exact=True).first.click()
        await tab.page.locator("#delete-dialog").get_by_role("button", name="Delete").click()
        await tab.open("/deleted/")
        assert await violations(tab.page) == []
        await tab.page.get_by_role("button", name="Restore Talk 0").click()
        await expect(tab.page.locator("h1")).to_have_text("Talk 0")


async def keep_what_the_list_would_delete(tab: Tab) -> None:
    """Choose to delete from the list by keyboard, and think better of it."""
    more = tab.page.get_by_role("button", name="More about Talk 1")
    await more.focus()
    for key in ("Enter", "End", "Enter"):
        await tab.page.keyboard.press(key)
    await expect(tab.page.locator("#delete-dialog")).to_contain_text("“Talk 1”.")
    await tab.page.keyboard.press("Escape")
    await expect(more).to_be_focused()


def make_shared(person: User) -> str:
    talk = ConversationFactory(owner=person, title="Tides")
    MessageFactory(conversation=talk, content="Why are there tides?")
    ReplyFactory(message__conversation=talk, message__content="The **moon** pulls.")
    made = shares.create_share(actor=person, conversation_id=talk.pk, expires_in_days=7)
    return made.url


async def test_a_shared_conversation_is_read_without_an_account_a_script_or_a_complaint(
    browsing: Browsing, person: User
) -> None:
    url = await db.call(make_shared, person)
    browsing.allowed = "status of 404"
    async with browsing:
        visitor = await browsing.visitor()
        answer = await visitor.page.goto("/s/" + url.rstrip("/").rpartition("/")[2] + "/")
        assert answer is not None
        await expect(visitor.page.locator("h1")).to_have_text("Tides")
        await expect(visitor.page.locator("strong")).to_have_text("moon")
        assert "script" not in answer.headers["content-security-policy"]
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"
        assert answer.headers["cache-control"] == "no-store"
        assert await visitor.page.locator("script").count() == 0
        await visitor.open("/s/no-such-link/")
        await expect(visitor.page.locator("h1")).to_have_text("This link leads nowhere")
        tab = await browsing.signed_in(person)
        await tab.open("/settings/shared/")
        await expect(tab.page.locator(".row")).to_contain_text("opened 1 time")
        assert await violations(tab.page) == []
        await tab.page.get_by_role("button", name="Revoke the link to Tides").click()
        await expect(tab.page.get_by_role("button", name="Keep it")).to_be_focused()
        await tab.page.get_by_role("button", name="Revoke it").click()
        await expect(tab.page.locator(".row .badge")).to_have_text("Revoked")
