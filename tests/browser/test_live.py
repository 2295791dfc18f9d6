"""What happens elsewhere shows on the open page: staff, other processes, the network."""

import contextlib
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone
from playwright.async_api import expect

from apps.conversations.models import Conversation
from apps.conversations.services import visibility
from apps.core import db
from apps.users.models import User
from apps.users.services import standing
from tests.browser.tab import Browsing, Tab
from tests.factories import ConversationFactory
from tests.support.processes import Site
from tests.support.services import Services
from tests.support.upstream_frames import answer_text

pytestmark = pytest.mark.browser

LONG = "[[stream tokens=2000 rate=60]]"
REVOKED_WITHIN_MS = 2_000


async def test_a_hidden_message_vanishes_from_the_open_page_and_comes_back_when_restored(
    browsing: Browsing, person: User, moderator: User
) -> None:
    browsing.allowed = "ERR_INTERNET_DISCONNECTED|ERR_FAILED|status of 404"
    async with browsing:
        gone, back = await sync_to_async(make_two)(person)
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.write("[[stream tokens=8]]")
        await tab.see_state("complete")
        number = await tab.reply_id()
        await db.call(
            visibility.hide_message,
            actor=moderator,
            message_id=number,
            reason="An insult.",
            reason_for_user="It insults somebody.",
        )
        await expect(tab.answer_body).to_have_text("")
        await expect(tab.notice).to_contain_text("removed by moderation")
        await expect(tab.notice).to_contain_text("It insults somebody.")
        assert answer_text(8).strip() not in await tab.transcript()
        await tab.page.reload()
        assert answer_text(8).strip() not in await tab.transcript()
        await db.call(
            visibility.restore_message, actor=moderator, message_id=number, reason="A mistake."
        )
        await expect(tab.answer_body).to_have_text(answer_text(8).strip())
        await expect(tab.notice).to_be_hidden()
        await expect(tab.answer.get_by_role("button", name="Good answer")).to_be_visible()
        await swap(gone, back)
        await tab.page.route("**/messages/older/", lambda route: route.abort(), times=1)
        await miss_something(tab, person, moderator, number)
        hidden = tab.page.locator(f"#message-{number}")
        await expect(hidden.locator("[data-notice-text]")).to_contain_text("It insults nobody.")
        await expect(hidden.locator("[data-body]")).to_have_text("")
        await expect(tab.messages).to_have_count(4)
        await tab.see_state("complete")
        assert await tab.text() == answer_text(5).strip()
        await see_the_list_as_it_is(tab)
        await miss_what_became_of_the_whole(tab)


def make_two(person: User) -> tuple[int, int]:
    """Make a conversation that is listed, and an archived one of long ago."""
    now = timezone.now()
    gone = ConversationFactory(owner=person, title="Gone")
    back = ConversationFactory(owner=person, title="Back", archived_at=now)
    long_ago = now - timedelta(days=100)
    Conversation.objects.filter(pk=back.pk).update(last_message_at=long_ago, read_at=long_ago)
    return gone.pk, back.pk


async def swap(gone: int, back: int) -> None:
    """Archive the one that is listed, and take the other out of the archive."""
    await Conversation.objects.filter(pk=gone).aupdate(archived_at=timezone.now())
    await Conversation.objects.filter(pk=back).aupdate(archived_at=None)


async def see_the_list_as_it_is(tab: Tab) -> None:
    """See that one of both is gone, and the other under the days where it belongs."""
    groups = tab.page.locator("[data-sidebar] section")
    await expect(groups.filter(has_text="Back")).not_to_have_attribute("data-group", "Today")
    await expect(groups.filter(has_text="Gone")).to_have_count(0)


async def miss_what_became_of_the_whole(tab: Tab) -> None:
    """See on the page that its conversation was renamed, locked and archived, and then deleted."""
    now = timezone.now()
    here = Conversation.objects.filter(messages=await tab.reply_id())
    async with away(tab):
        await here.aupdate(title="Another title", locked_at=now, archived_at=now)
    header = tab.page.locator(".chat-header")
    await expect(header.get_by_role("heading")).to_have_text("Another title")
    await expect(header.get_by_text("Archived")).to_be_visible()
    await expect(tab.page.locator("[data-closed-text]")).to_contain_text("locked")
    async with away(tab):
        await here.aupdate(title="Another title", locked_at=None, archived_at=None)
    await expect(tab.composer).to_be_editable()
    await expect(header.get_by_text("Archived")).to_be_hidden()
    async with away(tab):
        await here.aupdate(deleted_at=now)
    await expect(tab.page.locator("[data-welcome]")).to_be_visible()


@contextlib.asynccontextmanager
async def away(tab: Tab) -> AsyncIterator[None]:
    """Take the network from a page for a while."""
    await tab.page.context.set_offline(True)
    await expect(tab.connection).to_contain_text("You are offline")
    yield
    await tab.page.context.set_offline(False)


async def miss_something(tab: Tab, person: User, moderator: User, number: int) -> None:
    """Have an answer hidden and another turn written elsewhere while a page has no network."""
    await tab.page.context.set_offline(True)
    await expect(tab.connection).to_contain_text("You are offline")
    await db.call(
        visibility.hide_message,
        actor=moderator,
        message_id=number,
        reason="An insult.",
        reason_for_user="It insults nobody.",
    )
    elsewhere = await tab.browsing.signed_in(person)
    await elsewhere.open(tab.page.url)
    await elsewhere.ask("[[stream tokens=5]]")
    await tab.page.context.set_offline(False)
    await expect(tab.connection).to_be_hidden()


