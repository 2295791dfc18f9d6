"""Blocks in the place of passages that staff took out, wherever somebody reads a text.

The eye sees how much is gone; a screen reader is told once how many passages are, and is spared
the blocks, which it would spell out one by one.
"""

from __future__ import annotations

import re

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext

from apps.core.languages import number

BLOCK = "█"
_PASSAGE = re.compile(f"{BLOCK}+")
_TAG_OR_PASSAGE = re.compile(rf"""<(?:"[^"]*"|[^">])*>|{BLOCK}+""")


def in_words(text: str) -> str:
    """Return a text for a file that is read as plain text, with a word in the place of blocks."""
    return _PASSAGE.sub(gettext("[withheld]"), text)


def how_many(text: str) -> str:
    """Return the sentence that says how many passages of a text are withheld."""
    passages = len(_PASSAGE.findall(text))
    sentence = ngettext(
        "%(number)s passage of this text was withheld by moderation.",
        "%(number)s passages of this text were withheld by moderation.",
        passages,
    )
    return sentence % {"number": number(passages)}


def silent(text: str) -> SafeString:
    """Return a text, escaped unless it is safe, as markup in which the blocks are not read out."""
    found = silent_html(conditional_escape(text))
    return mark_safe(found)  # noqa: S308  escaped above, and only spans were added


def silent_html(html: str) -> str:
    """Return markup of the renderer with its blocks in spans that a screen reader passes over."""
    return _TAG_OR_PASSAGE.sub(_wrapped, html)


def _wrapped(found: re.Match[str]) -> str:
    words = found[0]
    is_passage = words.startswith(BLOCK)
    return f'<span class="redacted" aria-hidden="true">{words}</span>' if is_passage else words
