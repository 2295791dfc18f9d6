"""A conversation worked by keys alone: the focus is always somewhere, and where one expects it."""

from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction
from playwright.async_api import Locator, expect

from apps.conversations.models import Conversation
from apps.users.models import User
from tests.browser.tab import Browsing, Tab
from tests.factories import ConversationFactory, MessageFactory, ReplyFactory

pytestmark = pytest.mark.browser

EXCHANGES = 40
USUAL = {"width": 1280, "height": 800}


def make_a_long_conversation(person: User) -> Conversation:
    """Make more exchanges than one screen of messages shows."""
    conversation: Conversation = ConversationFactory(owner=person, title="Long")
    parent = None
    with transaction.atomic():
        for number in range(EXCHANGES):
            question = MessageFactory(
                conversation=conversation, parent=parent, content=f"Question {number}"
            )
            parent = ReplyFactory(
                message__conversation=conversation, message__parent=question
            ).message
    return conversation


async def press(place: Locator, key: str = "Enter") -> None:
    """Go to a control and press a key there."""
    await place.focus()
    await place.page.keyboard.press(key)


async def is_held_in(tab: Tab, dialog: Locator) -> None:
    """See that Tab goes round in a dialog, both ways."""
    stops = await dialog.locator("button, textarea, input").count()
    for key in ("Tab", "Shift+Tab"):
        for _ in range(stops + 1):
            await tab.page.keyboard.press(key)
            assert await dialog.evaluate("dialog => dialog.contains(document.activeElement)")


async def test_dialogs_keep_the_focus_and_menus_close_behind_it(
    browsing: Browsing, person: User
) -> None:
    conversation = await sync_to_async(make_a_long_conversation)(person)
    async with browsing:
        tab = await browsing.signed_in(person, viewport=USUAL, reduced_motion="reduce")
        await tab.open(f"/c/{conversation.pk}/")
        await expect(tab.composer).to_be_focused()

        more = tab.page.get_by_role("button", name="More about this conversation")
        menu = tab.page.locator("#conversation-menu")
        await press(more)
        await press(menu.get_by_role("button", name="Delete"))
        deleting = tab.page.locator("#delete-dialog")
        await expect(deleting.get_by_role("button", name="Keep it")).to_be_focused()
        await is_held_in(tab, deleting)
        await tab.page.keyboard.press("Escape")
        await expect(deleting).to_be_hidden()
        await expect(more).to_be_focused()

        await press(more)
        await menu.get_by_role("button", name="Delete").focus()
        await tab.page.keyboard.press("Tab")
        await expect(menu).to_be_hidden()

        report = tab.answer.get_by_role("link", name="Report this message")
        await press(report)
        reporting = tab.page.locator("#report-dialog")
        await expect(reporting).to_be_visible()
        await is_held_in(tab, reporting)
        await tab.page.keyboard.press("Escape")
        await expect(report).to_be_focused()


async def test_what_goes_as_it_is_pressed_leaves_the_focus_where_one_goes_on(
    browsing: Browsing, person: User
) -> None:
    conversation = await sync_to_async(make_a_long_conversation)(person)
    async with browsing:
        tab = await browsing.signed_in(person, viewport=USUAL, reduced_motion="reduce")
        await tab.open(f"/c/{conversation.pk}/")
        await expect(tab.composer).to_be_focused()
        first = await tab.messages.first.get_attribute("data-message-id")
        await press(tab.page.get_by_role("link", name="Show earlier messages"))
        above = tab.page.locator(f'article:has(+ [data-message-id="{first}"])')
        await expect(above).to_be_focused()

        jump = tab.page.get_by_role("button", name="Jump to latest")
        await press(jump)
        await expect(jump).to_be_hidden()
        await expect(tab.composer).to_be_focused()


async def test_what_was_sent_stopped_or_refused_leaves_the_focus_where_one_writes(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person, viewport=USUAL, reduced_motion="reduce")
        await tab.open()
        await tab.composer.fill("[[stream tokens=2000 rate=60]]")
        await press(tab.page.get_by_role("button", name="Send"))
        await expect(tab.composer).to_be_focused()
        await tab.see_length(30)
        await press(tab.page.get_by_role("button", name="Stop answering"))
        await tab.see_state("stopped")
        await expect(tab.composer).to_be_focused()

        await tab.composer.fill("[[stream tokens=3]]")
        await press(tab.composer)
        await tab.see_state("complete")
        await expect(tab.composer).to_be_focused()
        actions = tab.answer.locator(".message-actions")
        await press(actions.get_by_role("button", name="Answer this again"))
        await tab.see_state("complete")
        await expect(tab.answer.locator("[data-version-place]")).to_have_text("2 of 2")
        await expect(tab.composer).to_be_focused()

        await press(tab.answer.get_by_role("button", name="Bad answer"))
        await press(tab.answer.get_by_text("Say why"))
        await tab.answer.get_by_label("Why you think so").fill("Too short.")
        await press(tab.answer.get_by_role("button", name="Save"))
        saved = tab.answer.get_by_text("Your reason")
        await expect(saved).to_be_focused()

        await tab.page.keyboard.press("ControlOrMeta+K")
        await expect(tab.page.locator("[data-search-input]")).to_be_focused()
        await tab.page.keyboard.press("Escape")
        await expect(saved).to_be_focused()


async def test_a_row_that_is_deleted_or_renamed_wrongly_leaves_the_focus_on_the_page(
    browsing: Browsing, person: User
) -> None:
    conversation = await sync_to_async(make_a_long_conversation)(person)
    await sync_to_async(ConversationFactory)(owner=person, title="Other")
    async with browsing:
        tab = await browsing.signed_in(person, viewport=USUAL, reduced_motion="reduce")
        await tab.open(f"/c/{conversation.pk}/")
        await expect(tab.composer).to_be_focused()
        more = tab.page.get_by_role("button", name="More about Other")
        await press(more)
        await press(tab.page.get_by_role("menuitem", name="Rename"))
        field = tab.page.get_by_role("textbox", name="Title of the conversation")
        await expect(field).to_be_focused()
        await tab.page.keyboard.press("Escape")
        await expect(tab.page.get_by_role("link", name="Other")).to_be_focused()
        await press(more)
        await press(tab.page.get_by_role("menuitem", name="Delete"))
        await press(tab.page.locator("#delete-dialog").get_by_role("button", name="Delete"))
        await expect(tab.page.locator("[data-toast]")).to_contain_text("is deleted")
        await expect(tab.page.get_by_role("link", name="Other")).to_have_count(0)
        await expect(tab.composer).to_be_focused()
