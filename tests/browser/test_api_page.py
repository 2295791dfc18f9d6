"""The page to try the API at: under every page's policy, from this site alone, on a phone too."""

from urllib.parse import urlsplit

import pytest
from playwright.async_api import expect

from tests.browser.tab import Browsing

pytestmark = pytest.mark.browser
LONG_WAIT_MS = 60_000
"""The page reads a document of all operations, which the first request has made."""
PHONE = {"width": 360, "height": 740}
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


async def test_the_api_can_be_read_and_tried_on_its_page(browsing: Browsing) -> None:
    browsing.allowed = "status of 401"
    async with browsing:
        tab = await browsing.visitor(viewport=PHONE)
        page, hosts = tab.page, set()
        page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
        answer = await page.goto("/api/v1/docs")
        assert answer is not None
        assert "script-src 'self';" in answer.headers["content-security-policy"]
        one = page.locator("#operations-Tokens-list_tokens")
        await one.wait_for(timeout=LONG_WAIT_MS)
        assert not await page.evaluate(TOO_WIDE)
        await one.locator(".opblock-summary-control").click()
        await one.get_by_role("button", name="Try it out").click()
        await one.get_by_role("button", name="Execute").click()
        await expect(one.locator(".live-responses-table")).to_contain_text('"unauthorized"')
        assert hosts == {urlsplit(browsing.url).netloc}
