import pytest
from django.test import RequestFactory
from pytest_django import Settings

from apps.core.client_address import address_group, client_address, trusted_address


@pytest.mark.parametrize(
    ("hops", "remote", "forwarded_for", "expected"),
    [
        (0, "203.0.113.9", "", "203.0.113.9"),
        (0, "203.0.113.9", "198.51.100.1", "203.0.113.9"),
        (1, "10.0.0.1", "198.51.100.1", "198.51.100.1"),
        (1, "10.0.0.1", "1.1.1.1, 2.2.2.2, 198.51.100.1", "198.51.100.1"),
        (2, "10.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        (2, "10.0.0.1", "198.51.100.1", "10.0.0.1"),
        (1, "10.0.0.1", "", "10.0.0.1"),
        (1, "10.0.0.1", "not-an-address", "10.0.0.1"),
        (1, "10.0.0.1", "6.6.6.6,", "10.0.0.1"),
        (1, "10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        (1, "10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
        (1, "10.0.0.1", "2001:db8::1", "2001:db8::1"),
        (0, "::ffff:203.0.113.9", "", "203.0.113.9"),
        (0, "", "198.51.100.1", ""),
        (1, "10.0.0.1", "1.1.1.1\r\nX: y", "10.0.0.1"),
    ],
)
def test_only_what_our_proxies_wrote_is_believed(
    settings: Settings, hops: int, remote: str, forwarded_for: str, expected: str
) -> None:
    settings.NUM_PROXIES = hops
    assert trusted_address(remote=remote, forwarded_for=forwarded_for) == expected


def test_other_forwarding_headers_are_never_read(settings: Settings) -> None:
    settings.NUM_PROXIES = 1
    request = RequestFactory().get(
        "/",
        REMOTE_ADDR="203.0.113.9",
        headers={"X-Real-IP": "6.6.6.6", "Forwarded": "for=6.6.6.6", "X-Client-IP": "6.6.6.6"},
    )
    assert client_address(request) == "203.0.113.9"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", "unknown"),
    ],
)
def test_a_caller_counts_by_what_they_hold(address: str, expected: str) -> None:
    assert address_group(address) == expected
