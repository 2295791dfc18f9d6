"""One's own account from the sign-up to the way back, by keyboard alone and without a script."""

from __future__ import annotations

import asyncio
import re

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.hashers import make_password
from playwright.async_api import Locator, Page, expect

from apps.users.models import User
from tests.browser.tab import Browsing
from tests.factories import PASSWORD, UserFactory
from tests.support.keyboard import reach_by_tab

pytestmark = pytest.mark.browser

EMAIL = "nia@example.com"
SECONDS_OF_AN_EXPORT = 15


class Keyboard:
    """Somebody who has no mouse: what they use must come within reach of the Tab key."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def press(self, role: str, name: str | re.Pattern[str]) -> None:
        """Use a link, a button or a box."""
        await self._reach(self.page.get_by_role(role, name=name, exact=True))  # type: ignore[arg-type]
        await self.page.keyboard.press("Space" if role == "checkbox" else "Enter")

    async def fill(self, name: str, text: str) -> None:
        """Write into a field, over what it holds."""
        await self._reach(self.page.get_by_label(name, exact=True))
        await self.page.keyboard.press("ControlOrMeta+A")
        await self.page.keyboard.type(text)

    async def _reach(self, wanted: Locator) -> None:
        one = wanted.locator("visible=true").first
        await expect(one).to_be_visible()
        assert await reach_by_tab(one), f"not within reach of the keyboard: {wanted}"


class Mouse:
    """Somebody who clicks, in a browser that runs no script."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def press(self, role: str, name: str | re.Pattern[str]) -> None:
        """Use a link, a button or a box."""
        wanted = self.page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]
        await wanted.locator("visible=true").first.click()

    async def fill(self, name: str, text: str) -> None:
        """Write into a field, over what it holds."""
        await self.page.get_by_label(name, exact=True).fill(text)


Hands = Keyboard | Mouse


@pytest.mark.parametrize("hands", [Keyboard, Mouse], ids=["keyboard-alone", "no-script"])
async def test_an_account_is_looked_after_closed_and_brought_back(
    browsing: Browsing, hands: type[Hands]
) -> None:
    async with browsing:
        tab = await browsing.visitor(java_script_enabled=hands is Keyboard)
        page, person = tab.page, hands(tab.page)
        await tab.open("/accounts/signup/")
        await sign_up(page, person)
        await change_the_name(page, person)
        await make_a_token(page, person)
        await end_the_other_session(browsing, page, person)
        await export_everything(page, person)
        await close_it(page, person)
        await bring_it_back(page, person)


async def test_whoever_confirms_a_download_has_it_and_is_back_at_their_data(
    browsing: Browsing, person: User
) -> None:
    await sync_to_async(give_a_password)(person)
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open("/settings/data/")
        await tab.page.get_by_role("button", name="Export everything").click()
        await tab.page.get_by_role("link", name="Download it").click()
        await tab.page.get_by_label("Password", exact=True).fill(PASSWORD)
        async with tab.page.expect_download() as coming:
            await tab.page.get_by_role("button", name="Confirm").click()
        assert (await coming.value).suggested_filename.endswith(".zip")
        await expect(tab.page.get_by_role("heading", level=1)).to_have_text("Your data")


async def sign_up(page: Page, person: Hands) -> None:
    """Make an account, and get to its pages by the menu beside the conversations."""
    await person.fill("Name", "Nia")
    await person.fill("Email", EMAIL)
    await person.fill("Password", PASSWORD)
    await person.press("button", "Create account")
    await person.press("button", re.compile(", your account"))
    await person.press("link", "Your account")
    await page.wait_for_url("**/settings/")


async def change_the_name(page: Page, person: Hands) -> None:
    """Take another name."""
    await person.fill("Name", "Nia Larsen")
    await person.press("button", "Change the name")
    await expect(page.get_by_role("status")).to_contain_text("Your name is changed.")
    await expect(page.get_by_label("Name", exact=True)).to_have_value("Nia Larsen")


async def make_a_token(page: Page, person: Hands) -> None:
    """Make a token for a program, and see its secret once."""
    await person.press("link", "API tokens")
    await person.press("link", "Make a token")
    await confirm(page, person)
    await person.fill("Name", "Report")
    await person.press("button", "Make it")
    await expect(page.get_by_label("Token", exact=True)).to_have_value(re.compile("^parley_"))
    await person.press("link", "I have copied it")
    await expect(page.get_by_role("listitem").filter(has_text="Never used.")).to_contain_text(
        "Report"
    )
    await person.press("button", "Revoke Report")
    await expect(page.get_by_role("dialog")).to_contain_text("Revoke “Report”?")
    await person.press("button", "Keep it")
    await expect(page.get_by_role("dialog")).to_be_hidden()


