"""What a rendering of Markdown shows, in the short form of tests/support/markdown.json."""

import re
from html import escape
from html.parser import HTMLParser

EMPTY = {"br", "hr"}
KINDS = {
    "code-block": ("<fence>", "</fence>"),
    "code-block__language": ("<name>", "</name>"),
    "link-host": ("<host>", "</host>"),
}
AROUND_BLOCKS = re.compile(
    r"\s*(</?(?:p|h[1-6]|[uo]l|li|blockquote|hr|table|thead|tbody|tr|t[hd])\b[^>]*>|</?(?:fence|formula-block)>)"
)
AFTER_BLOCKS = re.compile(
    r"(</?(?:p|h[1-6]|[uo]l|li|blockquote|hr|br|table|thead|tbody|tr|t[hd])\b[^>]*>|</(?:fence|formula-block)>)\s+"
)


class _Reader(HTMLParser):
    """Reads the renderer's HTML; what the sanitiser and the colours of code add is left out."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._ends: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        begin, end = self._marks(tag, {name: value or "" for name, value in attrs})
        self.parts.append(begin)
        if tag not in EMPTY:
            self._ends.append(end)

    def handle_endtag(self, tag: str) -> None:
        if tag not in EMPTY:
            self.parts.append(self._ends.pop())

    def handle_data(self, data: str) -> None:
        is_drawn = any(end.startswith("</formula") for end in self._ends)
        self.parts.append("" if is_drawn else escape(data, quote=False))

    def _marks(self, tag: str, values: dict[str, str]) -> tuple[str, str]:
        name = values.get("class", "")
        if "data-formula" in values:
            source = escape(values["data-formula"], quote=False)
            kind = "formula-block" if tag == "div" else "formula"
            return f"<{kind}>{source}", f"</{kind}>"
        is_inside = any(end.startswith(("</fence", "</formula")) for end in self._ends)
        if tag in ("div", "span") or is_inside:
            return KINDS.get(name, ("", ""))
        if tag == "a":
            return "<link>", "</link>"
        kept = "".join(f' {key}="{values[key]}"' for key in ("start", "class") if key in values)
        return f"<{tag}{kept}>", f"</{tag}>"


def drawn(html: str) -> str:
    """Return which blocks and marks of which text a rendering shows, however it writes them."""
    reader = _Reader()
    reader.feed(html)
    text = AROUND_BLOCKS.sub(r"\1", "".join(reader.parts))
    return AFTER_BLOCKS.sub(r"\1", text).replace(" <host>", "<host>")
