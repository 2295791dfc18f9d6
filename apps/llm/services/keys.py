"""Keys of providers: sealed where they are stored, and bound to the address they are for."""

from __future__ import annotations

from django.conf import settings

from apps.core import sealing

_PURPOSE = "llm.provider-key"


class KeyUnreadableError(Exception):
    """A key is there and cannot be used: sealed under another secret, or for another address."""


def seal(*, key: str, url: str) -> str:
    """Return a key in the form that is stored; it opens for this address only.

    Args:
        key: as the provider gave it.
        url: the provider's address.
    """
    return sealing.seal(key, purpose=f"{_PURPOSE} {url}")


def unseal(sealed: str, *, url: str) -> str:
    """Return a stored key for a call to this address.

    Raises:
        KeyUnreadableError: it was sealed under another secret, or for another address.
    """
    try:
        return sealing.unseal(sealed, purpose=f"{_PURPOSE} {url}")
    except sealing.SealBrokenError:
        raise KeyUnreadableError from None


def key_of_environment(name: str, *, url: str) -> str:
    """Return the key that the operator put into `LLM_KEY_<name>` for the address `LLM_URL_<name>`.

    Raises:
        KeyUnreadableError: there is none, or it is for another address.
    """
    known_url, key = settings.LLM_KEYS.get(name, ("", ""))
    if not key or known_url != url:
        raise KeyUnreadableError
    return str(key)
