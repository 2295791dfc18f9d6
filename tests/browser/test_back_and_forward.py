"""Back and Forward over pages that answer a form: shown anew, nothing sent twice or told again."""

from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.hashers import make_password
from playwright.async_api import Page, expect

from apps.users.models import User
from tests.browser.tab import Browsing
from tests.factories import PASSWORD

pytestmark = pytest.mark.browser

ELSEWHERE = "/design/"


@pytest.fixture
def signs_in(person: User) -> User:
    """Somebody whose password the deployment can check."""
    person.password = make_password(PASSWORD, hasher="pbkdf2_sha256")
    person.save(update_fields=["password"])
    return person


async def go_back(page: Page) -> tuple[str, str]:
    """Leave the page and come back; returns how it was asked for, and its heading."""
    await page.wait_for_load_state()
    await page.goto(ELSEWHERE)
    answer = await page.go_back()
    assert answer is not None
    return answer.request.method, await heading(page)


async def send_unchecked(page: Page) -> None:
    """Send the page's form as a browser does that checks nothing itself."""
    form = page.get_by_role("main").locator("form").last
    await form.evaluate("form => { form.noValidate = true; form.requestSubmit(); }")


async def confirm(page: Page) -> None:
    """Give the password again where it is asked for."""
    await page.fill("[name=password]", PASSWORD)
    await page.get_by_role("button", name="Confirm").click()


async def heading(page: Page) -> str:
    return (await page.get_by_role("heading", level=1).first.inner_text()).strip()


async def test_back_shows_a_form_anew_that_was_answered_with_what_is_wrong(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        page = (await browsing.visitor()).page
        await page.goto("/accounts/login/?next=/settings/")
        await page.fill("[name=login]", person.email)
        await page.fill("[name=password]", "not mine")
        await page.press("[name=password]", "Enter")
        await expect(page.get_by_text("Invalid email or password")).to_be_visible()
        assert await go_back(page) == ("GET", "Welcome back")
        assert page.url.endswith("/accounts/login/?next=%2Fsettings%2F")
        await page.go_forward()
        assert await heading(page) == "Design system"


async def test_back_and_reload_after_a_new_token_lead_to_the_list_and_make_no_second_one(
    browsing: Browsing, signs_in: User
) -> None:
    async with browsing:
        tab = await browsing.visitor()
        await tab.sign_in(signs_in)
        page = tab.page
        await page.goto("/settings/tokens/new/")
        await confirm(page)
        await page.get_by_label("Name", exact=True).fill("Report")
        await page.get_by_role("button", name="Make it").click()
        secret = await page.get_by_label("Token", exact=True).input_value()
        assert await go_back(page) == ("GET", "API tokens")
        await page.reload()
        assert secret not in await page.content()
    assert await sync_to_async(signs_in.api_tokens.count)() == 1


async def test_a_form_that_comes_back_begins_at_the_field_that_is_wrong(
    browsing: Browsing, signs_in: User
) -> None:
    browsing.allowed = "400"
    async with browsing:
        tab = await browsing.visitor(viewport={"width": 360, "height": 740})
        await tab.sign_in(signs_in)
        page = tab.page
        await page.goto("/accounts/2fa/totp/activate/")
        await confirm(page)
        code = page.get_by_label("Authenticator code")
        await code.fill("no")
        await page.get_by_role("button", name="Turn it on").click()
        await expect(page.get_by_text("Incorrect code.")).to_be_in_viewport()
        await expect(code).to_be_focused()


async def test_back_shows_nobody_the_pages_of_whoever_has_signed_out(
    browsing: Browsing, signs_in: User
) -> None:
    browsing.allowed = "400"
    async with browsing:
        tab = await browsing.visitor()
        await tab.sign_in(signs_in)
        page = tab.page
        await page.goto("/settings/data/delete/")
        await confirm(page)
        await page.wait_for_url("**/settings/data/delete/")
        await send_unchecked(page)
        await expect(page.get_by_text("Tick the box to say that you are sure.")).to_be_visible()
        await page.context.clear_cookies()
        assert await go_back(page) == ("GET", "Welcome back")


async def test_back_shows_staff_a_form_anew_whose_reason_was_missing(
    browsing: Browsing, moderator: User, person: User
) -> None:
    browsing.allowed = "400"
    async with browsing:
        page = (await browsing.signed_in(moderator)).page
        await page.goto(f"/admin/users/user/{person.pk}/suspend/")
        asked = await heading(page)
        await send_unchecked(page)
        await expect(page.get_by_text("Give a reason. It is kept with the record.")).to_be_visible()
        assert await go_back(page) == ("GET", asked)
