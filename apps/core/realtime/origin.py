from collections.abc import Mapping
from typing import Any

from django.conf import settings


def has_allowed_origin(scope: Mapping[str, Any]) -> bool:
    """Tell whether a socket may be opened from where it comes.

    A browser always names its origin and brings the person's cookie by itself, so the full origin
    must be one of ours: the address that was asked for, or one in ALLOWED_ORIGINS. A program has no
    origin and no cookie, only its token.
    """
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    origin = headers.get(b"origin")
    if origin is None:
        return b"authorization" in headers and b"cookie" not in headers
    if origin in settings.ALLOWED_ORIGINS:
        return True
    host = headers.get(b"host", "").rsplit(":", 1)[0]
    is_known_host = host in settings.ALLOWED_HOSTS
    return not settings.IS_DEPLOYED and is_known_host and origin == f"http://{headers.get(b'host')}"
