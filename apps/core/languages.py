"""Which language a person reads: what they chose, else what their browser asks for.

A page sets it for its request, a socket for its connection, and whatever is written for somebody
who is not there (a notice, a mail) for that text alone. What programs get is always English.
"""

from __future__ import annotations

import gettext
import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import date, datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.http.cookie import parse_cookie
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.formats import date_format, number_format
from django.utils.translation.trans_real import parse_accept_lang_header

SCRIPTS_DOMAIN = "djangojs"


def known_language(code: str) -> str:
    """Return the language that pages are shown in for a code, or nothing where there is none."""
    try:
        found: str = translation.get_supported_language_variant(code) if code else ""
    except LookupError:
        return ""
    return found


def wanted_language(*, cookie: str, accepted: str) -> str:
    """Return the language of a browser: what was chosen in it, else what it asks for."""
    chosen = known_language(cookie)
    if chosen:
        return chosen
    for code, _ in parse_accept_lang_header(accepted.lower()):
        found = known_language(code)
        if found:
            return found
    return settings.LANGUAGE_CODE


def language_of_scope(scope: Mapping[str, Any]) -> str:
    """Return the language of the browser that opened a socket."""
    headers = {name.lower(): value for name, value in scope.get("headers", ())}
    if b"authorization" in headers:
        return settings.LANGUAGE_CODE
    cookies = parse_cookie(headers.get(b"cookie", b"").decode("latin-1"))
    accepted = headers.get(b"accept-language", b"").decode("latin-1")
    return wanted_language(cookie=cookies.get(settings.LANGUAGE_COOKIE_NAME, ""), accepted=accepted)


def remember_language(response: HttpResponseBase, language: str) -> None:
    """Keep a choice in the browser, for all its pages."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        samesite="Lax",
        httponly=True,
    )


def speaking(language: str) -> AbstractContextManager[None]:
    """Write what stands inside in somebody's language; English where they have chosen none."""
    return translation.override(known_language(language) or settings.LANGUAGE_CODE)


def known_sentence(text: str) -> str:
    """Return a stored sentence of ours in the language of its reader; any other text as it is."""
    return translation.gettext(text) if text else ""


def number(value: int) -> str:
    """Write a number with the marks between its thousands that the reader's language has."""
    return number_format(value, use_l10n=True, force_grouping=True)


def day(value: date) -> str:
    """Write a day as the reader's language does."""
    return date_format(value, "DATE_FORMAT")


def moment(value: datetime) -> str:
    """Write a day and a time of day as the reader's language does."""
    return date_format(value, "DATETIME_FORMAT")


def short_moment(value: datetime) -> str:
    """Write a day and a time of day as a list in the reader's language does."""
    return date_format(value, "SHORT_DATETIME_FORMAT")


@cache
def words_of_scripts(language: str) -> str:
    """Return what the page's scripts say in a language, as JSON; nothing for English."""
    if language == settings.LANGUAGE_CODE:
        return ""
    catalogue = gettext.translation(
        SCRIPTS_DOMAIN, settings.LOCALE_PATHS[0], [translation.to_locale(language)], fallback=True
    )
    words: dict[str, list[str]] = {}
    for key, text in getattr(catalogue, "_catalog", {}).items():
        name, place = key if isinstance(key, tuple) else (key, 0)
        if name:
            words.setdefault(name, []).insert(place, text)
    return json.dumps(words, ensure_ascii=False, sort_keys=True)
