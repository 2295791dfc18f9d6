"""A moderator at work in a real browser: keys alone, the claim's clock, undo, what others see."""

import re

import pytest
from asgiref.sync import sync_to_async
from playwright.async_api import Page, expect

from apps.core import db
from apps.moderation.constants import AppealState, CaseState, Severity, Verdict
from apps.moderation.models import Appeal, Case, Decision, Notice
from apps.moderation.services.appeals import appeals
from apps.moderation.services.cases import cases
from apps.moderation.services.decisions import decisions
from apps.users.models import User
from tests.browser.tab import Browsing
from tests.factories import MessageFactory, UserFactory
from tests.moderation.factories import (
    claimed_case,
    make_case,
    make_policy,
    make_staff,
)

pytestmark = pytest.mark.browser

QUEUE = "/admin/moderation/queue/"


def make_queue(number: int) -> list[int]:
    """Make a policy on the key 1 and so many cases."""
    make_policy(shortcut=1)
    return [make_case(MessageFactory(content=f"You fool number {n}.")).pk for n in range(number)]


def states() -> dict[int, str]:
    return dict(Case.objects.values_list("pk", "state"))


async def see_held(page: Page) -> None:
    await expect(page.locator("[data-claim-words]")).to_have_text("You hold it")
    await expect(page.locator("[name=verdict][value=violates]")).to_be_enabled()


async def case_on(page: Page) -> int:
    return int(await page.locator("[data-case]").get_attribute("data-case") or 0)


async def press_and_see_another(page: Page, key: str) -> list[str]:
    """Press a key that leaves a case; returns what was asked about that case from then on."""
    before = await case_on(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.partition(f"/queue/{before}/")[2]))
    await page.keyboard.press(key)
    await page.wait_for_function(
        "before => Number(document.querySelector('[data-case]')?.dataset.case) !== before",
        arg=before,
    )
    return [path for path in asked if path]


@pytest.fixture
def moderator(site: object) -> User:
    return make_staff()


async def test_a_moderator_works_twenty_cases_by_keyboard_alone_with_one_request_each(
    browsing: Browsing, moderator: User
) -> None:
    numbers = await sync_to_async(make_queue)(21)
    async with browsing:
        tab = await browsing.signed_in(moderator)
        await tab.open(QUEUE)
        page = tab.page
        await page.keyboard.press("j")
        await page.keyboard.press("j")
        second = await page.locator("[data-open]").nth(1).get_attribute("href")
        assert await page.evaluate("document.activeElement.getAttribute('href')") == second
        await page.keyboard.press("n")
        await page.wait_for_url(re.compile(r"/queue/\d+/"))
        for worked in range(20):
            await see_held(page)
            if worked % 4 == 3:
                await page.keyboard.press("1")
                assert await press_and_see_another(page, "o") == ["decide/"]
                continue
            if worked == 5:
                assert await press_and_see_another(page, "u") == ["decide/"]
                continue
            await page.keyboard.press("1")
            await expect(page.locator("[name=reason]")).to_have_value(
                "The message insults somebody."
            )
            assert await press_and_see_another(page, "v") == ["decide/"]
        await see_held(page)
    found = await sync_to_async(states)()
    assert list(found.values()).count(CaseState.CLOSED) == 19
    assert list(found.values()).count(CaseState.ESCALATED) == 1
    assert await sync_to_async(Decision.objects.filter(verdict="violates").count)() == 14
    fine = Decision.objects.filter(verdict="no_violation")
    assert await sync_to_async(lambda: set(fine.values_list("reason", flat=True)))() == {""}
    assert set(found) == set(numbers)


