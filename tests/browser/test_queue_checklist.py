"""Lines of the staff checklist that only a browser shows; see tests/moderation/README.md."""

import re
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone
from playwright.async_api import Page, expect

from apps.moderation.models import Case, Decision, PolicyVersion
from apps.moderation.services.cases import cases
from apps.moderation.services.decisions import automatic
from apps.users.models import User
from tests.browser.tab import Browsing
from tests.browser.test_queue import QUEUE, case_on, make_queue, press_and_see_another, see_held
from tests.moderation.factories import make_rule, make_staff

pytestmark = pytest.mark.browser

FINGER = 44
CONTROLS = "a, button, summary, select, textarea, input:not([type=hidden])"
TOO_SMALL = """([controls, least]) => {
  const height = (one) => one.getBoundingClientRect().height;
  return [...document.querySelectorAll(`#content :is(${controls})`)]
    .filter((one) => one.checkVisibility() && !one.closest("dialog, .mod-hidden"))
    .map((one) => (one.matches("[type=checkbox], [type=radio]") && one.closest("label")) || one)
    .filter((one) => height(one) && height(one) < least)
    .map((one) => `${one.tagName} ${one.textContent.trim().slice(0, 30)} ${height(one)}`);
}"""


@pytest.fixture
def moderator(site: object) -> User:
    return make_staff()


async def focused(page: Page) -> dict[str, Any]:
    """Return which case has the focus, and the ring that shows it."""
    found: dict[str, Any] = await page.evaluate(
        """() => {
          const one = document.activeElement;
          const { outlineStyle: style, outlineWidth: width } = getComputedStyle(one);
          const number = Number(one.closest("[data-row]")?.dataset.case);
          return { case: number, ring: `${style} ${width}` };
        }"""
    )
    return found


async def test_j_and_k_move_a_ring_that_can_be_seen_and_enter_opens(
    browsing: Browsing, moderator: User
) -> None:
    first, second, *_ = await sync_to_async(make_queue)(3)
    async with browsing:
        tab = await browsing.signed_in(moderator)
        await tab.open(QUEUE)
        page = tab.page
        for key, number in (("j", first), ("j", second), ("k", first)):
            await page.keyboard.press(key)
            assert await focused(page) == {"case": number, "ring": "solid 2px"}
        await page.keyboard.press("Enter")
        await page.wait_for_url(re.compile(rf"/queue/{first}/"))


