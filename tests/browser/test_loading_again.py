"""What a page asks for by itself is asked for again where it did not come, and shown once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.db.models import F
from django.utils import timezone
from playwright.async_api import expect

from apps.conversations.models import Conversation
from apps.users.models import User
from tests.browser.tab import Browsing, Tab
from tests.browser.test_keyboard import EXCHANGES, make_a_long_conversation
from tests.support.processes import wait_until

pytestmark = pytest.mark.browser

AT_ONCE = 50
AGAIN_MS = 5_000
TO_THE_TOP = "scrollTo({ top: 0, behavior: 'instant' })"
TO_THE_END = "scrollTo({ top: document.documentElement.scrollHeight, behavior: 'instant' })"


async def with_one_failure(browsing: Browsing, person: User, path: str) -> Tab:
    """Open a conversation whose next part does not come the first time, by a clock of the test."""
    browsing.allowed = "ERR_FAILED"
    tab = await browsing.signed_in(person)
    await tab.page.route("**/messages/older/**", lambda route: route.abort(), times=1)
    await tab.page.clock.install()
    await tab.open(path)
    return tab


async def test_older_messages_that_did_not_come_are_asked_for_again(
    browsing: Browsing, person: User
) -> None:
    talk: Conversation = await sync_to_async(make_a_long_conversation)(person)
    async with browsing:
        tab = await with_one_failure(browsing, person, f"/c/{talk.pk}/")
        await expect(tab.messages).to_have_count(AT_ONCE)
        async with tab.page.expect_event("requestfailed"):
            await tab.page.evaluate(TO_THE_TOP)
        await expect(tab.messages).to_have_count(AT_ONCE)
        await tab.page.clock.fast_forward(AGAIN_MS)
        await expect(tab.messages).to_have_count(2 * EXCHANGES)
        await expect(tab.messages.first).to_contain_text("Question 0")


async def test_later_messages_that_did_not_come_are_asked_for_again(
    browsing: Browsing, person: User
) -> None:
    talk: Conversation = await sync_to_async(make_a_long_conversation)(person)
    unread = Conversation.objects.filter(pk=talk.pk, last_message_at__gt=F("read_at"))
    now = timezone.now()
    await Conversation.objects.filter(pk=talk.pk).aupdate(
        last_message_at=now, read_at=now - timedelta(days=1)
    )
    first = await talk.messages.order_by("pk").afirst()
    assert first is not None
    async with browsing:
        path = f"/c/{talk.pk}/?message={first.pk}"
        tab = await with_one_failure(browsing, person, path)
        shown = await tab.messages.count()
        assert await unread.aexists()
        assert shown < 2 * EXCHANGES
        async with tab.page.expect_event("requestfailed"):
            await tab.page.evaluate(TO_THE_END)
        await expect(tab.messages).to_have_count(shown)
        await tab.page.clock.fast_forward(AGAIN_MS)
        await expect(tab.messages).to_have_count(2 * EXCHANGES)
        await expect(tab.question).to_contain_text(f"Question {EXCHANGES - 1}")
        await sync_to_async(wait_until)(
            lambda: not unread.exists(), seconds=10, what="the conversation read to its end"
        )
