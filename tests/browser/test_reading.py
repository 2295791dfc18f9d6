"""The checklist's lines about reading: where the page stands, code, links, what must not run."""

from statistics import median

import pytest
from playwright.async_api import expect

from apps.conversations.models import Conversation, Message
from apps.users.models import User
from tests.browser.tab import Browsing
from tests.factories import ConversationFactory, ReplyFactory

pytestmark = pytest.mark.browser

PLACES = """
fraction => {
    const above = fraction.closest("[data-body]").getBoundingClientRect().y;
    const tops = [...fraction.children].map((part) => part.getBoundingClientRect().y);
    const [numerator, denominator] = tops.map((top) => Math.round(top - above));
    return { numerator, denominator };
}
"""
COPY_ALL = """
node => {
    getSelection().selectAllChildren(node);
    const options = { clipboardData: new DataTransfer(), bubbles: true, cancelable: true };
    const copy = new ClipboardEvent("copy", options);
    node.dispatchEvent(copy);
    return copy.clipboardData.getData("text/plain");
}
"""
MOVED_BY_OLDER = """
async ([wanted, anchor]) => {
    // Some browsers keep no place by themselves.
    document.documentElement.style.overflowAnchor = anchor;
    const kept = document.querySelector("[data-transcript] [data-message-id]");
    scrollTo({ top: 700, behavior: "instant" });
    const before = kept.getBoundingClientRect().top;
    const count = () => document.querySelectorAll("[data-transcript] [data-message-id]").length;
    while (count() < wanted) await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    return kept.getBoundingClientRect().top - before;
}
"""
LONG = "[[stream tokens=1500 rate=100]]"
SETTLED = """
() => new Promise((done) => {
    let [last, same] = [scrollY, 0];
    const look = () => {
        same = scrollY === last ? same + 1 : 0;
        last = scrollY;
        if (same > 10) done(last);
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})
"""
SHRUNK_AND_GROWN = """
body => new Promise((done) => requestAnimationFrame(() => {
    // As when a formula is drawn: the page is shorter in one frame and longer in the next.
    body.style.height = `${body.offsetHeight - 80}px`;
    setTimeout(() => {
        body.style.height = `${body.offsetHeight + 40}px`;
        requestAnimationFrame(() => requestAnimationFrame(done));
    });
}))
"""
AT_BOTTOM = "innerHeight + scrollY >= document.documentElement.scrollHeight - 2"
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 1e9"
CODE = '```python\nif answer == 42:\n    print("' + "x" * 300 + '")\n```'
HOSTILE = """<script>window.pwned = 1</script>

<img src=x onerror="window.pwned = 2">

[click](javascript:window.pwned=3) ![picture](https://evil.example/track.png)

<a href="https://evil.example" onclick="window.pwned = 4">there</a>

[Your bank](https://evil.example/login)
"""


@pytest.fixture
def long_conversation(person: User) -> Conversation:
    """A conversation of 500 messages; some are long."""
    conversation: Conversation = ConversationFactory(owner=person)
    words = "Words of some length, as people and models write them. " * 6
    rows = [
        Message(
            conversation=conversation,
            role="assistant" if number % 2 else "user",
            author=None if number % 2 else person,
            content=f"Number {number}. {words}",
        )
        for number in range(500)
    ]
    parent = None
    for message in Message.objects.bulk_create(rows):
        message.parent, parent = parent, message
        if message.role == "assistant":
            ReplyFactory.build(message=message, conversation=conversation).save()
    Message.objects.bulk_update(rows, ["parent"])
    return conversation


