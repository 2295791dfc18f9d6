"""The checklist's lines about an answer while it is written."""

import re

import pytest
from asgiref.sync import sync_to_async
from playwright.async_api import expect

from apps.conversations.models import Message
from apps.users.models import User
from tests.browser.tab import Browsing, Tab
from tests.support.processes import Site
from tests.support.upstream_frames import answer_text

pytestmark = pytest.mark.browser

SILENT = "[[stream first=30]]"
LONG = "[[stream tokens=2000 rate=60]]"
MARKDOWN = """# Plan

Some **bold words** and a [link to somewhere](https://example.org/a_page) in *one* line.

1. First `code` here
2. Second, {words} at last
3. Third

| left | right |
| ---- | ----- |
| one  | **two** |

```python
def answer() -> int:
    return 42
```

> A quotation with ~~old~~ words.

Let $x_1$ and \\(y^2\\) be so that

\\[
\\frac{x_1}{y^2} = 1.
\\]

The end.
"""
MARKDOWN = MARKDOWN.replace("{words}", "word after word " * 66)
RAW_MARKS = re.compile(r"[23]\. [ST]|> A|\$|\\|frac|```|\*\*|\]\(|\| ?-{2,}|~~|^#|`code")
PENDING_WATCH = """
() => new Promise((resolve) => {
    const input = document.querySelector("#composer-input");
    let pressed = 0;
    const press = () => (pressed ||= performance.now());
    input.addEventListener("keydown", press, { capture: true });
    const look = () => {
        const pending = document.querySelector('[data-state="queued"] [data-pending]');
        if (!pressed || !pending?.checkVisibility()) return;
        const stop = document.querySelector("[data-stop]");
        requestAnimationFrame(() => resolve([performance.now() - pressed, !stop.hidden]));
        observer.disconnect();
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, { subtree: true, childList: true, attributes: true });
    window.isWatching = true;
})
"""
MOTION_WATCH = """
(() => {
    window.moved = new Set();
    const look = () => {
        for (const one of document.getAnimations()) {
            const { duration, iterations } = one.effect.getComputedTiming();
            if (duration > 1 || iterations > 1) window.moved.add(one.animationName ?? "transition");
        }
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})();
"""
JUMP_AND_MEASURE = """
button => {
    const page = document.documentElement;
    button.click();
    return Math.round(page.scrollHeight - innerHeight - scrollY);
}
"""
SHIFTS = """
() => {
    window.shifts = [];
    // The mark behind the last word goes along with it: a few pixels each time.
    const isOfText = ({ value }) => value > 0.0002;
    const note = (list) => {
        window.shifts.push(...list.getEntries().filter(isOfText).map(({ value }) => value));
    };
    new PerformanceObserver(note).observe({ type: "layout-shift" });
}
"""


