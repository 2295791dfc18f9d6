"""Whether an address that somebody configured is one that can be used."""

from urllib.parse import urlsplit


def is_plain_address(address: str) -> bool:
    """Tell whether an address names a server and nothing else: no password, query or fragment."""
    try:
        parts = urlsplit(address)
        is_server = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    more = parts.username or parts.password or parts.query or parts.fragment
    return parts.scheme in {"http", "https"} and is_server and not more


def is_origin(address: str) -> bool:
    """Tell whether an address is an origin as browsers name it: without any path."""
    return is_plain_address(address) and not urlsplit(address).path