async def test_an_answer_that_is_hidden_while_it_is_written_stops_and_never_shows_again(
    browsing: Browsing, person: User, moderator: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.write(LONG)
        await tab.see_length(200)
        await db.call(
            visibility.hide_message,
            actor=moderator,
            message_id=await tab.reply_id(),
            reason="An insult.",
        )
        await tab.see_state("halted")
        await expect(tab.answer_body).to_have_text("")
        await expect(tab.notice).to_contain_text("removed by moderation")


async def test_a_suspended_person_is_told_on_the_open_page_and_cannot_write(
    browsing: Browsing, person: User, moderator: User
) -> None:
    browsing.allowed = "403|WebSocket"
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.write("[[stream tokens=8]]")
        await tab.see_state("complete")
        await db.call(
            standing.suspend,
            actor=moderator,
            user_id=person.pk,
            reason="Spam.",
            reason_for_user="You sent spam.",
        )
        await expect(tab.connection).to_contain_text("suspended", timeout=REVOKED_WITHIN_MS)
        await expect(tab.connection).to_contain_text("You sent spam.")
        await expect(tab.page.locator("#composer-input")).to_be_hidden()
        await expect(tab.page.locator("[data-closed-text]")).to_contain_text("You cannot write")
        second = await tab.another()
        await second.page.goto("/")
        await expect(second.page.locator("#composer-input")).to_have_count(0)
        await db.call(standing.lift, actor=moderator, user_id=person.pk, reason="A mistake.")
        await tab.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow'))")
        await expect(tab.composer).to_be_editable()


async def test_a_person_who_signs_out_in_one_tab_is_signed_out_in_the_other(
    browsing: Browsing, person: User
) -> None:
    browsing.allowed = "WebSocket"
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        second = await tab.another()
        await second.open()
        await expect(second.connection).to_be_hidden()
        await tab.page.get_by_role("button", name="your account").click()
        await tab.page.get_by_role("button", name="Sign out").click()
        await expect(second.connection).to_contain_text("signed out", timeout=REVOKED_WITHIN_MS)
        await second.composer.fill("not lost")
        await second.composer.press("Enter")
        await expect(second.page.locator("[data-problem]")).to_contain_text("This was not sent")
        await expect(second.composer).to_have_value("not lost")
        again = second.page.get_by_role("link", name="Sign in again")
        await expect(again).to_have_attribute("href", re.compile(r"/accounts/login/\?next=%2F$"))
        await browsing.sign_in_again(second, person)
        await second.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow'))")
        await expect(second.connection).to_be_hidden()
        await expect(second.composer).to_have_value("not lost")


async def test_line_16_a_page_without_network_says_so_and_catches_up(
    browsing: Browsing, person: User
) -> None:
    whole = answer_text(400).strip()
    browsing.allowed = "ERR_INTERNET_DISCONNECTED"
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.write("[[stream tokens=400 rate=60]]")
        await tab.see_length(200)
        await tab.page.evaluate("window.isStillHere = true")
        await tab.page.context.set_offline(True)
        await expect(tab.connection).to_contain_text("You are offline")
        shown = len(await tab.text())
        await tab.page.context.set_offline(False)
        await expect(tab.connection).to_be_hidden()
        await tab.see_length(shown + 100)
        await tab.see_state("complete")
        assert await tab.text() == whole
        assert all(whole.startswith(text) for text in await tab.seen())
        assert await tab.page.evaluate("window.isStillHere")


@pytest.mark.fault
async def test_a_page_outlives_its_web_process_and_the_answer_its_worker(
    browsing: Browsing, person: User, site: Site
) -> None:
    browsing.allowed = "WebSocket|ERR_CONNECTION_REFUSED"
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.write("[[stream tokens=6000 rate=60]]")
        await tab.see_length(200)
        site.web.kill()
        await expect(tab.connection).to_contain_text("Reconnecting")
        await sync_to_async(site.web.start)()
        await expect(tab.connection).to_be_hidden(timeout=20_000)
        shown = len(await tab.text())
        await tab.see_length(shown + 200)
        assert all(answer_text(6000).startswith(text) for text in await tab.seen())
        site.worker.terminate()
        await tab.see_state("interrupted")
        await expect(tab.notice).to_contain_text("interrupted on our side")
        await sync_to_async(site.worker.wait_for_end)(seconds=5)
        await sync_to_async(site.worker.start)()
        await tab.answer.get_by_role("button", name="Try again").click()
        await expect(tab.page.locator("[data-transcript] [data-message-id]")).to_have_count(2)
        await tab.see_length(100)
        await tab.stop()
        await tab.see_state("stopped")


@pytest.mark.fault
async def test_a_page_writes_edits_and_switches_while_redis_is_away_and_catches_up_after(
    browsing: Browsing, person: User, moderator: User, services: Services
) -> None:
    if services.redis is None:
        pytest.skip("the server is not ours to stop")
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.ask("[[stream tokens=3]]")
        await sync_to_async(services.redis.stop)()
        try:
            await tab.ask("[[stream tokens=40 rate=100]]")
            assert await tab.text() == answer_text(40).strip()
            again = tab.answer.locator(".message-actions").get_by_role(
                "button", name="Answer this again"
            )
            await again.click()
            place = tab.answer.locator("[data-version-place]")
            await expect(place).to_have_text("2 of 2")
            await tab.see_state("complete")
            await tab.answer.get_by_role("button", name="Earlier version").click()
            await expect(place).to_have_text("1 of 2")
            await db.call(
                visibility.hide_message,
                actor=moderator,
                message_id=await tab.reply_id(),
                reason="An insult.",
                reason_for_user="It insults somebody.",
            )
        finally:
            await sync_to_async(services.redis.start)()
        await expect(tab.notice).to_contain_text("It insults somebody.")
        await tab.ask("[[stream tokens=5]]")
