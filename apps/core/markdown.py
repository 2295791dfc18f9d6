"""The one Markdown renderer: source text in, inert HTML out."""

import re
from functools import lru_cache
from html import escape, unescape
from re import Match
from urllib.parse import urlsplit

import mistune
import nh3
from mistune.plugins.formatting import strikethrough
from mistune.plugins.url import url

from apps.core import formulas, tables
from apps.core.highlighting import CLASS_NAMES, highlight
from apps.core.mathml import typeset

RENDERER_VERSION = 5
MAX_RENDER_CHARS = 200_000
MAX_FORMULAS = 500
MAX_FORMULAS_CHARS = 40_000
"""What a text has of formulas beyond this stays as it was written."""

ALLOWED_TAGS = {
    "p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote",
    "strong", "em", "del", "code", "pre", "table", "thead", "tbody", "tr", "th", "td", "a", "div",
    "span",
}  # fmt: skip
ALLOWED_ATTRIBUTES = {
    "a": {"href", "title", "target", "class"},
    "code": {"class"},
    "pre": {"class"},
    "div": {"class"},
    "span": {"class"},
    "th": {"class"},
    "td": {"class"},
    "ol": {"start"},
}
ALLOWED_CLASSES = {
    "div": {"code-block", "code-block__bar", "table-scroll", "formula"},
    "span": {"code-block__language", "link-host", "formula", *CLASS_NAMES},
    "a": {"external-link"},
    "th": {"align-left", "align-center", "align-right"},
    "td": {"align-left", "align-center", "align-right"},
}


class _Blocks(mistune.BlockParser):
    """Keeps a quote before the list that follows it on the next line."""

    def parse_block_quote(self, m: Match[str], state: mistune.BlockState) -> int:
        start = len(state.tokens)
        end = super().parse_block_quote(m, state)
        # What ends the quote is read first, and the quote is put before the last of it.
        quote = state.tokens.pop(-2 if len(state.tokens) > start + 1 else -1)
        state.tokens.insert(start, quote)
        return end


class _Renderer(mistune.HTMLRenderer):
    """Writes what the pages' styles expect; nothing it writes is trusted before it is sanitised."""

    def block_code(self, code: str, info: str | None = None) -> str:
        language = "".join(
            char for char in (info or "").split(" ", 1)[0] if char.isalnum() or char in "+#-_."
        )[:30]
        label = mistune.escape(language or "text")
        return (
            '<div class="code-block"><div class="code-block__bar">'
            f'<span class="code-block__language">{label}</span></div>'
            f"<pre><code>{highlight(code, language)}</code></pre></div>\n"
        )

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return self.link(text or url, url, title)

    def link(self, text: str, url: str, title: str | None = None) -> str:
        host = _host_of(url)
        if host is None:
            return text
        href = mistune.escape(url)
        is_plain = text in (host, href) and "@" not in urlsplit(url).netloc
        shown = "" if is_plain else f' <span class="link-host">{mistune.escape(host)}</span>'
        return f'<a class="external-link" target="_blank" href="{href}">{text}</a>{shown}'

    def table(self, text: str) -> str:
        return f"<table>\n{text}</table>\n"

    def table_head(self, text: str) -> str:
        return f"<thead>\n<tr>\n{text}</tr>\n</thead>\n"

    def table_body(self, text: str) -> str:
        return f"<tbody>\n{text}</tbody>\n"

    def table_row(self, text: str) -> str:
        return f"<tr>\n{text}</tr>\n"

    def table_cell(self, text: str, align: str | None = None, head: bool = False) -> str:  # noqa: FBT001, FBT002
        tag = "th" if head else "td"
        side = f' class="align-{align}"' if align else ""
        return f"<{tag}{side}>{text}</{tag}>\n"

    def formula(self, source: str) -> str:
        return f'<span class="formula">{mistune.escape(source)}</span>'

    def formula_block(self, source: str) -> str:
        return f'<div class="formula">{mistune.escape(source)}</div>\n'

    def block_html(self, html: str) -> str:
        return f"<p>{mistune.escape(html)}</p>\n"

    def inline_html(self, html: str) -> str:
        return mistune.escape(html)


def _host_of(url: str) -> str | None:
    """Return the host of an absolute http(s) or mailto address, None for anything else."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    if parts.scheme == "mailto":
        return "e-mail"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    return parts.hostname


def _find_addresses(md: mistune.Markdown) -> None:
    """Make links of addresses that are written out; marks of emphasis behind them stay marks."""
    url(md)
    md.inline.specification["url_link"] = r"""https?:\/\/[^\s<]*[^\s<?!.,:;"'*_~)\]]"""


@lru_cache(maxsize=1)
def _markdown() -> mistune.Markdown:
    return mistune.Markdown(
        renderer=_Renderer(escape=True),
        block=_Blocks(),
        plugins=[strikethrough, _find_addresses, tables.find_tables, formulas.find_formulas],
    )


def render_markdown(text: str) -> str:
    """Render a model's or a person's text for the pages.

    Raw HTML is shown as text, images become links, links are absolute http(s) or mailto only, and
    the result is sanitised with a stated allow-list. Formulas are put in behind the sanitiser, from
    a list of their own (`apps/core/mathml.py`): it would have to allow MathML to every writer.

    Args:
        text: Markdown source; beyond 200,000 characters it is shown as plain text.

    Returns:
        HTML that is safe to put into a page.
    """
    if len(text) > MAX_RENDER_CHARS:
        return f"<pre>{mistune.escape(text)}</pre>"
    html = _markdown()(text)
    clean = nh3.clean(
        str(html),
        tags=ALLOWED_TAGS,
        attributes={tag: names - {"class"} for tag, names in ALLOWED_ATTRIBUTES.items()},
        allowed_classes=ALLOWED_CLASSES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow ugc",
        strip_comments=True,
    )
    return _Typesetter().put_in(clean)


def render_formula(source: str) -> str | None:
    """Render one formula, with its marks, as it is in the rendering of a text.

    Args:
        source: what stands in the text, `\\(x\\)` for example.

    Returns:
        HTML that is safe to put into a page; None where it cannot be drawn.
    """
    drawn = typeset(formulas.inside(source), is_block=formulas.is_block(source))
    return _with_source(drawn, source, "span") if drawn else None


def _with_source(drawn: str, source: str, tag: str) -> str:
    name = "formula formula--block" if formulas.is_block(source) else "formula"
    return f'<{tag} class="{name}" data-formula="{escape(source)}">{drawn}</{tag}>'


class _Typesetter:
    """Puts the formulas of one text into its rendering, as many as are allowed."""

    place = re.compile(r'<(span|div) class="formula">([^<]*)</\1>')

    def __init__(self) -> None:
        self.formulas_left = MAX_FORMULAS
        self.chars_left = MAX_FORMULAS_CHARS

    def put_in(self, html: str) -> str:
        """Return the rendering with MathML, or the source as code, where a formula stands."""
        return self.place.sub(self._formula, html)

    def _formula(self, match: Match[str]) -> str:
        tag, source = match[1], unescape(match[2])
        self.formulas_left -= 1
        self.chars_left -= len(source)
        is_allowed = self.formulas_left >= 0 and self.chars_left >= 0
        latex, is_block = formulas.inside(source), formulas.is_block(source)
        drawn = typeset(latex, is_block=is_block) if is_allowed else None
        if drawn:
            return _with_source(drawn, source, tag)
        code = f"<code>{match[2]}</code>"
        return f"<pre>{code}</pre>" if tag == "div" else code
