"""Keys of providers: sealed where they are stored, and bound to the address they are for."""

from __future__ import annotations

import base64

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_PURPOSE = b"parley.llm.provider-key"


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
    content = msgspec.json.encode(_Sealed(url=url, key=key))
    return _locks().encrypt(content).decode()


def unseal(sealed: str, *, url: str) -> str:
    """Return a stored key for a call to this address.

    It opens with SECRET_KEY and with each of SECRET_KEY_FALLBACKS, so that a new secret loses none.

    Raises:
        KeyUnreadableError: it was sealed under another secret, or for another address.
    """
    try:
        content = msgspec.json.decode(_locks().decrypt(sealed.encode()), type=_Sealed)
    except (InvalidToken, msgspec.MsgspecError):
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


def _locks() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derive(secret)) for secret in secrets])


def _derive(secret: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE)
    return base64.urlsafe_b64encode(derivation.derive(secret.encode()))