async def test_lines_11_and_12_a_pending_answer_shows_at_once_and_stops_before_its_first_word(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.ask("[[stream tokens=2]]")
        watch = tab.page.evaluate_handle(f"() => {{ window.seen = ({PENDING_WATCH})(); }}")
        await watch
        await tab.write(SILENT)
        milliseconds, can_stop = await tab.page.evaluate("window.seen")
        assert milliseconds < 100
        assert can_stop
        await expect(tab.answer).to_have_attribute("data-state", "running")
        pressed = await tab.page.evaluate("performance.now()")
        await tab.stop()
        await tab.see_state("stopped")
        assert await tab.page.evaluate("performance.now()") - pressed < 1_000
        await expect(tab.notice).to_have_text("You stopped this answer. What you saw is kept.")
        await expect(tab.page.get_by_role("button", name="Send")).to_be_visible()


async def test_line_17_a_closed_tab_finds_the_finished_answer(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.ask("[[stream tokens=2]]")
        url = tab.page.url
        await tab.write("[[stream tokens=120 rate=60]]")
        await tab.see_length(60)
        other = await tab.another()
        await tab.page.close()
        await other.open("/settings/")
        await other.open(url)
        await other.see_state("complete")
        assert await other.text() == answer_text(120).strip()


@pytest.mark.fault
async def test_line_18_a_killed_worker_ends_as_interrupted_with_a_retry_and_an_id(
    browsing: Browsing, person: User, site: Site
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.write(LONG)
        shown = await tab.see_length(150)
        await sync_to_async(site.worker.kill)()
        await expect(tab.answer).to_have_attribute("data-state", "interrupted", timeout=40_000)
        notice = tab.answer.locator("[data-notice]")
        await expect(notice).to_contain_text("interrupted on our side")
        await expect(notice).to_contain_text("tokens were counted.")
        await expect(notice).to_contain_text("Request")
        await expect(notice.get_by_role("button", name="Try again")).to_be_visible()
        text = await tab.text()
        assert answer_text(2000).startswith(text)
        assert len(text) >= len(shown)
        stored = await Message.objects.aget(pk=await tab.reply_id())
        assert stored.content.strip() == text
        await expect(tab.page.locator("[data-pending]:visible")).to_have_count(0)


async def test_line_20_half_arrived_markdown_never_flashes_raw_and_nothing_on_the_page_shifts(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.ask("[[stream tokens=2]]")
        await tab.write(f"[[echo delay=1 rate=250]]\n{MARKDOWN}")
        await expect(tab.answer).to_have_attribute("data-state", "running")
        await tab.page.evaluate(SHIFTS)
        await tab.see_state("complete")
        texts = [text for text in await tab.seen() if not text.startswith("word")]
        assert len(texts) > 20
        assert [text for text in texts if RAW_MARKS.search(text)] == []
        assert await tab.page.evaluate("window.shifts.reduce((sum, one) => sum + one, 0)") < 0.001
        for element in ("h1", "strong", "ol > li", "table td strong", "pre code", "blockquote del"):
            await expect(tab.answer_body.locator(element).first).to_be_visible()


async def test_line_42_one_polite_status_says_the_states_and_no_word_of_the_answer(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.page.evaluate(
            """() => {
                window.said = [];
                const status = document.querySelector("[data-status]");
                const note = () => status.textContent && window.said.push(status.textContent);
                new MutationObserver(note).observe(status, { childList: true });
            }"""
        )
        await tab.write("[[stream tokens=60 rate=60]]")
        await tab.see_state("complete")
        await expect(tab.page.locator("[data-status]")).to_have_text("Answer complete")
        said = await tab.page.evaluate("window.said")
        assert said == ["Answering", "Answer complete"]
        log = tab.page.get_by_role("log")
        await expect(log).to_have_attribute("aria-live", "off")
        names = [await one.inner_text() for one in await log.get_by_role("heading").all()]
        assert names == ["You wrote", "Parley answered"]
        await expect(log.get_by_role("article", name="Parley answered")).to_be_visible()
        await tab.ask("[[cut after=3]]", "failed")
        await expect(tab.answer.get_by_role("alert")).to_contain_text("connection")


async def test_line_43_an_answer_never_moves_the_focus(browsing: Browsing, person: User) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.ask("[[stream tokens=4]]")
        await tab.write("[[stream tokens=120 rate=60]]")
        await tab.see_length(60)
        copy = tab.messages.nth(1).get_by_role("button", name="Copy this message")
        await copy.focus()
        await tab.see_state("complete")
        await expect(copy).to_be_focused()
        outline = await copy.evaluate("node => getComputedStyle(node).outlineStyle")
        assert outline == "solid"


def count_pieces(tab: Tab) -> list[str | bytes]:
    """Note every piece of an answer that a page which is about to be opened hears of."""
    pieces: list[str | bytes] = []

    def note(frame: str | bytes) -> None:
        if re.search("reply.(delta|snapshot|finished)", str(frame)):
            pieces.append(frame)

    tab.page.on("websocket", lambda socket: socket.on("framereceived", note))
    return pieces


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
async def test_line_44_reduced_motion_stops_animation_and_smooth_scrolling(
    browsing: Browsing, person: User, motion: str
) -> None:
    """The same walk with motion shows that there is something to be stopped."""
    async with browsing:
        tab = await browsing.signed_in(person, reduced_motion=motion)
        await tab.page.add_init_script(MOTION_WATCH)
        pieces = count_pieces(tab)
        await tab.open()
        await tab.write("[[stream tokens=900 rate=300 first=0.5]]")
        await tab.see_state("complete")
        await tab.page.keyboard.press("ControlOrMeta+K")
        await expect(tab.page.get_by_role("dialog")).to_be_visible()
        await tab.page.keyboard.press("Escape")
        await tab.page.mouse.wheel(0, -3_000)
        jump = tab.page.locator("[data-jump]")
        await expect(jump).to_be_visible()
        left = await jump.evaluate(JUMP_AND_MEASURE)
        steps = len(await tab.seen())
        moved = await tab.page.evaluate("[...window.moved].sort()")
    if motion == "reduce":
        assert (moved, left) == ([], 0)
        assert steps <= len(pieces), "text moves in by more steps than it arrives in"
    else:
        assert {"breathe", "transition"} <= set(moved)
        assert left > 100