async def test_undo_is_offered_for_a_while_and_brings_the_case_back(
    browsing: Browsing, moderator: User
) -> None:
    await sync_to_async(make_queue)(2)
    async with browsing:
        tab = await browsing.signed_in(moderator)
        await tab.open(QUEUE)
        page = tab.page
        await page.keyboard.press("n")
        await page.wait_for_url(re.compile(r"/queue/\d+/"))
        await see_held(page)
        first = await case_on(page)
        await press_and_see_another(page, "o")
        crumb = page.locator(".staff-crumbs [aria-current]")
        await expect(crumb).to_have_text(f"Case {await case_on(page)}")
        await expect(page.locator("[data-toast]")).to_contain_text("Undo z 2")
        await press_and_see_another(page, "z")
        assert await case_on(page) == first
        await see_held(page)
    assert (await sync_to_async(states)())[first] in (CaseState.CLAIMED, CaseState.OPEN)


async def test_no_key_fires_while_somebody_types(browsing: Browsing, moderator: User) -> None:
    (number, *_) = await sync_to_async(make_queue)(2)
    async with browsing:
        tab = await browsing.signed_in(moderator)
        await tab.open(f"{QUEUE}{number}/")
        page = tab.page
        await see_held(page)
        await page.focus("[name=reason]")
        await page.keyboard.type("voun sz1?")
        await expect(page.locator("[name=reason]")).to_have_value("voun sz1?")
        assert await case_on(page) == number
        await page.keyboard.press("Escape")
        await page.keyboard.press("?")
        await expect(page.locator("[data-keys]")).to_be_visible()
        await page.keyboard.press("Escape")
        await page.keyboard.press("v")
        await expect(page.locator("[data-problem]")).to_contain_text("Choose a policy first")
    assert not await sync_to_async(Decision.objects.exists)()


async def test_a_second_viewer_sees_who_holds_a_case_live_and_cannot_decide(
    browsing: Browsing, moderator: User
) -> None:
    (number,) = await sync_to_async(make_queue)(1)
    peer = await sync_to_async(make_staff)()
    browsing.allowed = "409"
    async with browsing:
        mine = await browsing.signed_in(moderator)
        await mine.open(f"{QUEUE}{number}/")
        await see_held(mine.page)
        await expect(mine.page.locator("[data-clock]")).to_have_text(re.compile(r"^9:\d\d$"))
        other = await browsing.signed_in(peer)
        await other.open(f"{QUEUE}{number}/")
        words = other.page.locator("[data-claim-words]")
        await expect(words).to_contain_text(f"{moderator.name} has held it since")
        await expect(other.page.locator("[name=verdict][value=violates]")).to_be_disabled()
        await expect(other.page.locator("[data-why-not]")).to_contain_text(moderator.name)
        await db.call(cases.release, actor=moderator, case_id=number)
        await expect(words).to_have_text("Nobody holds it")


async def test_leaving_the_page_gives_the_case_back(browsing: Browsing, moderator: User) -> None:
    (number,) = await sync_to_async(make_queue)(1)
    async with browsing:
        tab = await browsing.signed_in(moderator)
        await tab.open(f"{QUEUE}{number}/")
        await see_held(tab.page)
        await tab.open(QUEUE)
        await expect(tab.page.locator("[data-row]")).to_have_count(1)
        await tab.page.reload()
        await expect(tab.page.locator("[data-row][data-mine]")).to_have_count(0)
    assert (await sync_to_async(states)())[number] == CaseState.OPEN


async def test_a_case_that_changes_under_ones_hands_keeps_what_was_typed(
    browsing: Browsing, moderator: User
) -> None:
    (number,) = await sync_to_async(make_queue)(1)
    browsing.allowed = "409"

    def flag_again() -> None:
        message = Case.objects.get(pk=number).message
        make_case(message, UserFactory(name="Rita"))

    async with browsing:
        tab = await browsing.signed_in(moderator)
        await tab.open(f"{QUEUE}{number}/")
        page = tab.page
        await see_held(page)
        await page.keyboard.press("1")
        await page.fill("[name=reason]", "My own words.")
        await sync_to_async(flag_again)()
        await expect(page.locator("[data-news]")).to_contain_text("New flag: user")
        await page.keyboard.press("Escape")
        async with page.expect_response(re.compile("/decide/")) as refused:
            await page.keyboard.press("v")
        assert (await refused.value).status == 409
        await expect(page.locator("[data-news]")).to_contain_text("This case changed meanwhile.")
        await expect(page.locator("[name=reason]")).to_have_value("My own words.")
        await expect(page.locator('[data-part="flags"]')).to_contain_text("Rita")
        await page.keyboard.press("v")
        await page.wait_for_url(re.compile(r"/queue/$"))
    assert (await sync_to_async(states)())[number] == CaseState.CLOSED


