"""Signatures as Standard Webhooks describes them, and the secrets behind them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from apps.webhooks.constants import SECRET_BYTES, SECRET_PREFIX


def new_secret() -> str:
    """Return a fresh secret in the form that verifiers read."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign(*, message_id: str, timestamp: int, body: bytes, keys: Sequence[str]) -> dict[str, str]:
    """Return the three headers of a signed message, with one signature for each secret.

    Args:
        message_id: the same at each attempt, so that a receiver knows what it had already.
        timestamp: of this attempt, in seconds; receivers refuse old ones.
        body: what is sent, byte for byte.
        keys: the present secret, and the former one while it still holds.
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{_signature(key, signed)}" for key in keys),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
