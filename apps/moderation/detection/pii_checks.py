"""Personal data with a structure: each finder returns ranges, checked as far as the form allows.

Ranges may overlap, and whether one is found depends on nothing but the text in it and two signs on
each side, so that a finder says the same of a text and of a part of it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

Range = tuple[int, int]

LONGEST_EMAIL = 166
LONGEST_PHONE = 48
_LOCAL_PART = 64
_EMAIL = re.compile(
    r"(?<![\w.%+\-])[\w%+\-](?:[\w.%+\-]{0,62}[\w%+\-])?@\n?"
    r"(?=[^@\s]{4,100})(?:[^\W_](?:[\w\-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24}(?![^\W_]|-)"
)
_PHONE_INTERNATIONAL = re.compile(r"(?<![^\W_]|\+)\+[1-9](?:[ .\-/()]{0,2}[0-9]){7,14}(?![^\W_])")
_PHONE_ON_TWO_LINES = re.compile(
    r"(?<![^\W_]|\+)\+[1-9](?:[ .\-/()]{0,2}[0-9]){3,12}\r?\n"
    r"[0-9](?:[ .\-/()]{0,2}[0-9]){2,12}(?![^\W_])"
)
_PHONE_BEGINNING = re.compile(r"(?<![^\W_]|[+\-/])(?<![0-9][.,])(?<![0-9][ ()])[(0-9]")
_PHONE_NATIONAL = re.compile(
    r"\(0[1-9][0-9]{1,4}\) ?[0-9]{2,4}(?:[ \-][0-9]{2,4}){1,3}(?![^\W_]|[.,/\-][0-9])|"
    r"0[1-9][0-9]{1,4}[ /\-][0-9]{3,8}(?:[ \-][0-9]{2,5}){0,3}(?![^\W_]|[.,/\-][0-9])|"
    r"0[1-9](?:([ .\-])[0-9]{2})(?:\1[0-9]{2}){3}(?![^\W_]|[.,/\-][0-9])|"
    r"(?:1[ \-.])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[\-. ])[2-9][0-9]{2}[\-.][0-9]{4}"
    r"(?![^\W_]|[.,/\-][0-9])"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?=(?:[ \-]|\r?\n)?[A-Za-z0-9])")
_IBAN_FILLING = re.compile(r"(?:(?:[ \-]|\r?\n)?[A-Za-z0-9]){11,30}")
_CARD_DIGITS = range(13, 20)
_DIGITS_IN_ROWS = re.compile(r"[0-9](?:(?:[ \-]|\r?\n)?[0-9]){12,}")
_IPV4 = re.compile(r"(?<![^\W_]|\.)(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![^\W_]|\.[^\W_])")
_IPV6 = re.compile(
    r"(?<![\w:.])(?=[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:]{2,39}(?:\.[0-9]{1,3}){0,3}(?![\w:]|\.\w)"
)
_PHONE_DIGITS = range(9, 16)
_POINTS = frozenset(".,")
_FEWEST_IPV6_GROUPS = 3
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
    """Yield the matches of a pattern that begin at these places; what stands before is seen."""
    for start in starts:
        if (match := pattern.match(text, start)) is not None:
            yield match


def places_of(sign: str, text: str) -> Iterator[int]:
    """Yield where a sign stands in a text."""
    at = text.find(sign)
    while at >= 0:
        yield at
        at = text.find(sign, at + 1)


def emails(text: str) -> Iterator[Range]:
    """Find e-mail addresses; a line may end behind the '@'."""
    for at in places_of("@", text):
        start = _start_of_local_part(text, at)
        match = _EMAIL.match(text, start, start + LONGEST_EMAIL)
        if match is not None and ".." not in match[0]:
            yield match.span()


def phones(text: str) -> Iterator[Range]:
    """Find telephone numbers: with a plus, or written in the groups that people use."""
    pluses = list(places_of("+", text))
    for match in chain(
        matches_at(_PHONE_INTERNATIONAL, text, pluses),
        _phones_on_two_lines(text, pluses),
        matches_at(_PHONE_NATIONAL, text, _beginnings_of_phones(text)),
    ):
        digits = "".join(_GROUPS.findall(match[0]))
        if len(digits) in _PHONE_DIGITS and len(set(digits)) > 2:
            yield match.span()


def ibans(text: str) -> Iterator[Range]:
    """Find bank account numbers whose country, length and checksum fit; a line may end in one."""
    for match in _IBAN.finditer(text):
        length = _IBAN_LENGTHS.get(match[0][:2].upper())
        filling = _IBAN_FILLING.match(text, match.end())
        if length is None or filling is None:
            continue
        span = _of_length(text, match.start(), filling.end(), length)
        if span is not None and _is_on_two_lines(text, *span) and _is_iban(text[slice(*span)]):
            yield span


def cards(text: str) -> Iterator[Range]:
    """Find payment cards whose issuer, length and checksum fit, also beside other numbers.

    A line may end in one, but a column of numbers is none.
    """
    for rows in _DIGITS_IN_ROWS.finditer(text):
        groups = [group.span() for group in _GROUPS.finditer(text, *rows.span())]
        for number, (start, _) in enumerate(groups):
            if text[start] in _CARD_FORMS and _may_begin(text, start):
                yield from _card_in(text, groups[number : number + _CARD_DIGITS.stop])


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


def _card_in(text: str, groups: Sequence[Range]) -> Iterator[Range]:
    """Yield the card that begins with the first of these groups of digits, if there is one."""
    start, digits = groups[0][0], ""
    ends: dict[int, int] = {}
    for first, end in groups:
        digits += text[first:end]
        if len(digits) >= _CARD_DIGITS.stop:
            break
        ends[len(digits)] = end
    forms = _CARD_FORMS[digits[0]]
    lengths = next((fit for issuer, fit in forms if issuer.match(digits)), ())
    for length in lengths:
        last = ends.get(length)
        if (
            last is None
            or text[last : last + 1].isalnum()
            or not _is_on_two_lines(text, start, last)
        ):
            continue
        if _passes_luhn(digits[:length]):
            yield start, last
            return


def _may_begin(text: str, start: int) -> bool:
    """Tell whether a number may begin here: behind no letter, and in no number with a point."""
    before = text[max(start - 2, 0) : start]
    if before[-1:].isalnum():
        return False
    return not (before[-1:] in _POINTS and before[:-1].isdecimal())


def _is_on_two_lines(text: str, start: int, end: int) -> bool:
    """Tell whether a range goes over the end of one line at most."""
    return text.count("\n", start, end) <= 1


def _phones_on_two_lines(text: str, pluses: Iterable[int]) -> Iterator[re.Match[str]]:
    for start in pluses:
        match = _PHONE_ON_TWO_LINES.match(text, start, start + LONGEST_PHONE)
        if match is not None:
            yield match


def _beginnings_of_phones(text: str) -> Iterator[int]:
    return (match.start() for match in _PHONE_BEGINNING.finditer(text))


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
