"""The picker of the assistant beside the message, and the details of what it answered."""

from __future__ import annotations

import asyncio

import pytest
from asgiref.sync import sync_to_async
from playwright.async_api import Locator, expect

from apps.llm.models import Assistant, ChatModel
from apps.llm.services import assistants, catalogue
from apps.users.models import User
from tests.browser.tab import Browsing, Tab
from tests.factories import UserFactory
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.browser
PIRATE = "You are a pirate."


def make_pirate() -> Assistant:
    catalogue.read()
    return assistants.create_assistant(
        actor=UserFactory(admin=True),
        presentation=assistants.Presentation(name="Pirate"),
        instructions=assistants.Instructions(
            chat_model_id=ChatModel.objects.get(follows_settings=True).pk, system_prompt=PIRATE
        ),
        reason="Ahoy.",
    )


async def picker_of(tab: Tab) -> Locator:
    """Open the page, again where its process has not heard of the assistant yet."""
    picker = tab.page.get_by_label("Assistant", exact=True)
    async with asyncio.timeout(10):
        await tab.open()
        while not await picker.count():
            await tab.open()
    return picker


def systems_asked(upstream: ScriptedUpstream, question: str) -> list[bool]:
    """Return for each time that a question was asked whether the pirate was."""
    return [
        seen.body["messages"][0]["content"] == PIRATE
        for seen in upstream.requests
        if seen.body["messages"][-1]["content"] == question
    ]


async def test_the_assistant_that_is_chosen_answers_and_stays_chosen_after_a_reload(
    browsing: Browsing, person: User, upstream: ScriptedUpstream
) -> None:
    pirate = await sync_to_async(make_pirate)()
    async with browsing:
        tab = await browsing.signed_in(person)
        picker = await picker_of(tab)
        await picker.select_option("Pirate")
        await tab.ask("First [[stream tokens=2]]")
        await tab.page.get_by_label("Tokens and cost").last.click()
        await expect(tab.answer.locator("[data-used]")).to_contain_text("9 tokens were counted.")
        await expect(tab.answer.locator("[data-used]")).to_be_visible()
        await tab.page.reload()
        await expect(picker).to_have_value(str(pirate.pk))
        await tab.ask("Second [[stream tokens=2]]")
        await picker.select_option("Assistant")
        await tab.answer.get_by_role("button", name="Answer this again").click()
        await expect(tab.answer).to_contain_text("2 of 2")
        await tab.see_state("complete")
    assert systems_asked(upstream, "First [[stream tokens=2]]")[:1] == [True]
    assert systems_asked(upstream, "Second [[stream tokens=2]]") == [True, False]
