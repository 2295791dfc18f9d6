# ruff: noqa: RUF001
import time

import pytest

from apps.moderation.detection.contract import compile_detector
from apps.moderation.detection.pii import TYPES

DETECTOR = compile_detector("pii", {"types": list(TYPES)})
TOKEN = "a1B2c3D4e5F6" * 3


def found(text: str) -> list[tuple[str, str]]:
    return [(text[span.start : span.end], span.label) for span in DETECTOR.find(text)]


@pytest.mark.parametrize(
    ("data", "label"),
    [
        ("joe.doe+x@mail.example.co.uk", "email"),
        ("+49 (0)30 1234567", "phone"),
        ("030/12345678", "phone"),
        ("(555) 234-5678", "phone"),
        ("06 12 34 56 78", "phone"),
        ("DE89 3704 0044 0532 0130 00", "iban"),
        ("GB82WEST12345698765432", "iban"),
        ("NO93-8601-1117-947", "iban"),
        ("4111 1111 1111 1111", "card"),
        ("3782-822463-10005", "card"),
        ("5555555555554444", "card"),
        ("8.8.4.4", "ip"),
        ("2001:4860:4860::8888", "ip"),
        (f"sk-proj-{TOKEN}", "secret"),
        (f"ghp_{TOKEN}", "secret"),
        ("AKIAIOSFODNN7EXAMPLE", "secret"),
        ("xoxb-1234567890-abcdef", "secret"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl", "secret"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "secret"),
    ],
)
def test_data_is_found_with_its_exact_place(data: str, label: str) -> None:
    for before, after in [("", ""), ("it is ", "."), ("é😀 ", ", and 12")]:
        assert found(f"{before}{data}{after}") == [(data, label)]


@pytest.mark.parametrize(
    ("data", "label"),
    [
        ("4111\xa01111\xa01111\xa01111", "card"),
        ("4111\u20091111\u20091111\u20091111", "card"),
        ("41\u200b11 1111 11\u200d11 1111", "card"),
        ("４１１１ １１１１ １１１１ １１１１", "card"),
        ("٤١١١ ١١١١ ١١١١ ١١١١", "card"),
        ("4111–1111–1111–1111", "card"),
        ("4111 1111\n1111 1111", "card"),
        ("4111 1111\r\n1111 1111", "card"),
        ("DE89\xa03704\xa00044\xa00532\xa00130\xa000", "iban"),
        ("DE89 3704 0044\n0532 0130 00", "iban"),
        ("DE89\u200b3704 0044 0532 0130 00", "iban"),
        ("ＤＥ８９ 3704 0044 0532 0130 00", "iban"),
        ("+49\xa030\xa01234567", "phone"),
        ("+49 30\n1234567", "phone"),
        ("+4\u200b9 30 123\u200b4567", "phone"),
        ("０３０/12345678", "phone"),
        ("030‑12345678", "phone"),
        ("joe\u200b@exam\u200bple.com", "email"),
        ("joe＠example．com", "email"),
        ("joe@\nexample.com", "email"),
        ("8.8.\u200b4.4", "ip"),
        (f"ghp_\u200b{TOKEN}", "secret"),
    ],
)
def test_data_in_disguise_is_found_with_its_exact_place(data: str, label: str) -> None:
    glued = [("(_", "_)")] if label in ("card", "iban", "phone", "ip") else []
    for before, after in [("", ""), ("it is ", "."), ("Bob,", ", and 12"), *glued]:
        assert found(f"{before}{data}{after}") == [(data, label)]


@pytest.mark.parametrize(
    "text",
    [
        "DE89 3704 0044 0532 0130 01",
        "XX89 3704 0044 0532 0130 00",
        "4111 1111 1111 1112",
        "1234 5678 9012 3452",
        "0000 0000 0000 0000",
        "300.1.1.1 and 1.2.3.4.5 and 127.0.0.1 and 0.0.0.0",
        "12:30:45 std::vector a::b ::1 fe80::1",
        "on 2024-05-06 at 12:30, 01.02.2024",
        "1234567890 and 10.000.000 and 0.123456789",
        "joe@localhost, @name, a..b@example.com..",
        "password: correct-horse-battery, token=xxxxxxxxxxxxxxx1",
        "ask-me-anything-you-want-to-know",
        "4111\n1111\n1111\n1111",
        "1,4111111111111111 and 0.4111111111111111",
        "+1\n2024-05-06 12:30\n+2",
        "x4111111111111111 and 4111111111111111x",
    ],
)
def test_what_only_looks_alike_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_only_the_value_of_a_setting_is_told() -> None:
    assert found('api_key = "a8f5f167f44f4964e6c998dee827110c"') == [
        ("a8f5f167f44f4964e6c998dee827110c", "secret")
    ]
    assert found("postgres://joe:pa55word@db/chat")[0] == ("pa55word", "secret")


def test_only_chosen_types_are_looked_for() -> None:
    detector = compile_detector("pii", {"types": ["email"]})
    assert detector.find("8.8.8.8") == []


@pytest.mark.parametrize(
    "piece", ["1 ", "4 5 ", "DE89 ", "a@a.", "key=", "sk-", "f:", "+1 ", "a://b:c", "eyJa.eyJ"]
)
def test_a_hostile_text_takes_no_longer_than_its_length(piece: str) -> None:
    before = time.process_time()
    DETECTOR.find((piece * 50_000)[:50_000])
    assert time.process_time() - before < 3
