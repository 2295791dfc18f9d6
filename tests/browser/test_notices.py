"""Reporting, being told and appealing, on the pages that people have open."""

import time

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.hashers import make_password
from playwright.async_api import expect

from apps.conversations.models import Message
from apps.core import db
from apps.moderation.constants import EnforcementKind, Verdict
from apps.moderation.models import Appeal, Case, Flag
from apps.moderation.services.cases import cases
from apps.moderation.services.decisions import decisions, reversals
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.enforcements import Measure
from apps.users.models import User
from tests.browser.tab import Browsing
from tests.factories import PASSWORD, ApiTokenFactory, MessageFactory
from tests.moderation.factories import make_case, make_policy

pytestmark = pytest.mark.browser
STOPPED_WITHIN_SECONDS = 2.0


def decide_about_newest(moderator: User, person: User, *kinds: EnforcementKind) -> Case:
    """Decide about the newest message of somebody."""
    return decide_about(moderator, person.messages.latest("id"), *kinds)


def decide_about(moderator: User, message: Message, *kinds: EnforcementKind) -> Case:
    """Decide about a message."""
    make_policy()
    case = cases.claim(actor=moderator, case_id=make_case(message).pk)
    decisions.decide(
        actor=moderator,
        case_id=case.pk,
        version=case.version,
        ruling=Ruling(
            verdict=Verdict.VIOLATES,
            policy_code="insults",
            reason="An insult.",
            reason_for_user="It insults somebody.",
            measures=[Measure(kind=kind) for kind in kinds],
        ),
    )
    return case


def undo_newest(moderator: User, case: Case) -> None:
    """Take the decision of a case back."""
    decision = case.decisions.latest("id")
    reversals.undo(actor=moderator, decision_id=decision.pk, reason="A mistake.")


