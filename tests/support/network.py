"""Keeps tests on this machine."""

import ipaddress
import socket
from typing import Any

import pytest


class NetworkBlockedError(RuntimeError):
    """A test tried to leave this machine."""


def is_local(address: Any) -> bool:
    """Whether an address of a socket call stays on this machine."""
    if not isinstance(address, tuple):
        return True
    host = str(address[0])
    if host in {"localhost", ""}:
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def block_network(patch: pytest.MonkeyPatch) -> None:
    """Refuse connections and name look-ups that leave this machine."""
    for name in ("connect", "connect_ex"):
        original = getattr(socket.socket, name)

        def guarded(self: socket.socket, address: Any, /, *, original: Any = original) -> Any:
            if self.family in {socket.AF_INET, socket.AF_INET6} and not is_local(address):
                raise NetworkBlockedError(f"Tests may not connect to {address!r}.")
            return original(self, address)

        patch.setattr(socket.socket, name, guarded)
    look_up = socket.getaddrinfo

    def guarded_look_up(host: Any, *arguments: Any, **options: Any) -> Any:
        text = host.decode() if isinstance(host, bytes) else host
        if text is not None and not is_local((text,)):
            raise NetworkBlockedError(f"Tests may not look up {text!r}.")
        return look_up(host, *arguments, **options)

    patch.setattr(socket, "getaddrinfo", guarded_look_up)
