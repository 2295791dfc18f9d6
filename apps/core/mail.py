"""A mail to one person: text, and beside it the same in the look of the pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from textwrap import shorten
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from apps.core import design

LOOK = "css/mail.css"
RULE = re.compile(r"\.mail-([a-z]+) \{([^}]*)\}")
VALUE = re.compile(r"--([a-z-]+):\s*([^;]+);")
USE = re.compile(r"var\(--([a-z-]+)\)")
REM = re.compile(r"([\d.]+)rem")
PIXELS_OF_REM = 16
PREVIEW_CHARS = 140
GREETING_ENDS = (",", "!")
# On a phone the card needs its room for the words.
NARROW = (
    "@media (max-width:480px){.mail-page{padding:16px 8px !important}"
    ".mail-card{padding:24px 20px !important}}"
)


@dataclass(frozen=True, slots=True)
class Part:
    """One paragraph of a mail, or one address of ours that stands alone."""

    lines: tuple[str, ...] = ()
    url: str = ""


def compose(*, subject: str, text: str, to: str) -> EmailMultiAlternatives:
    """Return a mail in the language that is active.

    Args:
        subject: without the product's name, which comes before it.
        text: paragraphs between empty lines; an address of ours on a line of its own is a button.
        to: the address of the person.
    """
    subject = f"{settings.ACCOUNT_EMAIL_SUBJECT_PREFIX}{subject}"
    return dress(EmailMultiAlternatives(subject=subject, body=text, to=[to]))


def dress(mail: EmailMultiAlternatives) -> EmailMultiAlternatives:
    """Sign a mail that has only text, and give it its look."""
    text = mail.body.strip()
    where = urlsplit(settings.PUBLIC_URL).netloc
    look, sheet = look_of_mails()
    parts = split_text(text)
    context = {
        "subject": mail.subject,
        "preview": preview_of(parts),
        "parts": parts,
        "where": where,
        "look": look,
        "sheet": sheet,
    }
    # So that nobody's reply to everything answers it.
    mail.extra_headers.setdefault("Auto-Submitted", "auto-generated")
    mail.body = f"{text}\n\n-- \nParley, {where}\n"
    mail.attach_alternative(render_to_string("email/letter.html", context), "text/html")
    return mail


def split_text(text: str) -> list[Part]:
    """Return the paragraphs and addresses of a text in their order."""
    parts: list[Part] = []
    lines: list[str] = []
    for line in [*text.splitlines(), ""]:
        is_ours = line.startswith(f"{settings.PUBLIC_URL}/") and " " not in line
        if line.strip() and not is_ours:
            lines.append(line)
            continue
        if lines:
            parts.append(Part(lines=tuple(lines)))
            lines = []
        if is_ours:
            parts.append(Part(url=line))
    return parts


def preview_of(parts: list[Part]) -> str:
    """Return what lists of mails show beside the subject: the first words after the greeting."""
    paragraphs = [" ".join(part.lines) for part in parts if part.lines]
    said = [one for one in paragraphs if not one.endswith(GREETING_ENDS)] or paragraphs
    return shorten(said[0], PREVIEW_CHARS, placeholder=" …") if said else ""


@cache
def look_of_mails() -> tuple[dict[str, str], SafeString]:
    """Return the style of each class of `mail.css`, and a sheet for dark and small screens."""
    rules = RULE.findall(design.read_static(LOOK))
    light = {name: _one_line(_resolve(body, is_dark=False)) for name, body in rules}
    dark = "".join(
        f".mail-{name}{{{_important(_resolve(body, is_dark=True))}}}" for name, body in rules
    )
    sheet = f"@media (prefers-color-scheme: dark){{{dark}}}{NARROW}"
    return light, mark_safe(sheet)  # noqa: S308  our own file, in a <style> without entities


def _resolve(body: str, *, is_dark: bool) -> str:
    colours = design.read_colours()
    values = dict(VALUE.findall(design.read_static(design.TOKENS)))

    def value_of(use: re.Match[str]) -> str:
        name = use[1]
        if name in colours:
            return colours[name].dark if is_dark else colours[name].light
        return REM.sub(lambda rem: f"{float(rem[1]) * PIXELS_OF_REM:g}px", values[name])

    return USE.sub(value_of, body)


def _one_line(body: str) -> str:
    return " ".join(body.split())


def _important(body: str) -> str:
    """Return the colours of a rule alone: they have to win over what stands on the element."""
    kept = [one for one in _one_line(body).split("; ") if "#" in one]
    return ";".join(f"{one.rstrip(';')} !important" for one in kept)