async def end_the_other_session(browsing: Browsing, page: Page, person: Hands) -> None:
    """Sign out a browser that was left somewhere."""
    other = await browsing.visitor(user_agent="Mozilla/5.0 (iPhone) Version/17 Safari/605.1.15")
    await other.sign_in(UserFactory.build(email=EMAIL))
    await person.press("link", "Sessions")
    await person.press("button", "Sign out Safari on iPhone")
    await expect(page.get_by_role("status")).to_contain_text("That browser is signed out.")
    await expect(page.get_by_text("You are signed in nowhere else.")).to_be_visible()
    await other.open("/settings/")
    await expect(other.page).to_have_url(re.compile("/accounts/login/"))


async def export_everything(page: Page, person: Hands) -> None:
    """Ask for the export, and see it become ready: by itself, or by looking again."""
    await person.press("link", "Export and deletion")
    await person.press("button", "Export everything")
    ready = page.get_by_role("link", name="Download it")
    if isinstance(person, Mouse):
        async with asyncio.timeout(SECONDS_OF_AN_EXPORT):
            while not await ready.count():
                await page.reload()
    await expect(ready).to_be_visible()


async def close_it(page: Page, person: Hands) -> None:
    """Leave: a box says that one is sure."""
    await person.press("link", "Delete my account…")
    await person.press("checkbox", "Yes, delete my account")
    await person.press("button", "Delete my account")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your account is closed")


async def bring_it_back(page: Page, person: Hands) -> None:
    """Sign in within the days of grace, and have everything again but the token."""
    await person.press("link", "Sign in")
    await sign_in(person)
    await person.press("button", "Bring my account back")
    await expect(page.get_by_role("status")).to_contain_text("Your account is back")
    await sign_in(person)
    await expect(page.get_by_text("What is on your mind, Nia Larsen?")).to_be_visible()


async def sign_in(person: Hands) -> None:
    """Fill the form in and send it."""
    await person.fill("Email", EMAIL)
    await person.fill("Password", PASSWORD)
    await person.press("button", "Sign in")


async def confirm(page: Page, person: Hands) -> None:
    """Give the password again, as the page asks once before what matters."""
    await page.wait_for_url("**/reauthenticate/**")
    await person.fill("Password", PASSWORD)
    await person.press("button", "Confirm")
    await page.wait_for_url(lambda url: "/reauthenticate/" not in url)


async def test_a_passkey_is_added_and_signs_in_alone(browsing: Browsing, person: User) -> None:
    await sync_to_async(give_a_password)(person)
    async with browsing:
        tab = await browsing.visitor()
        page = tab.page
        await add_authenticator(page)
        await tab.sign_in(person)
        await tab.open("/accounts/2fa/")
        await page.get_by_role("link", name="Add one").click()
        await confirm(page, Mouse(page))
        await page.get_by_label("Name", exact=True).fill("Laptop")
        await page.get_by_label("Let me sign in with it alone").check()
        await page.get_by_role("button", name="Add it").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
        await tab.open("/accounts/2fa/webauthn/")
        await expect(page.get_by_role("listitem").filter(has_text="Laptop")).to_contain_text(
            "Passkey"
        )
        await tab.open("/accounts/logout/")
        await page.get_by_role("main").get_by_role("button", name="Sign out").click()
        await page.get_by_role("button", name="Sign in with a passkey").click()
        await expect(tab.composer).to_be_visible()


async def test_a_passkey_that_does_not_answer_is_told_of(browsing: Browsing) -> None:
    async with browsing:
        tab = await browsing.visitor()
        await add_authenticator(tab.page)
        await tab.open("/accounts/login/")
        await tab.page.get_by_role("button", name="Sign in with a passkey").click()
        await expect(tab.page.get_by_role("alert")).to_contain_text("No key answered")


def give_a_password(person: User) -> None:
    """Give somebody a password that the deployment can check."""
    person.password = make_password(PASSWORD, hasher="pbkdf2_sha256")
    person.save(update_fields=["password"])


async def add_authenticator(page: Page) -> None:
    """Give the browser a device that confirms at once who sits in front of it."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
