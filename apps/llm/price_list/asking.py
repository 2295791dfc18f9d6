"""Asks the published price list by a short-lived process, which takes the list's memory with it."""

from __future__ import annotations

import ipaddress
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

PACKAGE = "genai-prices"
SECONDS = 60
_PROGRAM = str(Path(__file__).with_name("reading.py"))
_LOCAL_ENDINGS = (".localhost", ".local", ".internal", ".lan", ".home.arpa")


class PriceListUnreadableError(Exception):
    """The list could not be read: the process failed or took too long."""


class Question(msgspec.Struct, frozen=True):
    """What is asked: a model's name at the address of its provider."""

    url: str
    model: str


class Prices(msgspec.Struct, frozen=True):
    """Nano-dollars for a million tokens: of the prompt, from the cache, and of the answer.

    `long` counts where the prompt has more than `long_above` tokens.
    """

    usual: tuple[int, int, int]
    long: tuple[int, int, int]
    long_above: int | None = None


class Step(msgspec.Struct, frozen=True, rename={"begins": "from"}):
    """Prices, and from when they hold."""

    begins: datetime
    price: Prices


class Answer(msgspec.Struct, frozen=True):
    """What the list says.

    Attributes:
        outcome: a word of `LookupOutcome`.
        entry: what it found, as provider and model of the list.
        steps: prices from now on, each until the next.
        look_again_at: when more steps will be known; None where these are all.
    """

    outcome: str
    entry: str = ""
    steps: tuple[Step, ...] = ()
    look_again_at: datetime | None = None


@cache
def list_version() -> str:
    """Return name and version of the list, without loading it."""
    return f"{PACKAGE} {version(PACKAGE)}"


def ask(questions: Sequence[Question]) -> list[Answer]:
    """Return what the list says, in order; it takes about a second.

    Raises:
        PriceListUnreadableError: the process failed or took too long.
    """
    try:
        done = subprocess.run(  # noqa: S603  our own program, values by its input
            [sys.executable, "-I", _PROGRAM],
            input=msgspec.json.encode(list(questions)),
            capture_output=True,
            timeout=SECONDS,
            check=True,
            env={},
        )
        return msgspec.json.decode(done.stdout, type=list[Answer])
    except (OSError, subprocess.SubprocessError, msgspec.MsgspecError) as error:
        raise PriceListUnreadableError from error


def is_local(url: str) -> bool:
    """Tell whether an address is of this machine or network, which no list has prices for."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(_LOCAL_ENDINGS)
