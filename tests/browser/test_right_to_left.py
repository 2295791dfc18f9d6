"""A language that runs from right to left needs only its words: the pages mirror themselves."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from playwright.async_api import Locator, ViewportSize, expect

from apps.users.models import User
from tests.browser.tab import Browsing, Tab
from tests.browser.test_every_page import make_a_history
from tests.browser.test_pages import RICH
from tests.factories import ConversationFactory, MessageFactory, ReplyFactory

pytestmark = pytest.mark.browser

WIDE: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 360, "height": 740}
MIXED = "API keys are made here.\n\nالمفاتيح سرية.\n\n- أولا\n- ثانيا"  # noqa: RUF001
TURNED = (
    "Sign in at \u202e[your bank](https://moc.elgoog.x.io/) now, or at "
    "[moc.elgoog.x.io](https://moc.elgoog.x.io/)."
)
PAGES = ["/settings/", "/settings/tokens/", "/settings/usage/", "/accounts/2fa/", "/search/?q=one"]
TURN = """
(() => {
    const turn = () => document.documentElement?.setAttribute("dir", "rtl");
    new MutationObserver((_, watch) => (turn(), watch.disconnect())).observe(document, {
        childList: true,
    });
    turn();
})();
"""
CUT_OFF = """
() => [
    ...(document.documentElement.scrollWidth > innerWidth ? ["the page scrolls sideways"] : []),
    ...[...document.querySelectorAll("body *")]
        .filter((one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
        .filter((one) => !one.closest(".visually-hidden, .skip-link, pre, table, svg, .plot, code"))
        .filter((one) => {
            const box = one.getBoundingClientRect();
            return box.left < -1 || box.right > innerWidth + 1;
        })
        .map((one) => one.outerHTML.slice(0, 120)),
]
"""


async def mirrored(browsing: Browsing, person: User, **options: Any) -> Tab:
    """Open a tab of somebody whose pages run as they would in Arabic."""
    tab = await browsing.signed_in(person, **options)
    await tab.page.add_init_script(TURN)
    return tab


def talk_of(person: User, *, answer: str = RICH, title: str = "Hello there") -> str:
    """Make a question with its answer; return the address of their conversation."""
    conversation = ConversationFactory(owner=person, title=title)
    question = MessageFactory(conversation=conversation, content="Hello there")
    place = {"message__conversation": conversation, "message__parent": question}
    ReplyFactory(**place, message__content=answer)
    return f"/c/{question.conversation.pk}/"


async def look(tab: Tab, found: dict[str, list[str]], place: str) -> None:
    """Note what is cut off here."""
    if some := await tab.page.evaluate(CUT_OFF):
        found[place] = some


async def test_nothing_is_cut_off_where_lines_run_from_right_to_left(
    browsing: Browsing, person: User, moderator: User
) -> None:
    talk = await sync_to_async(talk_of)(person)
    places = await sync_to_async(make_a_history)(person, moderator)
    found: dict[str, list[str]] = {}
    async with browsing:
        tab = await mirrored(browsing, person, viewport=PHONE)
        for path in ["/", talk, *PAGES, *places.values()]:
            await tab.open(path)
            for size in (PHONE, WIDE):
                await tab.page.set_viewport_size(size)
                await look(tab, found, f"{path} {size['width']}")
            await tab.page.set_viewport_size(PHONE)
    assert found == {}


async def test_list_writer_and_menus_stand_on_the_other_side(
    browsing: Browsing, person: User
) -> None:
    talk = await sync_to_async(talk_of)(person)
    async with browsing:
        tab = await mirrored(browsing, person, viewport=WIDE)
        await tab.open(talk)
        sidebar, menu = tab.page.locator("#sidebar"), tab.page.locator("#account-menu")
        composer = await middle_of(tab.composer)
        assert await middle_of(sidebar) > composer
        assert await middle_of(tab.page.locator("[data-send]")) < composer
        assert await middle_of(tab.question.locator("[data-body]")) < composer
        await tab.page.get_by_role("button", name=", your account").click()
        await expect(menu).to_be_in_viewport(ratio=1)
        assert await middle_of(menu) > composer


async def test_the_drawer_of_a_phone_comes_from_the_right(browsing: Browsing, person: User) -> None:
    async with browsing:
        tab = await mirrored(browsing, person, viewport=PHONE, has_touch=True, is_mobile=True)
        await tab.open()
        await tab.page.get_by_role("button", name="Your conversations").tap()
        drawer = tab.page.locator("#sidebar")
        await expect(drawer).to_be_in_viewport(ratio=1)
        box = await drawer.bounding_box()
        assert box is not None
        assert round(box["x"] + box["width"]) == PHONE["width"]


async def test_what_is_written_runs_as_its_own_language_does_on_an_english_page(
    browsing: Browsing, person: User
) -> None:
    talk = await sync_to_async(talk_of)(person, answer=MIXED, title="خطة السفر")
    async with browsing:
        tab = await browsing.signed_in(person, viewport=WIDE)
        await tab.open(talk)
        await tab.composer.fill("مرحبا، كيف الحال؟")
        for part in (tab.composer, tab.page.locator(".chat-header [data-title]")):
            await expect(part).to_have_css("direction", "rtl")
        english, arabic = (tab.answer_body.locator("> p").nth(at) for at in (0, 1))
        assert await side_of_its_text(english) == "left"
        assert await side_of_its_text(arabic) == "right"
        await expect(tab.answer_body.locator("ul")).to_have_css("direction", "rtl")


async def test_no_sign_turns_round_the_host_that_stands_beside_a_link(
    browsing: Browsing, person: User
) -> None:
    talk = await sync_to_async(talk_of)(person, answer=TURNED)
    async with browsing:
        tab = await browsing.signed_in(person, viewport=WIDE)
        await tab.open(talk)
        assert await drawn(tab.answer_body.locator(".link-host")) == "moc.elgoog.x.io"
        plain = tab.answer_body.get_by_role("link", name="moc.elgoog.x.io", exact=True)
        assert await drawn(plain) == "moc.elgoog.x.io"


async def side_of_its_text(part: Locator) -> str:
    """Return on which side of a part its text stands."""
    side: str = await part.evaluate(
        """(part) => {
            const range = document.createRange();
            range.selectNodeContents(part);
            const [text, box] = [range.getBoundingClientRect(), part.getBoundingClientRect()];
            return text.left - box.left < box.right - text.right ? "left" : "right";
        }"""
    )
    return side


async def drawn(part: Locator) -> str:
    """Return the letters of a part from left to right, as they stand on the screen."""
    letters: str = await part.evaluate(
        """(part) => {
            const [text, range] = [part.firstChild, document.createRange()];
            const placed = [...text.data].map((letter, at) => {
                range.setStart(text, at);
                range.setEnd(text, at + 1);
                return { letter, left: range.getBoundingClientRect().left };
            });
            return placed.sort((a, b) => a.left - b.left).map((one) => one.letter).join("");
        }"""
    )
    return letters


async def middle_of(part: Locator) -> float:
    """Return how far the middle of a part is from the left edge."""
    box = await part.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2
