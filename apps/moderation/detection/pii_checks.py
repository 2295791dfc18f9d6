"""Personal data with a structure: each finder returns ranges, checked as far as the form allows."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from itertools import accumulate, chain

Range = tuple[int, int]

_EMAIL = re.compile(
    r"(?<![\w.%+\-])[\w%+\-](?:[\w.%+\-]{0,62}[\w%+\-])?@"
    r"(?=[^@\s]{4,100})(?:[^\W_](?:[\w\-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24}(?![\w\-])"
)
_PHONE_INTERNATIONAL = re.compile(r"(?<![\w+])\+[1-9](?:[ .\-/()]{0,2}[0-9]){7,14}(?![\w])")
_PHONE_NATIONAL = re.compile(
    r"(?<![\w.,+\-/])(?<![0-9][ ()])(?:"
    r"\(0[1-9][0-9]{1,4}\) ?[0-9]{2,4}(?:[ \-][0-9]{2,4}){1,3}|"
    r"0[1-9][0-9]{1,4}[ /\-][0-9]{3,8}(?:[ \-][0-9]{2,5}){0,3}|"
    r"0[1-9](?:([ .\-])[0-9]{2})(?:\1[0-9]{2}){3}|"
    r"(?:1[ \-.])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[\-. ])[2-9][0-9]{2}[\-.][0-9]{4}"
    r")(?!\w|[.,/\-][0-9])"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?=[ \-]?[A-Za-z0-9])")
_IBAN_FILLING = re.compile(r"(?:[ \-]?[A-Za-z0-9]){11,30}")
_CARD = re.compile(r"(?<![\w.,])[0-9](?:[ \-]?[0-9]){12,39}(?!\w)")
_IPV4 = re.compile(r"(?<![\w.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?!\w|\.\w)")
_IPV6 = re.compile(
    r"(?<![\w:.])(?=[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:]{2,39}(?:\.[0-9]{1,3}){0,3}(?![\w:]|\.\w)"
)
_PHONE_DIGITS = range(9, 16)
_FEWEST_IPV6_GROUPS = 3
_LOCAL_PART = 64
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")
_IPV4_GROUP = 3
_IPV6_GROUP = 4
_GROUPS = re.compile(r"[0-9]+")
_IBAN_LENGTHS = {
    country: int(length)
    for length, countries in {
        "15": "NO", "16": "BE", "18": "DK FI FO GL NL SD FK", "19": "MK SI",
        "20": "AT BA EE KZ LT LU MN XK", "21": "CH HR LI LV", "22": "BG BH CR DE GB GE IE ME RS VA",
        "23": "AE GI IL IQ OM SO TL", "24": "AD CZ ES MD PK RO SA SE SK TN VG", "25": "LY PT ST",
        "26": "IS TR", "27": "BI DJ FR GR IT MC MR SM", "28": "AL AZ BY CY DO GT HN HU LB NI PL SV",
        "29": "BR EG PS QA UA", "30": "JO KW MU YE", "31": "MT SC", "32": "LC", "33": "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip
_DOUBLED = str.maketrans("0123456789", "0246813579")
_CARD_FORMS = {
    "2": (
        (re.compile(r"222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),
        (re.compile(r"220[0-4]"), (16, 17, 18, 19)),
    ),
    "3": (
        (re.compile(r"3[47]"), (15,)),
        (re.compile(r"3(?:0[0-5]|09|6|8|9)"), (14, 16, 19)),
        (re.compile(r"35(?:2[89]|[3-8])"), (16, 17, 18, 19)),
    ),
    "4": ((re.compile(r"4"), (13, 16, 19)),),
    "5": (
        (re.compile(r"5[1-5]"), (16,)),
        (re.compile(r"5[06-9]"), (16, 17, 18, 19)),
    ),
    "6": ((re.compile(r"6"), (16, 17, 18, 19)),),
}
"""Issuers by the first digit, each with the lengths of its cards."""


def matches_at(
    pattern: re.Pattern[str], text: str, starts: Iterable[int]
) -> Iterator[re.Match[str]]:
    """Yield what `finditer` would of a pattern whose matches begin at these places only.

    Args:
        pattern: it matches no empty text.
        text: all of it; what stands before a match is seen.
        starts: places in rising order; more than needed do no harm.
    """
    after = 0
    for start in starts:
        if start >= after and (match := pattern.match(text, start)) is not None:
            after = match.end()
            yield match


def places_of(sign: str, text: str) -> Iterator[int]:
    """Yield where a sign stands in a text."""
    at = text.find(sign)
    while at >= 0:
        yield at
        at = text.find(sign, at + 1)


def emails(text: str) -> Iterator[Range]:
    """Find e-mail addresses."""
    starts = (_start_of_local_part(text, at) for at in places_of("@", text))
    for match in matches_at(_EMAIL, text, starts):
        if ".." not in match[0]:
            yield match.span()


def phones(text: str) -> Iterator[Range]:
    """Find telephone numbers: with a plus, or written in the groups that people use."""
    international = matches_at(_PHONE_INTERNATIONAL, text, places_of("+", text))
    for match in chain(international, _PHONE_NATIONAL.finditer(text)):
        digits = "".join(_GROUPS.findall(match[0]))
        if len(digits) in _PHONE_DIGITS and len(set(digits)) > 2:
            yield match.span()


def ibans(text: str) -> Iterator[Range]:
    """Find bank account numbers whose country, length and checksum fit."""
    for match in _IBAN.finditer(text):
        length = _IBAN_LENGTHS.get(match[0][:2].upper())
        filling = _IBAN_FILLING.match(text, match.end())
        if length is None or filling is None:
            continue
        span = _of_length(text, match.start(), filling.end(), length)
        if span is not None and _is_iban(text[slice(*span)]):
            yield span


def cards(text: str) -> Iterator[Range]:
    """Find payment cards whose issuer, length and checksum fit, also beside other numbers."""
    for match in _CARD.finditer(text):
        groups = match[0].replace("-", " ").split(" ")
        digits, borders = "".join(groups), list(accumulate(map(len, groups), initial=0))
        ends = set(borders[1:])
        after = 0
        for group, start in enumerate(borders[:-1]):
            length = _card_length(digits, start, ends) if start >= after else 0
            if length:
                after = start + length
                breaks = borders.index(after) - 1
                yield match.start() + start + group, match.start() + after + breaks


def addresses(text: str) -> Iterator[Range]:
    """Find addresses of machines in the internet; not those that every machine has."""
    for match in matches_at(_IPV4, text, _starts_before(".", text, _IPV4_GROUP)):
        if _is_personal(match[0]):
            yield match.span()
    for match in matches_at(_IPV6, text, _starts_before(":", text, _IPV6_GROUP)):
        groups = [group for group in match[0].split(":") if group]
        if len(groups) >= _FEWEST_IPV6_GROUPS and _is_personal(match[0]):
            yield match.span()


def _start_of_local_part(text: str, end: int) -> int:
    """Return where the signs before an '@' begin, that may be an address."""
    start = end
    while start and end - start <= _LOCAL_PART and _is_of_local_part(text[start - 1]):
        start -= 1
    return start


def _is_of_local_part(sign: str) -> bool:
    return sign.isalnum() or sign in "_.%+-"


def _starts_before(sign: str, text: str, longest: int) -> Iterator[int]:
    """Yield where a group of hexadecimal digits may begin that a sign ends, in rising order."""
    after = 0
    for at in places_of(sign, text):
        start = at
        while start > after and at - start < longest and text[start - 1] in _HEXADECIMAL:
            start -= 1
        yield start
        after = at + 1


def _of_length(text: str, start: int, limit: int, length: int) -> Range | None:
    """Return the range that holds so many letters and digits and ends with a word."""
    for end in range(start, limit):
        length -= text[end].isalnum()
        if not length:
            is_whole = end + 1 == len(text) or not text[end + 1].isalnum()
            return (start, end + 1) if is_whole else None
    return None


def _is_iban(text: str) -> bool:
    signs = [sign for sign in text.upper() if sign.isalnum()]
    return int("".join(str(int(sign, 36)) for sign in signs[4:] + signs[:4])) % 97 == 1


def _card_length(digits: str, start: int, ends: set[int]) -> int:
    """Return how many digits a card that starts here has; none where no card does."""
    forms = _CARD_FORMS.get(digits[start], ())
    lengths = next((fit for issuer, fit in forms if issuer.match(digits, start)), ())
    for length in lengths:
        if start + length in ends and _passes_luhn(digits[start : start + length]):
            return length
    return 0


def _passes_luhn(digits: str) -> bool:
    if len(set(digits)) == 1:
        return False
    doubled = digits[-2::-2].translate(_DOUBLED)
    return sum(map(int, digits[-1::-2] + doubled)) % 10 == 0


def _is_personal(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (
        address.is_unspecified
        or address.is_loopback
        or address.is_multicast
        or address.is_link_local
        or address.is_reserved
    )
