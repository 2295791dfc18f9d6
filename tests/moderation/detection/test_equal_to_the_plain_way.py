"""What is fast finds what the plain way finds: every expression tried at every place of a text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.moderation.detection import folding, pii_checks, secret_checks, word_search

Finder = Callable[[str], Iterator[pii_checks.Range]]
PIECES = (
    *("a", "b", "Z", "0", "1", "2", "5", "9", " ", "-", ".", "@", "+", "/", "(", ")", ":", "="),
    *("_", "://", "'", '"', "\n", "\xe9", "\u017f", "\u212a", "\u0130", "\u2026", "\xbd"),
    *("\U0001f642", "\u200b", "\u0301", "\u0416", "\ud55c", "\ud800", "\ufdfa", "\uff14"),
    *("\u0663", "\u3002", "sk-", "ghp_", "key", "secret", "token", "api_", "eyJ", "AKIA", "0301"),
    *("4111 1111 1111 1111", "5555555555554444", "3782-822463-10005", "6011", "DE89", "ooo"),
    *("8.8.4.4", "2001:4860::8888", "::", "joe@example.com", "+49 30 1234567", "030/12345678"),
    *("a1B2c3D4e5F6", "x9Y8z7", "postgres://u:pa55w0rd@h", "06 12 34 56 78", ":=", "=>", "pass"),
    *("a" * 64, "-----BEGIN RSA PRIVATE KEY-----", "npm_", "SG.", "hf_", "xoxb-"),
)
TEXTS = st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=60)


def everywhere(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Yield the match at every place where there is one."""
    for at in range(len(text)):
        if (match := pattern.match(text, at)) is not None:
            yield match


def plain_emails(text: str) -> Iterator[pii_checks.Range]:
    for match in everywhere(pii_checks._EMAIL, text):
        if ".." not in match[0]:
            yield match.span()


def plain_cards(text: str) -> Iterator[pii_checks.Range]:
    forms = [form for each in pii_checks._CARD_FORMS.values() for form in each]
    card = re.compile(r"(?<![^\W_])(?<![0-9][.,])[0-9](?:(?:[ -]|\r?\n)?[0-9]){12,18}(?![^\W_])")
    for start in range(len(text)):
        for end in range(start + 13, min(start + 40, len(text)) + 1):
            if text[end - 1] not in "0123456789" or card.fullmatch(text, start, end) is None:
                continue
            digits = "".join(sign for sign in text[start:end] if sign in "0123456789")
            fits = next((fit for issuer, fit in forms if issuer.match(digits)), ())
            is_whole = not text[end : end + 1].isalnum() and text[start:end].count("\n") < 2
            if is_whole and len(digits) in fits and pii_checks._passes_luhn(digits):
                yield start, end
                break


def plain_addresses(text: str) -> Iterator[pii_checks.Range]:
    for match in everywhere(pii_checks._IPV4, text):
        if pii_checks._is_personal(match[0]):
            yield match.span()
    for match in everywhere(pii_checks._IPV6, text):
        groups = [group for group in match[0].split(":") if group]
        if len(groups) >= 3 and pii_checks._is_personal(match[0]):
            yield match.span()


def plain_secrets(text: str) -> Iterator[pii_checks.Range]:
    for pattern in (secret_checks._FORM, secret_checks._PEM):
        yield from (match.span() for match in everywhere(pattern, text))
    yield from (match.span(1) for match in everywhere(secret_checks._ACCOUNT, text))
    setting = re.compile(
        rf"(?i:{secret_checks._NAMED.pattern[:-2]}){secret_checks._SETTING.pattern}"
    )
    for match in everywhere(setting, text):
        if secret_checks._looks_random(match[1]):
            yield match.span(1)


@pytest.mark.parametrize(
    ("fast", "plain"),
    [
        (pii_checks.emails, plain_emails),
        (pii_checks.cards, plain_cards),
        (pii_checks.addresses, plain_addresses),
        (secret_checks.secrets, plain_secrets),
    ],
)
@given(text=TEXTS)
@settings(max_examples=300)
def test_personal_data_is_found_as_by_trying_every_place(
    fast: Finder, plain: Finder, text: str
) -> None:
    assert set(fast(text)) == set(plain(text))


@given(text=TEXTS)
@settings(max_examples=300)
def test_a_text_folds_as_its_characters_do(text: str) -> None:
    folded = folding.fold(text)
    parts = [folding.fold(letter).text for letter in text]
    assert folded.text == "".join(parts)
    assert folded.places() == [at for at, part in enumerate(parts) for _ in part]


@given(text=TEXTS)
@settings(max_examples=300)
def test_letters_are_pushed_together_as_one_by_one(text: str) -> None:
    folded = folding.fold(text).text
    for view in (word_search._PLAIN, word_search._AS_I, word_search._AS_L):
        kept = [(at, view[ord(sign)]) for at, sign in enumerate(folded)]
        assert view.letters(folded, word_search.foreign_signs(folded)) == "".join(
            letter for _, letter in kept if letter is not None
        )
        assert view.places(folded) == [at for at, letter in kept if letter is not None]


def test_a_text_of_many_different_signs_folds_the_same() -> None:
    text = "".join(chr(code) for code in range(0x20, 0x3000) if chr(code).isprintable())
    assert folding.fold(text).text == "".join(folding.fold(letter).text for letter in text)
