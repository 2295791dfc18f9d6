"""The caller's own id for what it creates: sending the same again creates nothing."""

from typing import Any

from django.http import HttpRequest
from ninja.params.functions import Header

from apps.core.api.responses import add_header

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"

IDEMPOTENCY_KEY: Any = Header(
    None,
    alias=HEADER,
    pattern=r"^[\x21-\x7e]{1,64}$",
    description="1 to 64 visible ASCII characters. The same key is the same request.",
)


def mark_replay(request: HttpRequest) -> None:
    """Say on the answer that nothing was created, because the key had come before."""
    add_header(request, REPLAYED_HEADER, "true")
