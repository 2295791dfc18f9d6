"""What a model writes becomes HTML that does nothing."""

import json
import re
import time
from html import unescape
from pathlib import Path

import pytest

from apps.core.highlighting import LANGUAGES, highlight
from apps.core.markdown import MAX_RENDER_CHARS, render_markdown
from apps.core.tables import MAX_FILLED_CELLS
from tests.support.drawn import drawn

SAMPLES = json.loads((Path(__file__).parents[1] / "support" / "markdown.json").read_text())

ACTIVE = re.compile(
    r"<(script|img|iframe|svg|object|embed|form|input|style|meta|base)\b|javascript:"
)


SLOW_SECONDS = 2


def text_of(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html))


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![picture](https://evil.example/track.png)",
        "[click](javascript:alert(1))",
        "[click](JaVaScRiPt:alert(1))",
        "[click](data:text/html;base64,PHNjcmlwdD4=)",
        "[click](//evil.example/)",
        "[click](/accounts/logout/)",
        "<a href='javascript:alert(1)'>x</a>",
        "<div onclick=alert(1) style='position:fixed'>x</div>",
        '```"><script>alert(1)</script>\nx\n```',
        "`<svg onload=alert(1)>`",
        '[x](https://a.example "onmouseover=alert(1)")',
        '<https://a.example/"onclick=alert(1)>',
        "| <script> |\n|---|\n| <img src=x> |",
        "[a]: javascript:alert(1)\n[a]",
    ],
)
def test_hostile_text_is_inert(source: str) -> None:
    html = render_markdown(source)
    outside_code = re.sub(r"&lt;.*?&gt;", "", html)
    assert not ACTIVE.search(outside_code), html
    assert not re.search(r"<[^>]+\s(on\w+|style)\s*=", html), html
    for address in re.findall(r'href="([^"]*)"', html):
        assert address.startswith(("http://", "https://", "mailto:"))


def test_a_wide_table_fills_so_many_cells_that_its_rows_lack_and_shows_what_they_have() -> None:
    head = "|" + "a|" * 3_000 + "\n|" + "-|" * 3_000 + "\n"
    assert render_markdown(head + "|x\n").count("<td>") == 1 + MAX_FILLED_CELLS
    html = render_markdown(head + "|x\n" * 3_000)
    assert html.count("<td>") == 3_000 + MAX_FILLED_CELLS
    assert html.count("<td>x</td>") == 3_000


def test_every_sample_is_drawn_as_the_page_draws_it_while_it_arrives() -> None:
    rendered = [
        {"text": one["text"], "drawn": drawn(render_markdown(one["text"]))} for one in SAMPLES
    ]
    assert rendered == SAMPLES


def test_an_address_with_a_name_before_its_host_shows_where_it_leads() -> None:
    for source in (
        "[bank.example](https://bank.example@evil.example/)",
        "https://bank.example@evil.example/",
    ):
        assert '<span class="link-host">evil.example</span>' in render_markdown(source)


def test_a_link_opens_safely_and_shows_its_host_unless_it_is_its_own_text() -> None:
    assert render_markdown("[evil.example is not good](http://evil.example/x)") == (
        '<p><a class="external-link" target="_blank" href="http://evil.example/x"'
        ' rel="noopener noreferrer nofollow ugc">evil.example is not good</a>'
        ' <span class="link-host">evil.example</span></p>\n'
    )
    assert "link-host" not in render_markdown("https://good.example/page")


def test_a_table_keeps_the_sides_of_its_columns_without_a_style() -> None:
    html = render_markdown("| a | b | c | d |\n| :- | :-: | -: | - |\n| 1 | 2 | 3 | 4 |")
    assert re.findall(r"<(t[hd](?: [^>]*)?)>", html) == [
        'th class="align-left"',
        'th class="align-center"',
        'th class="align-right"',
        "th",
        'td class="align-left"',
        'td class="align-center"',
        'td class="align-right"',
        "td",
    ]


def test_code_keeps_every_character_and_names_its_language() -> None:
    html = render_markdown("```python\nif a < b & c:\n    pass\n```")
    assert '<span class="code-block__language">python</span>' in html
    assert text_of(html) == "pythonif a < b & c:\n    pass\n\n"
    assert '<span class="code-keyword">if</span> a' in html


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_colours_never_change_a_character_nor_take_long(language: str) -> None:
    hostile = [
        "<script>&amp;'\"\\ \u00e9\U0001f680\t#{}\n" * 40,
        "\n".join(["(" * 400, "'" * 401, '"' * 401, "/*" * 300, "<<" * 300, "$" * 500]),
        ("a" * 900 + "!\n") * 20,
        ("x = " + "[" * 300 + "\n") * 20,
    ]
    for code in hostile:
        began = time.process_time()
        html = highlight(code, language)
        assert text_of(html) == code
        assert time.process_time() - began < SLOW_SECONDS


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("x = 1", "no-such-language"),
        ("x = 1", ""),
        ("x" * 1_001, "python"),
        ("x\n" * 10_001, "python"),
    ],
)
def test_unknown_and_endless_code_stays_plain(code: str, language: str) -> None:
    assert highlight(code, language) == code


def test_very_long_text_is_shown_as_it_is() -> None:
    html = render_markdown("*a*" + "x" * MAX_RENDER_CHARS)
    assert html.startswith("<pre>*a*x")