async def test_a_reviewer_who_comes_back_to_an_appeal_decides_it(browsing: Browsing) -> None:
    lead = await sync_to_async(make_staff)("lead")

    def review_and_leave() -> int:
        make_policy()
        first = make_staff()
        case = claimed_case(first)
        ruling = decisions.Ruling(
            verdict=Verdict.VIOLATES, policy_code="insults", reason="An insult."
        )
        made = decisions.decide(actor=first, case_id=case.pk, version=case.version, ruling=ruling)
        notice = Notice.objects.get(decision=made, subject=case.subject_id)
        owner = User.objects.get(pk=case.subject_id)
        appeal = appeals.submit(actor=owner, notice_id=notice.pk, text="It was a joke.")
        cases.claim(actor=lead, case_id=appeal.case_id)
        appeals.note_first_opinion(actor=lead, appeal_id=appeal.pk, verdict=Verdict.VIOLATES)
        cases.release(actor=lead, case_id=appeal.case_id)
        return int(appeal.case_id)

    number = await sync_to_async(review_and_leave)()
    async with browsing:
        tab = await browsing.signed_in(lead)
        await tab.open(f"{QUEUE}{number}/")
        page = tab.page
        await expect(page.locator("[data-claim-words]")).to_have_text("You hold it")
        await page.check("[name=outcome][value=overturned]")
        await page.fill("#mod-appeal-reason", "They are friends.")
        await page.get_by_role("button", name="Decide the appeal").click()
        await expect(page.locator("#mod-appeal-reason")).to_have_count(0)
        await expect(page.locator('[data-part="appeal"]')).to_contain_text("Overturned")
    appeal = await sync_to_async(Appeal.objects.get)()
    assert appeal.state == AppealState.OVERTURNED


async def test_a_severe_text_is_shown_by_a_key_and_passages_redacted_by_their_words_or_selection(
    browsing: Browsing, moderator: User
) -> None:
    def prepare() -> int:
        make_queue(0)
        case = make_case(MessageFactory(content="Oh,\r\nyou fool.\r\nGo, fool, and hurry!"))
        Case.objects.filter(pk=case.pk).update(severity=Severity.CRITICAL)
        return case.pk

    number = await sync_to_async(prepare)()
    async with browsing:
        tab = await browsing.signed_in(moderator)
        await tab.open(f"{QUEUE}{number}/")
        page = tab.page
        await see_held(page)
        await expect(page.locator("[data-text]")).to_be_hidden()
        await page.keyboard.press("r")
        await expect(page.locator("[data-text]")).to_contain_text("Go, fool, and hurry!")
        await page.locator("[data-passage-words]").press_sequentially("Fool")
        await page.keyboard.press("Enter")
        await expect(page.locator("[data-spans-words]")).to_contain_text("“fool”, “fool”")
        await page.evaluate(
            """() => {
              const text = document.querySelector("[data-text]");
              const [node, start] = [text.firstChild, text.textContent.indexOf("hurry")];
              getSelection().setBaseAndExtent(node, start, node, start + 5);
              text.dispatchEvent(new MouseEvent("mouseup", { bubbles: true }));
            }"""
        )
        await expect(page.locator("[data-spans-words]")).to_contain_text("“hurry”")
        await page.uncheck("[name=measure][value=hide_message]")
        await page.keyboard.press("Escape")
        await page.keyboard.press("1")
        await expect(page.locator("[data-effect-of=violates]")).to_contain_text("Redacts a passage")
        await page.keyboard.press("v")
        await page.wait_for_url(re.compile(r"/queue/$"))

    def text() -> str:
        return str(Case.objects.get(pk=number).message.content)

    assert await sync_to_async(text)() == "Oh,\r\nyou ████.\r\nGo, ████, and █████!"
