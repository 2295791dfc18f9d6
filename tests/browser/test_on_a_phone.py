"""A conversation on a phone: nothing that is opened stays in the way, or behind something."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from playwright.async_api import Locator, expect

from apps.conversations.models import Conversation
from apps.users.models import User
from tests.browser.tab import Browsing
from tests.factories import ConversationFactory, MessageFactory, ReplyFactory

pytestmark = pytest.mark.browser

PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "has_touch": True,
    "is_mobile": True,
}


def make_talk(person: User) -> Conversation:
    """Make a conversation that is longer than a phone."""
    conversation: Conversation = ConversationFactory(owner=person, title="Tides")
    parent = None
    for number in range(6):
        parent = ReplyFactory(
            message__parent=MessageFactory(
                conversation=conversation, parent=parent, content=f"Question {number}?"
            ),
            message__conversation=conversation,
        ).message
    return conversation


async def edge_of(element: Locator, side: str) -> float:
    return float(await element.evaluate("(one, side) => one.getBoundingClientRect()[side]", side))


async def test_a_menu_is_gone_once_an_export_was_chosen_from_it(
    browsing: Browsing, person: User
) -> None:
    conversation = await sync_to_async(make_talk)(person)
    async with browsing:
        tab = await browsing.signed_in(person, **PHONE)
        await tab.open(f"/c/{conversation.pk}/")
        page = tab.page
        more = page.get_by_role("button", name="More about this conversation")
        await more.tap()
        async with page.expect_download():
            await page.get_by_role("link", name="Export as Markdown").tap()
        await expect(page.locator("#conversation-menu")).to_be_hidden()
        await page.get_by_role("button", name="Your conversations").tap()
        of_item = page.get_by_role("button", name="More about Tides")
        await of_item.tap()
        async with page.expect_download():
            await page.get_by_role("menuitem", name="Export").tap()
        await expect(page.get_by_role("menu")).to_be_hidden()
        await expect(of_item).to_be_focused()


async def test_the_place_for_a_reason_opens_above_the_composer(
    browsing: Browsing, person: User
) -> None:
    conversation = await sync_to_async(make_talk)(person)
    async with browsing:
        tab = await browsing.signed_in(person, **PHONE)
        await tab.open(f"/c/{conversation.pk}/")
        await tab.answer.get_by_role("button", name="Bad answer").tap()
        await tab.answer.get_by_text("Say why").tap()
        save = tab.answer.get_by_role("button", name="Save")
        await expect(save).to_be_visible()
        assert await edge_of(save, "bottom") <= await edge_of(
            tab.page.locator("[data-dock]"), "top"
        )
