"""Keys of providers: sealed where they are stored, and bound to the address they are for."""

from __future__ import annotations

import msgspec
from django.conf import settings

from apps.core import sealing

_PURPOSE = "llm.provider-key"


class KeyUnreadableError(Exception):
    """A key is there and cannot be used: sealed under another secret, or for another address."""


class _Sealed(msgspec.Struct):
    """What lies inside: the key and the address that it may be sent to."""

    url: str
    key: str


def seal(*, key: str, url: str) -> str:
    """Return a key in the form that is stored; it opens for this address only.

    Args:
        key: as the provider gave it.
        url: the provider's address.
    """
    content = msgspec.json.encode(_Sealed(url=url, key=key)).decode()
    return sealing.seal(content, purpose=_PURPOSE)


def unseal(sealed: str, *, url: str) -> str:
    """Return a stored key for a call to this address.

    It opens with SECRET_KEY and with each of SECRET_KEY_FALLBACKS, so that a new secret loses none.

    Raises:
        KeyUnreadableError: it was sealed under another secret, or for another address.
    """
    try:
        content = msgspec.json.decode(sealing.unseal(sealed, purpose=_PURPOSE), type=_Sealed)
    except (sealing.SealBrokenError, msgspec.MsgspecError):
        content = None
    if content is None or content.url != url:
        raise KeyUnreadableError
    return content.key


def key_of_environment(name: str, *, url: str) -> str:
    """Return the key that the operator put into `LLM_KEY_<name>` for the address `LLM_URL_<name>`.

    Raises:
        KeyUnreadableError: there is none, or it is for another address.
    """
    known_url, key = settings.LLM_KEYS.get(name, ("", ""))
    if not key or known_url != url:
        raise KeyUnreadableError
    return str(key)
