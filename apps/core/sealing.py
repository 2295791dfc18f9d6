"""Secrets that must be read again: kept encrypted, so that a copy of the database shows none."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class SealBrokenError(RuntimeError):
    """A sealed secret was sealed under another SECRET_KEY, or changed since."""


def seal(secret: str, *, purpose: str) -> str:
    """Encrypt a secret under SECRET_KEY.

    Args:
        secret: what is to be read again by this product only.
        purpose: a word of the caller; what is sealed for one purpose opens for no other.
    """
    return _box(purpose).encrypt(secret.encode()).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    """Return a sealed secret; one that was sealed under SECRET_KEY_FALLBACKS opens too.

    Raises:
        SealBrokenError: no key of this deployment opens it.
    """
    try:
        return _box(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken:
        message = "A stored secret does not open: was SECRET_KEY changed?"
        raise SealBrokenError(message) from None


def _box(purpose: str) -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_key(key, purpose)) for key in keys])


def _key(secret_key: str, purpose: str) -> bytes:
    info = f"parley.{purpose}".encode()
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=info)
    return base64.urlsafe_b64encode(derivation.derive(secret_key.encode()))
