"""Every page that is not a conversation: for every eye, by keys alone, whole on a phone.

The states of a conversation are in `test_access`; the lines of the checklist in `README.md`.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.hashers import make_password
from django.template.loader import render_to_string
from django.utils import timezone

from apps.conversations.models import Conversation
from apps.conversations.services import deleting, shares
from apps.moderation.constants import EnforcementKind
from apps.users.models import User
from tests.browser.tab import Browsing, Tab
from tests.browser.test_notices import decide_about_newest
from tests.factories import (
    PASSWORD,
    ApiTokenFactory,
    ConversationFactory,
    MessageFactory,
    ReplyFactory,
)
from tests.support.axe import violations_in_both_themes
from tests.support.keyboard import faults_by_tab

pytestmark = pytest.mark.browser

SMALLEST = {"width": 320, "height": 640}
USUAL = {"width": 1280, "height": 800}
CUT_OFF = """
() => document.documentElement.scrollWidth <= innerWidth ? [] :
    [...document.querySelectorAll("body *")]
        .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
        .map((one) => `cut off at 320: ${one.outerHTML.slice(0, 100)}`)
"""
VISITORS = [
    "/",
    "/accounts/login/",
    "/accounts/login/?next=/settings/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/done/",
    "/accounts/password/reset/key/1-none/",
    "/accounts/confirm-email/",
    "/accounts/confirm-email/none/",
    "/accounts/inactive/",
    "/letters/none/",
    "/s/none/",
    "/no-such-page/",
    "/design/",
]
OWN = [
    "/settings/",
    "/settings/notices/",
    "/settings/readings/",
    "/settings/shared/",
    "/settings/usage/",
    "/settings/sessions/",
    "/settings/tokens/",
    "/settings/tokens/new/",
    "/settings/data/",
    "/settings/data/delete/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/2fa/recovery-codes/generate/",
    "/accounts/reauthenticate/",
    "/accounts/logout/",
    "/archive/",
    "/deleted/",
    "/search/",
    "/search/?q=answer",
    "/search/?q=nothing-like-it",
]
ERRORS = {
    "400.html": 400,
    "403.html": 403,
    "403_csrf.html": 403,
    "404.html": 404,
    "405.html": 405,
    "413.html": 413,
    "429.html": 429,
    "500.html": 500,
    "503.html": 503,
}


async def look_at(tab: Tab, path: str, found: dict[str, list[str]]) -> None:
    """Open a page, and note what is wrong with it in either theme, by Tab, and on a phone."""
    await tab.page.emulate_media(reduced_motion="reduce")
    await tab.open(path)
    some = [*await violations_in_both_themes(tab.page), *await faults_by_tab(tab.page)]
    await tab.page.set_viewport_size(SMALLEST)
    some += await tab.page.evaluate(CUT_OFF)
    await tab.page.set_viewport_size(USUAL)
    if some:
        found[path] = some


async def confirm(tab: Tab) -> None:
    """Give the password again, so that no page asks for it."""
    await tab.open("/accounts/reauthenticate/?next=/settings/")
    await tab.page.fill("[name=password]", PASSWORD)
    await tab.page.get_by_role("button", name="Confirm").click()
    await tab.page.wait_for_url("**/settings/")


def make_a_history(person: User, moderator: User) -> dict[str, str]:
    """Give somebody one of everything; return the addresses that it has."""
    person.password = make_password(PASSWORD, hasher="pbkdf2_sha256")
    person.save(update_fields=["password"])
    token = ApiTokenFactory(user=person, expires_at=timezone.now() + timedelta(days=3))
    answer = ReplyFactory(message__conversation__owner=person).message
    shared: Conversation = answer.conversation
    share = shares.create_share(actor=person, conversation_id=shared.pk, expires_in_days=7)
    ConversationFactory(owner=person, archived_at=timezone.now())
    gone = ConversationFactory(owner=person)
    deleting.delete_conversation(actor=person, conversation_id=gone.pk)
    question = MessageFactory(conversation=shared, parent=answer)
    hidden = MessageFactory(conversation__owner=person)
    decide_about_newest(moderator, person, EnforcementKind.HIDE_MESSAGE)
    return {
        "shared": "/s/" + share.url.rstrip("/").rpartition("/")[2] + "/",
        "share": f"/c/{shared.pk}/share/",
        "report": f"/m/{answer.pk}/report/",
        "edit": f"/m/{question.pk}/edit/",
        "notice": f"/m/{hidden.pk}/decision/",
        "token": f"/settings/tokens/{token.pk}/",
        "limits": f"/settings/tokens/{token.pk}/limits/",
    }


async def test_every_page_of_a_visitor_is_readable_by_everybody(browsing: Browsing) -> None:
    browsing.allowed = "status of 40[34]"
    found: dict[str, list[str]] = {}
    async with browsing:
        tab = await browsing.visitor(viewport=USUAL)
        for path in VISITORS:
            await look_at(tab, path, found)
    assert found == {}


async def test_every_page_of_a_person_is_readable_by_everybody(
    browsing: Browsing, person: User, moderator: User
) -> None:
    places = await sync_to_async(make_a_history)(person, moderator)
    found: dict[str, list[str]] = {}
    async with browsing:
        tab = await browsing.visitor(viewport=USUAL)
        await tab.sign_in(person)
        await confirm(tab)
        for path in [*OWN, *places.values()]:
            await look_at(tab, path, found)
    assert found == {}


async def test_every_error_page_is_readable_by_everybody(browsing: Browsing) -> None:
    """A test cannot break the server at will: it shows the template at the site's own address."""
    browsing.allowed = "status of [45]|^50[03]: "
    found: dict[str, list[str]] = {}
    async with browsing:
        tab = await browsing.visitor(viewport=USUAL)
        for template, status in ERRORS.items():
            body = render_to_string(
                template, {"correlation_id": "4a1f0c9e2b7d4c0d9d63a7f0c1b2e3f4"}
            )
            path = f"/broken/{template}"
            await tab.page.route(
                f"**{path}",
                lambda route, _, status=status, body=body: route.fulfill(
                    status=status, body=body, content_type="text/html"
                ),
            )
            await look_at(tab, path, found)
    assert found == {}


async def test_line_40_the_pages_of_an_account_come_up_on_a_phone_and_go_again(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person, viewport=SMALLEST, has_touch=True, is_mobile=True)
        await tab.open("/settings/")
        pages = tab.page.get_by_role("navigation", name="Your account")
        assert await pages.count() == 0
        await tab.page.get_by_role("button", name="Your account").tap()
        await pages.get_by_role("link", name="Sessions").tap()
        await tab.page.wait_for_url("**/settings/sessions/")
        await tab.page.get_by_role("button", name="Your account").tap()
        current = pages.get_by_role("link", name="Sessions")
        assert await current.get_attribute("aria-current") == "page"
        await tab.page.keyboard.press("Escape")
        assert await pages.count() == 0
