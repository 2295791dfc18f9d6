"""What an open page of the queue shows at once, without being loaded anew."""

import re

import pytest
from asgiref.sync import sync_to_async
from playwright.async_api import expect

from apps.audit.models import AuditEvent
from apps.moderation.models import Case
from apps.moderation.services.cases import cases, reassigning
from tests.browser.tab import Browsing
from tests.factories import MessageFactory
from tests.moderation.factories import claimed_case, make_case, make_staff
from tests.support import axe

pytestmark = pytest.mark.browser

QUEUE = "/admin/moderation/queue/"


@pytest.mark.usefixtures("site")
async def test_the_queue_says_at_once_who_gave_a_case_and_that_the_clock_gave_one_back(
    browsing: Browsing,
) -> None:
    noor, mia = await sync_to_async(make_staff)(), await sync_to_async(make_staff)()
    lead = await sync_to_async(make_staff)("lead")
    held = await sync_to_async(claimed_case)(mia)

    def give() -> Case:
        given = make_case(MessageFactory(content="You fool."))
        return reassigning.reassign(
            actor=lead, case_id=given.pk, user_id=noor.pk, reason="She speaks Dutch."
        )

    def take_another() -> None:
        make_case()
        Case.objects.filter(pk=held.pk).update(claim_expires_at=held.created_at, priority=0)
        assert cases.take_next(actor=lead).pk != held.pk

    async with browsing:
        tab = await browsing.signed_in(noor)
        await tab.open(QUEUE)
        row = tab.page.locator(f'[data-row][data-case="{held.pk}"]')
        await expect(row.locator("[data-holder]")).to_contain_text(f"{mia.name} holds it")
        given = await sync_to_async(give)()
        gift = tab.page.locator("[data-gifts]")
        await expect(gift).to_contain_text(f"{lead.name} gave you case {given.pk}.")
        assert await axe.violations(tab.page) == []
        await sync_to_async(take_another)()
        await expect(row.locator("[data-holder]")).to_be_hidden()
        await gift.get_by_role("link", name="Open").click()
        await tab.page.wait_for_url(re.compile(f"/queue/{given.pk}/"))
        await expect(tab.page.locator("[data-claim-words]")).to_have_text("You hold it")
        await expect(tab.page.locator("[data-clock]")).to_have_text(re.compile(r"^(10:00|9:\d\d)$"))
    opened = AuditEvent.objects.filter(action="case.claimed", target_id=given.pk, actor=noor)
    assert await opened.acount() == 1
