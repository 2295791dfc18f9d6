"""The scans that all pages pass do find what is wrong."""

import pytest

from tests.browser.tab import Browsing
from tests.support.axe import WCAG, violations, violations_in_both_themes
from tests.support.chromium import Chromium
from tests.support.keyboard import faults_by_tab

pytestmark = pytest.mark.browser

WRONG = '<main><img src="data:,"><a href="/"></a><p style="color: #eee">Pale'
BY_TAB = """<style>
    .same:focus-visible { outline: none; box-shadow: 0 0 1px }
    .away { position: fixed; left: -500px }
    .over { position: fixed; inset: auto auto 0 0; width: 300px; height: 90px; background: #fff }
    .under { position: fixed; bottom: 10px; left: 10px }
    .same { box-shadow: 0 0 1px }
</style>
<main tabindex="-1"><a href="/">Fine</a> <button></button> <button class="same">Same</button>
<input class="away" aria-label="Away"> <button class="under">Under</button>
<button id="last">Last</button> <button onfocus="last.focus()">Skips</button>
<div class="over"></div></main>"""
OF_TAB = [
    "no name: <button></button>",
    'out of view: <input class="away" aria-label="Away">',
    'covered: <button class="under">Under</button> by <div class="over"></div>',
    'no ring: <button class="same">Same</button>',
    'not reached: <button onfocus="last.focus()">Skips</button>',
]
OF_WCAG = [
    'color-contrast: [["p"]]',
    'document-title: [["html"]]',
    'html-has-lang: [["html"]]',
    'image-alt: [["img"]]',
    'link-name: [["a"]]',
]

IN_DARK = """<html lang="en"><title>Night</title><style>
    body { background: light-dark(#fff, #222); color-scheme: light dark }
    p { color: light-dark(#000, #333) }
    img { display: none }
    @media (prefers-color-scheme: dark) { .night img { display: inline } }
</style><main><p>Words</p><img src="data:,"></main>"""


async def test_each_fault_of_a_page_is_named_with_its_place(chromium: Chromium) -> None:
    browsing = Browsing(url="https://parley.test", chromium=chromium)
    async with browsing:
        tab = await browsing.visitor()
        await tab.page.set_content(WRONG)
        assert await violations(tab.page, WCAG) == OF_WCAG
        assert await violations(tab.page) == [*OF_WCAG, 'page-has-heading-one: [["html"]]']


async def test_what_only_the_dark_theme_breaks_is_found_too(chromium: Chromium) -> None:
    browsing = Browsing(url="https://parley.test", chromium=chromium)
    async with browsing:
        tab = await browsing.visitor()
        await tab.page.set_content(IN_DARK)
        pale = 'dark: color-contrast: [["p"]]'
        assert await violations_in_both_themes(tab.page, WCAG) == [pale]
        await tab.page.set_content(IN_DARK.replace("<main>", '<main class="night">'))
        both = [pale, 'dark: image-alt: [["img"]]']
        assert await violations_in_both_themes(tab.page, WCAG) == both


async def test_each_fault_that_keys_alone_meet_is_named_with_its_place(chromium: Chromium) -> None:
    browsing = Browsing(url="https://parley.test", chromium=chromium)
    async with browsing:
        tab = await browsing.visitor()
        await tab.page.set_content(BY_TAB)
        assert await faults_by_tab(tab.page) == OF_TAB