async def test_lines_21_and_22_the_page_follows_a_reader_at_the_bottom_and_nobody_else(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.write(LONG)
        await tab.see_length(3_000)
        assert await tab.page.evaluate(AT_BOTTOM)
        jump = tab.page.get_by_role("button", name="Jump to latest")
        await expect(jump).to_be_hidden()
        await tab.page.mouse.move(800, 300)
        await tab.page.mouse.wheel(0, -120)
        await tab.page.wait_for_function(f"() => !({AT_BOTTOM})")
        stood = await tab.page.evaluate(SETTLED)
        length = len(await tab.text())
        await tab.see_length(length + 1_200)
        assert await tab.page.evaluate("scrollY") == stood
        await expect(jump).to_be_visible()
        await jump.click()
        await expect(jump).to_be_hidden()
        await tab.page.wait_for_function(f"() => {AT_BOTTOM}")
        await tab.see_length(length + 1_800)
        assert await tab.page.evaluate(AT_BOTTOM)
        await tab.stop()
        await tab.see_state("stopped")


async def test_line_21_a_reader_who_did_not_scroll_is_not_left_behind_when_an_answer_gets_shorter(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person, viewport={"width": 1280, "height": 400})
        await tab.open()
        await tab.write("[[stream tokens=1500 rate=100]]")
        await tab.see_length(3_000)
        for _ in range(3):
            await tab.answer_body.evaluate(SHRUNK_AND_GROWN)
            assert await tab.page.evaluate(AT_BOTTOM)
        await tab.stop()
        await tab.see_state("stopped")


async def test_a_reader_who_comes_back_to_the_middle_stays_there_when_the_window_changes(
    browsing: Browsing, person: User, long_conversation: Conversation
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open(f"/c/{long_conversation.pk}/")
        await expect(tab.messages).to_have_count(50)
        await tab.page.evaluate("scrollTo({ top: 1500, behavior: 'instant' })")
        await tab.page.evaluate(SETTLED)
        await tab.open("/")
        await tab.page.go_back()
        await tab.page.wait_for_function("() => scrollY === 1500")
        await tab.page.set_viewport_size({"width": 1280, "height": 700})
        assert await tab.page.evaluate(SETTLED) == 1_500


async def test_lines_23_and_24_a_long_conversation_opens_at_once_and_older_messages_move_nothing(
    browsing: Browsing, person: User, long_conversation: Conversation
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        paints = []
        for _ in range(3):
            await tab.open(f"/c/{long_conversation.pk}/")
            await expect(tab.messages).to_have_count(50)
            await tab.page.wait_for_function(f"() => {FIRST_PAINT} < 1e9")
            paints.append(await tab.page.evaluate(FIRST_PAINT))
        assert median(paints) < 1_000
        assert await tab.page.evaluate(AT_BOTTOM)
        await expect(tab.page.locator("[data-send]")).to_be_disabled()
        for shown, anchor in ((100, "auto"), (150, "none")):
            assert abs(await tab.page.evaluate(MOVED_BY_OLDER, [shown, anchor])) <= 1
        slowest = await tab.page.evaluate(
            """async () => {
                const input = document.querySelector("#composer-input");
                input.focus({ preventScroll: true });
                const times = [];
                for (const letter of "typing does not lag here") {
                    const began = performance.now();
                    document.execCommand("insertText", false, letter);
                    document.documentElement.getBoundingClientRect();
                    times.push(performance.now() - began);
                }
                return times.sort((one, other) => one - other).at(-3);
            }"""
        )
        assert slowest < 16
        await tab.page.context.clear_cookies()
        async with tab.page.expect_response("**/accounts/login/**"):
            await tab.page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
        await tab.page.keyboard.press("Control+k")
        found = tab.page.locator("[data-search-results]")
        await expect(found).to_contain_text("The search did not answer")
        assert await tab.page.locator("main form[action*='login']").count() == 0
        await expect(tab.page.get_by_role("link", name="Show earlier messages")).to_be_attached()


async def test_lines_25_and_26_code_has_label_colours_and_copy_and_a_message_copies_as_markdown(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await tab.open()
        await tab.write(f"[[echo rate=60]]\nSome **code**:\n\n{CODE}")
        await tab.see_length(40)
        await expect(tab.answer.get_by_role("button", name="Copy this message")).to_be_hidden()
        await tab.see_state("complete")
        block = tab.answer.locator(".code-block")
        await expect(block.locator(".code-block__language")).to_have_text("python")
        await expect(block.locator(".code-keyword").first).to_have_text("if")
        scrolls = await block.locator("pre").evaluate("node => node.scrollWidth > node.clientWidth")
        page_scrolls = await tab.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert (scrolls, page_scrolls) == (True, False)
        copy = block.get_by_role("button", name="Copy")
        await copy.click()
        await expect(block.get_by_role("button", name="Copied")).to_be_visible()
        code = await tab.page.evaluate("navigator.clipboard.readText()")
        assert code == CODE.removeprefix("```python\n").removesuffix("```")
        await tab.answer.get_by_role("button", name="Copy this message").click()
        await expect(tab.page.locator("[data-status]")).to_have_text("Copied")
        assert await tab.page.evaluate("navigator.clipboard.readText()") == (
            f"Some **code**:\n\n{CODE}"
        )
        await tab.page.evaluate(
            "() => { Clipboard.prototype.writeText = () => Promise.reject(new Error()); }"
        )
        await copy.click()
        await expect(block.get_by_role("button", name="Copied")).to_be_focused()
        assert await tab.page.evaluate("navigator.clipboard.readText()") == code


async def test_a_formula_is_drawn_while_its_answer_arrives_and_copied_as_it_was_written(
    browsing: Browsing, person: User
) -> None:
    written = "Let \\(x^2\\) be.\n\n\\[\n\\frac{a}{b}\n\\]\n\nWords."
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.write(f"[[echo rate=30]]\n{written} {'More of them. ' * 20}")
        await expect(tab.answer_body.locator("math")).to_have_count(2)
        await expect(tab.answer).to_have_attribute("data-state", "running")
        places = await tab.answer_body.locator("mfrac").evaluate(PLACES)
        await tab.stop()
        await tab.see_state("stopped")
        await expect(tab.answer_body.locator(".formula math")).to_have_count(2)
        assert await tab.answer_body.locator("mfrac").evaluate(PLACES) == places
        assert places["numerator"] < places["denominator"]
        copied = await tab.answer_body.evaluate(COPY_ALL)
    assert copied.startswith("Let \\(x^2\\) be.\n\n\\[ \\frac{a}{b} \\]\n\nWords.")


async def test_lines_27_and_28_a_models_html_is_inert_and_links_open_safely_with_their_host(
    browsing: Browsing, person: User
) -> None:
    asked: list[str] = []
    async with browsing:
        tab = await browsing.signed_in(person)
        tab.page.on("request", lambda request: asked.append(request.url))
        await tab.open()
        await tab.write(f"[[echo rate=90]]\n{HOSTILE}")
        await tab.see_state("complete")
        for _ in range(2):
            assert await tab.page.evaluate("window.pwned") is None
            assert await tab.answer_body.locator("script, img, [onclick], [onerror]").count() == 0
            link = tab.answer_body.get_by_role("link", name="Your bank")
            await expect(link).to_have_attribute("href", "https://evil.example/login")
            await expect(link).to_have_attribute("target", "_blank")
            await expect(link).to_have_attribute("rel", "noopener noreferrer nofollow ugc")
            await expect(tab.answer_body).to_contain_text("Your bank evil.example")
            hrefs = await tab.answer_body.locator("a").evaluate_all(
                "links => links.map((link) => new URL(link.href).protocol)"
            )
            assert set(hrefs) == {"https:"}
            await tab.page.reload()
    assert [url for url in asked if "evil.example" in url] == []
