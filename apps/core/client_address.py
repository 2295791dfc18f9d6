"""Who is calling: the address that our proxies have seen, and nothing a caller can write."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

IPV6_PREFIX = 64


def client_address(request: HttpRequest) -> str:
    """Return the caller's address, or an empty text where the server names none."""
    return trusted_address(
        remote=request.META.get("REMOTE_ADDR") or "",
        forwarded_for=request.META.get("HTTP_X_FORWARDED_FOR", ""),
    )


def trusted_address(*, remote: str, forwarded_for: str) -> str:
    """Return the caller's address as the outermost trusted proxy has seen it.

    Each of our NUM_PROXIES proxies appends the address that it was called from, so the caller's
    is that many entries from the right; whatever is further left was written by the caller.

    Args:
        remote: the address at the other end of the connection.
        forwarded_for: the X-Forwarded-For header, its lines joined by commas.
    """
    hops = settings.NUM_PROXIES
    entries = forwarded_for.split(",") if forwarded_for else []
    if hops < 1 or len(entries) < hops:
        return _as_address(remote)
    return _as_address(entries[-hops]) or _as_address(remote)


def address_group(address: str) -> str:
    """Return what one caller holds: an IPv4 address, or the network of an IPv6 one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, IPV6_PREFIX), strict=False))
    return str(parsed)


def _as_address(text: str) -> str:
    candidate = text.strip()
    if candidate.startswith("["):
        candidate = candidate[1:].partition("]")[0]
    elif candidate.count(":") == 1:
        candidate = candidate.partition(":")[0]
    try:
        parsed = ipaddress.ip_address(candidate)
    except ValueError:
        return ""
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)
