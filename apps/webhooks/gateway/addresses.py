"""Which addresses a webhook may call: public ones, over https when deployed, and nothing inside."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from apps.webhooks.constants import MAX_URL_CHARS

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_NEVER = [
    ipaddress.ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        "168.63.129.16/32",
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
]
"""Private, shared, local, documentation, multicast and tunnel ranges; one cloud's own services."""
_GLOBAL_V6 = ipaddress.ip_network("2000::/3")
"""The only part of IPv6 that is given out: it leaves out mapped, translated and local addresses."""
_LOOKS_LIKE_A_NUMBER = re.compile(r"(^|\.)(\d+|0x[0-9a-f]*)\.?$", re.IGNORECASE)
"""The end of a host that programs read as an address, each in its own way."""


class ForbiddenAddressError(OSError):
    """A receiver is at an address that is never called."""


class BadUrlError(ValueError):
    """An address that no webhook can have; the message is a sentence for a person."""


def check_url(url: str) -> str:
    """Return an address that a webhook may have, by what it says; its host is looked up later.

    Raises:
        BadUrlError: it is too long, of another scheme, with credentials or a fragment, or names an
            address that is never called.
    """
    parts, port = _split(url)
    schemes = ("https",) if settings.IS_DEPLOYED else ("https", "http")
    if parts.scheme not in schemes:
        raise BadUrlError(f"Use an address that begins with {' or '.join(schemes)}://.")
    if parts.username is not None or parts.password is not None:
        raise BadUrlError("Leave out user name and password: the signature shows who calls.")
    if parts.fragment or not parts.hostname or port == 0:
        raise BadUrlError("Write a whole address with a host, without a part after #.")
    literal = _literal(parts.hostname)
    if literal is None and _LOOKS_LIKE_A_NUMBER.search(parts.hostname):
        raise BadUrlError("Write a number that is an address in the usual form, such as 192.0.2.1.")
    if literal is not None and not is_allowed(literal):
        raise BadUrlError("Use a public address: addresses inside a network are never called.")
    return url


def _split(url: str) -> tuple[SplitResult, int | None]:
    if len(url) > MAX_URL_CHARS or not url.isascii() or not url.isprintable() or " " in url:
        raise BadUrlError(f"Use at most {MAX_URL_CHARS} visible ASCII characters.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadUrlError("This is no address that can be called.") from None
    return parts, port


def check_resolved(addresses: Iterable[str]) -> None:
    """Refuse a host of which any address is not allowed: a mixed answer is an attack or a mistake.

    Raises:
        ForbiddenAddressError: one is inside a network.
    """
    for text in addresses:
        address = _literal(text)
        if address is None or not is_allowed(address):
            raise ForbiddenAddressError("the receiver is at an address that is never called")


def is_allowed(address: IpAddress) -> bool:
    """Tell whether an address is public, or this machine itself where that is switched on."""
    if settings.WEBHOOKS_ALLOW_LOOPBACK and address.is_loopback:
        return True
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_V6:
        return False
    return not any(address in network for network in _NEVER if network.version == address.version)


def _literal(host: str) -> IpAddress | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
