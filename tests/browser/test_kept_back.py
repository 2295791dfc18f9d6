"""A message that policy keeps back is a placeholder, and stays in its writer's box."""

import orjson
import pytest
from playwright.async_api import WebSocketRoute, expect

from apps.conversations.models import Message
from apps.users.models import User
from tests.browser.tab import Browsing, Tab
from tests.moderation.rules.conftest import MakeRule, make_live_rule

__all__ = ["make_live_rule"]
pytestmark = pytest.mark.browser
WORDS = "This is badword, and it took long to write."
INPUT = {"stage": "input", "applies_to": "user"}


async def errors_last(tab: Tab) -> None:
    """Let every error wait until the message that it is about was accepted."""

    def join(page: WebSocketRoute) -> None:
        server = page.connect_to_server()
        late: list[str | bytes] = []

        def pass_on(frame: str | bytes) -> None:
            kind = orjson.loads(frame)["type"]
            if kind == "error":
                late.append(frame)
                return
            page.send(frame)
            while kind == "message.accepted" and late:
                page.send(late.pop())

        server.on_message(pass_on)

    await tab.page.route_web_socket("**/ws/chat/", join)


async def test_words_that_policy_keeps_back_stay_with_their_writer_in_whatever_order_it_is_told(
    browsing: Browsing, person: User, make_live_rule: MakeRule
) -> None:
    words = {"terms": ["badword"], "match": "word", "fold": True}
    await make_live_rule(configuration=words, **INPUT)
    async with browsing:
        tab = await browsing.signed_in(person)
        await errors_last(tab)
        await tab.open()
        await tab.write("[[stream tokens=3]]")
        await tab.see_state("complete")
        await tab.write(WORDS)
        await tab.see_state("withheld")
        asked = tab.page.locator('[data-transcript] [data-role="user"]').last
        await expect(asked.locator("[data-body]")).to_have_text("")
        await expect(asked).to_contain_text("removed by moderation")
        await expect(tab.page.locator("#composer-input")).to_have_value(WORDS)
        assert WORDS not in await tab.transcript()
        await tab.page.reload()
        await expect(tab.page.locator("#composer-input")).to_have_value(WORDS)
        assert await Message.objects.filter(content=WORDS).acount() == 1
