"""Reporting, being told and appealing, on the pages that people have open."""

import pytest
from asgiref.sync import sync_to_async
from playwright.async_api import expect

from apps.core import db
from apps.moderation.constants import EnforcementKind, Verdict
from apps.moderation.models import Appeal, Case, Flag
from apps.moderation.services import cases, decisions
from apps.moderation.services.decisions import Ruling
from apps.moderation.services.enforcements import Measure
from apps.users.models import User
from tests.browser.tab import Browsing
from tests.moderation.factories import make_case, make_policy

pytestmark = pytest.mark.browser


def decide_about_newest(moderator: User, person: User, *kinds: EnforcementKind) -> Case:
    """Decide about the newest message of somebody."""
    message = person.messages.select_related("conversation").latest("id")
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


async def test_an_answer_is_reported_by_keyboard_alone(browsing: Browsing, person: User) -> None:
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
