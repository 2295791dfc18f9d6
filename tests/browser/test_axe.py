"""The scan that all pages pass does find what is wrong."""

import pytest

from tests.browser.tab import Browsing
from tests.support.axe import WCAG, violations
from tests.support.chromium import Chromium

pytestmark = pytest.mark.browser

WRONG = '<main><img src="data:,"><a href="/"></a><p style="color: #eee">Pale'
OF_WCAG = [
    'color-contrast: [["p"]]',
    'document-title: [["html"]]',
    'html-has-lang: [["html"]]',
    'image-alt: [["img"]]',
    'link-name: [["a"]]',
]


async def test_each_fault_of_a_page_is_named_with_its_place(chromium: Chromium) -> None:
    browsing = Browsing(url="https://parley.test", chromium=chromium)
    async with browsing:
        tab = await browsing.visitor()
        await tab.page.set_content(WRONG)
        assert await violations(tab.page, WCAG) == OF_WCAG
        assert await violations(tab.page) == [*OF_WCAG, 'page-has-heading-one: [["html"]]']
