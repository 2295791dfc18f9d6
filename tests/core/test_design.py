"""The design system: its tags, and what holds for every template and style sheet."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.http import HttpRequest
from django.template import Context, Template
from django.template.loader import get_template
from django.test import RequestFactory

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
MAILS = ROOT / "templates" / "email"
SCRIPTS = sorted((ROOT / "static" / "js").rglob("*.js"))
SPRITE = (ROOT / "static" / "icons" / "sprite.svg").read_text(encoding="utf-8")
ICONS = set(re.findall(r'<symbol id="([a-z-]+)"', SPRITE))

MARKUP_FROM_TEXT = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(")
INLINE = re.compile(
    r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\bsrc=)", re.IGNORECASE
)


def _with_theme(theme: str | None) -> HttpRequest:
    request = RequestFactory().get("/")
    if theme is not None:
        request.COOKIES["theme"] = theme
    return request


@pytest.mark.parametrize(
    ("cookie", "shown"), [("dark", "dark"), ("light", "light"), ("<b>", "system"), (None, "system")]
)
def test_the_theme_is_one_of_three_whatever_the_cookie_says(cookie: str | None, shown: str) -> None:
    template = Template("{% load design %}{% current_theme %}")
    assert template.render(Context({"request": _with_theme(cookie)})) == shown


def test_the_theme_is_the_systems_without_a_request() -> None:
    assert Template("{% load design %}{% current_theme %}").render(Context()) == "system"


def test_an_icon_is_hidden_from_screen_readers() -> None:
    html = Template("{% load design %}{% icon 'send' %}").render(Context())
    assert html.startswith('<svg class="icon" aria-hidden="true" focusable="false"><use href="')
    assert html.endswith('sprite.svg#send"></use></svg>')


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_has_nothing_inline_and_only_icons_that_exist(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert path.parent == MAILS or INLINE.findall(source) == []
    assert set(re.findall(r'{% icon "([a-z-]+)" %}', source)) - ICONS == set()
    get_template(str(path.relative_to(ROOT / "templates")))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_script_makes_no_markup_of_text(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert MARKUP_FROM_TEXT.findall(source) == []
    if path.name != "html.js":
        assert "DOMParser" not in source


def test_every_module_of_the_conversation_page_is_announced_to_the_browser() -> None:
    source = (ROOT / "templates" / "chat" / "base.html").read_text(encoding="utf-8")
    announced = set(re.findall(r"modulepreload\" href=\"{% static 'js/([a-z/-]+\.js)'", source))
    modules = {
        str(path.relative_to(ROOT / "static" / "js"))
        for path in SCRIPTS
        if path.parent.name not in ("admin", "pages")
    }
    assert announced == modules


@pytest.mark.parametrize("state", ["queued", "running", "complete", "stopped", "failed"])
def test_a_message_keeps_its_text_exactly_and_escaped(state: str) -> None:
    message = {"id": 7, "role": "assistant", "state": state, "text": " <b>x</b>\n y ", "cursor": 13}
    html = get_template("components/message.html").render({"message": message})
    assert "data-body> &lt;b&gt;x&lt;/b&gt;\n y </div>" in html
    assert f'data-state="{state}"' in html


def test_a_hidden_message_shows_its_placeholder_and_no_retry() -> None:
    message = {"id": 7, "role": "assistant", "state": "complete", "is_hidden": True, "text": ""}
    html = get_template("components/message.html").render({"message": message})
    assert "This message was removed by moderation." in html
    assert re.search(r"data-retry hidden", html)