async def test_line_32_an_answer_is_reported_by_keyboard_alone(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.write("[[stream tokens=8]]")
        await tab.see_state("complete")
        report = tab.answer.get_by_role("link", name="Report this message")
        await report.focus()
        await tab.page.keyboard.press("Enter")
        dialog = tab.page.locator("#report-dialog")
        await expect(dialog).to_be_visible()
        await expect(dialog.get_by_label("Insults or harasses")).to_be_focused()
        await tab.page.keyboard.press("Space")
        await tab.page.keyboard.press("Tab")
        await tab.page.keyboard.type("Rude.")
        await tab.page.keyboard.press("Tab")
        await tab.page.keyboard.press("Tab")
        await tab.page.keyboard.press("Enter")
        await expect(dialog.get_by_role("status")).to_contain_text("Thank you.")
        await tab.page.keyboard.press("Enter")
        await expect(dialog).to_be_hidden()
        await expect(report).to_be_focused()
        flag = await sync_to_async(Flag.objects.get)()
        assert (flag.message_id, flag.reason, flag.comment) == (
            await tab.reply_id(),
            "harassment",
            "Rude.",
        )
        await report.click()
        await dialog.get_by_label("Spam").check()
        await dialog.get_by_role("button", name="Send the report").click()
        await expect(dialog.get_by_role("alert")).to_contain_text("You reported this message")
        browsing.allowed = "409"


async def test_a_report_survives_a_click_beside_it_and_says_that_one_was_signed_out(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.ask("[[stream tokens=2]]")
        report = tab.answer.get_by_role("link", name="Report this message")
        dialog = tab.page.locator("#report-dialog")
        await report.click()
        await dialog.get_by_label("Spam").check()
        await dialog.get_by_role("textbox").fill("Long words.")
        await tab.page.mouse.click(2, 2)
        await expect(dialog).to_be_hidden()
        await report.click()
        await expect(dialog.get_by_role("textbox")).to_have_value("Long words.")
        await tab.page.context.clear_cookies(name="sessionid")
        await dialog.get_by_role("button", name="Send the report").click()
        await expect(dialog.get_by_role("alert")).to_contain_text("You have been signed out")


async def test_a_decision_shows_at_once_on_the_open_page_and_is_appealed_from_its_notice(
    browsing: Browsing, person: User, moderator: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.write("[[stream tokens=8]]")
        await tab.see_state("complete")
        await db.call(decide_about_newest, moderator, person, EnforcementKind.HIDE_MESSAGE)
        line = tab.page.locator("[data-arrived]")
        await expect(line).to_contain_text("A message of yours was hidden.")
        await expect(tab.page.locator(".account-button [data-unread]")).to_contain_text("1")
        await line.get_by_role("link", name="Read it").click()
        await expect(tab.page.locator("h1")).to_have_text("A message of yours was hidden")
        await tab.page.get_by_label("Why is the decision wrong?").fill("It was a joke.")
        await tab.page.get_by_role("button", name="Send the appeal").click()
        await expect(tab.page.locator("main")).to_contain_text("Your appeal waits")
        assert await sync_to_async(Appeal.objects.count)() == 1


async def test_an_answer_that_is_withheld_leads_to_its_decision_in_both_tabs_and_comes_back(
    browsing: Browsing, person: User, moderator: User
) -> None:
    def withhold() -> Case:
        answer = Message.objects.filter(conversation__owner=person).latest("id")
        return decide_about(moderator, answer, EnforcementKind.RETRACT_ANSWER)

    async with browsing:
        one = await browsing.signed_in(person)
        await one.open()
        await one.ask("[[stream tokens=3]]")
        two = await one.another()
        await two.open(one.page.url)
        await two.ask("[[stream tokens=8]]")
        text = await two.text()
        await expect(one.answer_body).to_have_text(text)
        case = await db.call(withhold)
        for tab in (one, two):
            await tab.see_state("withheld")
            await expect(tab.answer.get_by_role("link", name="Read the decision")).to_be_visible()
            assert await tab.text() == ""
        await db.call(undo_newest, moderator, case)
        for tab in (one, two):
            await expect(tab.answer.get_by_role("link", name="Read the decision")).to_be_hidden()
            await expect(tab.answer_body).to_have_text(text)


async def test_a_suspension_stops_socket_session_and_token_within_two_seconds_and_can_be_appealed(
    browsing: Browsing, person: User, moderator: User
) -> None:
    browsing.allowed = "403|WebSocket"
    token = await sync_to_async(ApiTokenFactory)(user=person)
    headers = {"Authorization": f"Bearer {token.secret}"}
    person.password = make_password(PASSWORD, hasher="pbkdf2_sha256")
    await sync_to_async(person.save)(update_fields=["password"])
    async with browsing, httpx.AsyncClient(trust_env=False, headers=headers) as program:
        account = f"{browsing.url}/api/v1/users/me"
        assert (await program.get(account)).status_code == 200
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.write("[[stream tokens=8]]")
        await tab.see_state("complete")
        await db.call(decide_about_newest, moderator, person, EnforcementKind.SUSPEND)
        decided = time.monotonic()
        await expect(tab.connection).to_contain_text("It insults somebody.")
        answer = await program.get(account)
        session = await tab.page.context.request.get("/settings/", max_redirects=0)
        assert time.monotonic() - decided < STOPPED_WITHIN_SECONDS
        assert (answer.status_code, answer.json()["code"]) == (403, "account_suspended")
        assert session.status == 302
        await expect(tab.page.locator("#composer-input")).to_be_hidden()
        await tab.page.get_by_role("link", name="Read the decision and appeal").click()
        await tab.page.fill("[name=login]", person.email)
        await tab.page.fill("[name=password]", PASSWORD)
        await tab.page.get_by_role("button", name="Sign in", exact=True).click()
        await tab.page.get_by_role("link", name="Your account was suspended").click()
        await tab.page.get_by_label("Why is the decision wrong?").fill("It was a joke.")
        await tab.page.get_by_role("button", name="Send the appeal").click()
        await expect(tab.page.locator("main")).to_contain_text("Your appeal waits")


@pytest.mark.parametrize(
    ("directive", "shown"), [("[[stream first=4]]", 0), ("[[stream tokens=400 rate=20]]", 12)]
)
async def test_an_answer_on_the_page_of_whoever_is_suspended_does_not_look_as_if_it_went_on(
    browsing: Browsing, person: User, moderator: User, directive: str, shown: int
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.write(directive)
        await tab.see_state("running")
        begun = await tab.see_length(shown) if shown else ""
        await db.call(decide_about_newest, moderator, person, EnforcementKind.SUSPEND)
        await tab.see_state("broken_off")
        await expect(tab.notice).to_have_text(
            "The rest of this answer is not shown while your account is suspended."
        )
        await expect(tab.answer.locator("[data-pending]")).to_be_hidden()
        assert (await tab.text()).startswith(begun)


async def test_a_page_without_a_connection_tells_later_of_what_was_decided_meanwhile(
    browsing: Browsing, person: User, moderator: User
) -> None:
    browsing.allowed = "WebSocket|ERR_INTERNET_DISCONNECTED"
    message = await sync_to_async(MessageFactory)(conversation__owner=person)
    async with browsing:
        tab = await browsing.signed_in(person, viewport={"width": 360, "height": 740})
        await tab.open()
        await expect(tab.page.locator("[data-send]")).to_be_disabled()
        opener = tab.page.get_by_role("button", name="Your conversations")
        await expect(opener).not_to_have_attribute("data-news", "")
        await tab.page.context.set_offline(True)
        await expect(tab.connection).to_contain_text("You are offline.")
        await db.call(decide_about, moderator, message, EnforcementKind.WARN)
        await tab.page.context.set_offline(False)
        line = tab.page.locator("[data-arrived]")
        await expect(line).to_contain_text("1 decision about you was made meanwhile.")
        await expect(opener).to_have_attribute("data-news", "")
        await expect(tab.page.locator("[data-unread-count]").first).to_have_text("1")
        await line.get_by_role("link", name="Read it").click()
        await expect(tab.page.get_by_role("main")).to_contain_text("You were warned")


async def test_a_locked_conversation_says_so_in_the_place_of_the_composer(
    browsing: Browsing, person: User, moderator: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.write("[[stream tokens=8]]")
        await tab.see_state("complete")
        case = await db.call(
            decide_about_newest, moderator, person, EnforcementKind.LOCK_CONVERSATION
        )
        sentence = tab.page.locator("[data-closed-text]")
        await expect(sentence).to_contain_text("This conversation was locked by a moderator.")
        await expect(tab.page.locator("#composer-input")).to_be_hidden()
        await tab.page.reload()
        await expect(sentence).to_contain_text("This conversation was locked by a moderator.")
        await expect(tab.page.locator("#composer-input")).to_be_hidden()
        await db.call(undo_newest, moderator, case)
        await expect(tab.page.locator("#composer-input")).to_be_visible()
        await expect(sentence).to_be_hidden()
