"""The one Markdown renderer: source text in, inert HTML out."""

from functools import lru_cache
from urllib.parse import urlsplit

import mistune
import nh3

from apps.core.highlighting import CLASS_NAMES, highlight

RENDERER_VERSION = 3
MAX_RENDER_CHARS = 200_000

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
    "div": {"code-block", "code-block__bar", "table-scroll"},
    "span": {"code-block__language", "link-host", *CLASS_NAMES},
    "a": {"external-link"},
    "th": {"align-left", "align-center", "align-right"},
    "td": {"align-left", "align-center", "align-right"},
}


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
        is_plain = text in (host, href)
        shown = "" if is_plain else f' <span class="link-host">{mistune.escape(host)}</span>'
        return f'<a class="external-link" target="_blank" href="{href}">{text}</a>{shown}'

    def table_cell(self, text: str, align: str | None = None, head: bool = False) -> str:  # noqa: FBT001, FBT002
        tag = "th" if head else "td"
        side = f' class="align-{align}"' if align else ""
        return f"<{tag}{side}>{text}</{tag}>\n"

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


@lru_cache(maxsize=1)
def _markdown() -> mistune.Markdown:
    return mistune.create_markdown(
        renderer=_Renderer(escape=True),
        plugins=["table", "strikethrough", "url"],
        hard_wrap=False,
    )


def render_markdown(text: str) -> str:
    """Render a model's or a person's text for the pages.

    Raw HTML is shown as text, images become links, links are absolute http(s) or mailto only, and
    the result is sanitised last with a stated allow-list.

    Args:
        text: Markdown source; beyond 200,000 characters it is shown as plain text.

    Returns:
        HTML that is safe to put into a page.
    """
    if len(text) > MAX_RENDER_CHARS:
        return f"<pre>{mistune.escape(text)}</pre>"
    html = _markdown()(text)
    return nh3.clean(
        str(html),
        tags=ALLOWED_TAGS,
        attributes={tag: names - {"class"} for tag, names in ALLOWED_ATTRIBUTES.items()},
        allowed_classes=ALLOWED_CLASSES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow ugc",
        strip_comments=True,
    )