async def test_s_skips_and_the_keys_of_the_theme_stay_its_own(
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
        await press_and_see_another(page, "s")
        await see_held(page)
        before = await case_on(page)
        for key in ("c", "f", "["):
            await page.keyboard.press(key)
        assert await case_on(page) == before
        await page.keyboard.press("?")
        await expect(page.locator("dialog[open]")).to_have_count(1)
        await expect(page.locator("[data-keys]")).to_be_visible()


async def test_one_request_decides_and_brings_the_next_case(
    browsing: Browsing, moderator: User
) -> None:
    await sync_to_async(make_queue)(3)
    asked: list[str] = []
    async with browsing:
        tab = await browsing.signed_in(moderator)
        await tab.open(QUEUE)
        page = tab.page
        await page.keyboard.press("n")
        await page.wait_for_url(re.compile(r"/queue/\d+/"))
        await see_held(page)
        page.on("request", lambda one: asked.append(f"{one.method} {one.url}"))
        await press_and_see_another(page, "o")
        await see_held(page)
        await expect(page.locator("[data-toast]")).to_contain_text("Undo")
    decided = [one for one in asked if re.match(r"POST (?!\S+/preview/)", one)]
    assert len(decided) == 1
    assert decided[0].endswith("/decide/")
    pages = [one for one in asked if re.search(r"GET \S+/queue/(?!\d+/standing/)", one)]
    assert pages == []


async def test_control_and_k_leads_from_a_case_to_another_by_its_number(
    browsing: Browsing, moderator: User
) -> None:
    first, second = await sync_to_async(make_queue)(2)
    async with browsing:
        tab = await browsing.signed_in(moderator)
        await tab.open(f"{QUEUE}{first}/")
        page = tab.page
        await see_held(page)
        await page.keyboard.press("Control+k")
        box = page.locator("[data-jump-term]")
        await expect(box).to_be_focused()
        await box.press_sequentially(f"case:{second}")
        await page.locator(f'a[href="{QUEUE}{second}/"]').click()
        await page.wait_for_url(re.compile(rf"/queue/{second}/"))


async def test_working_renews_the_claim(browsing: Browsing, moderator: User) -> None:
    (number,) = await sync_to_async(make_queue)(1)
    async with browsing:
        tab = await browsing.signed_in(moderator)
        page = tab.page
        await page.clock.install()
        await tab.open(f"{QUEUE}{number}/")
        await see_held(page)
        claimed = await sync_to_async(Case.objects.get)(pk=number)
        await page.clock.fast_forward(46_000)
        async with page.expect_response(re.compile(rf"/{number}/claim/")):
            await page.keyboard.press("j")
        renewed = await sync_to_async(Case.objects.get)(pk=number)
        assert renewed.claim_expires_at is not None
        assert claimed.claim_expires_at is not None
        assert renewed.claim_expires_at > claimed.claim_expires_at
        await expect(page.locator("[data-clock]")).to_have_text(re.compile(r"^(9:5\d|10:00)$"))


async def lapse(page: Page, number: int) -> None:
    """Let the claim on a case pass, and its page learn that it did."""
    past = timezone.now() - timedelta(seconds=1)
    await sync_to_async(Case.objects.filter(pk=number).update)(claim_expires_at=past)
    await page.clock.fast_forward(21_000)
    await expect(page.locator("[data-claim-words]")).to_have_text("Nobody holds it")


async def test_a_claim_that_passed_is_taken_again_and_what_was_typed_stays(
    browsing: Browsing, moderator: User
) -> None:
    (number,) = await sync_to_async(make_queue)(1)
    async with browsing:
        tab = await browsing.signed_in(moderator)
        page = tab.page
        await page.clock.install()
        await tab.open(f"{QUEUE}{number}/")
        await see_held(page)
        take = page.locator("[data-take] button")
        await expect(take).to_be_hidden()
        await page.keyboard.press("1")
        await page.fill("[name=reason]", "My own long words.")
        await page.keyboard.press("Escape")
        await lapse(page, number)
        await take.click()
        await see_held(page)
        await expect(take).to_be_hidden()
        await lapse(page, number)
        await page.keyboard.press("v")
        await page.wait_for_url(re.compile(r"/queue/$"))
    decision = await sync_to_async(Decision.objects.get)(case=number)
    assert (decision.actor_id, decision.reason) == (moderator.pk, "My own long words.")


async def test_okay_says_what_it_takes_back_and_shows_its_notice(
    browsing: Browsing, moderator: User
) -> None:
    def prepare() -> int:
        (number,) = make_queue(1)
        case = cases.claim(actor=moderator, case_id=number)
        rule = make_rule(PolicyVersion.objects.latest("pk").policy)
        assert rule.current is not None
        automatic.decide_by_rule(
            case=case, rule_version=rule.current, snapshot=case.snapshots.get(), gives_points=True
        )
        return number

    number = await sync_to_async(prepare)()
    async with browsing:
        tab = await browsing.signed_in(moderator)
        await tab.open(f"{QUEUE}{number}/")
        await expect(tab.page.locator("[data-effect-of=no_violation]")).to_have_text(
            "Okay: Closes the case, gives back the message, takes back 2 points, total 0."
        )
        notice = tab.page.locator("[data-notice-of=no_violation]")
        await notice.locator("summary").click()
        await expect(notice).to_contain_text("A decision was taken back")
        await expect(notice).to_contain_text("its points do not count.")


async def test_a_policy_opens_its_guidance_and_its_words_stay_editable(
    browsing: Browsing, moderator: User
) -> None:
    def prepare() -> int:
        (number,) = make_queue(1)
        policy = PolicyVersion.objects.latest("pk").policy
        policy.current = PolicyVersion.objects.create(
            policy=policy,
            number=2,
            title="No insults",
            text_for_users="Do not insult people.",
            guidance="Ask who is addressed.",
            good_example="I disagree.",
            bad_example="You fool.",
            reason_template="The message insults somebody.",
        )
        policy.save()
        return number

    number = await sync_to_async(prepare)()
    async with browsing:
        tab = await browsing.signed_in(moderator)
        await tab.open(f"{QUEUE}{number}/")
        page = tab.page
        await see_held(page)
        guidance = page.locator("[data-guidance]")
        await expect(guidance).to_be_hidden()
        await page.keyboard.press("1")
        await expect(guidance).to_contain_text("Ask who is addressed.")
        await expect(guidance).to_contain_text("Fine: I disagree.")
        await expect(guidance).to_contain_text("Violates: You fool.")
        for name in ("reason", "reason_for_user"):
            await expect(page.locator(f"[name={name}]")).to_have_value(
                "The message insults somebody."
            )
        await page.fill("[name=reason]", "My own words.")
        await page.keyboard.press("Escape")
        await page.keyboard.press("1")
        await expect(page.locator("[name=reason]")).to_have_value("My own words.")


async def test_on_a_phone_everything_fits_and_is_as_large_as_a_finger(
    browsing: Browsing, moderator: User
) -> None:
    (number,) = await sync_to_async(make_queue)(1)
    phone = {"viewport": {"width": 360, "height": 780}, "has_touch": True, "is_mobile": True}
    async with browsing:
        tab = await browsing.signed_in(moderator, **phone)
        page = tab.page
        for path in (QUEUE, f"{QUEUE}{number}/"):
            await tab.open(path)
            assert await page.evaluate(TOO_SMALL, [CONTROLS, FINGER]) == [], path
            assert await page.evaluate("document.documentElement.scrollWidth") == 360, path
        await see_held(page)
        await tab.open(QUEUE)
        await page.locator(".mod-filters summary", has_text="State").tap()
        await expect(page.get_by_role("link", name="Closed")).to_be_in_viewport(ratio=1)
