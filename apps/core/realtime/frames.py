"""What travels over the text channel: each message holds what many answers gained."""

import msgspec

LIVE_TEXT_HEADER = b"\x01"
"""First byte of a live text; a value that lost its beginning with Redis does not have it."""

WITHHELD_TEXT = b"\x02"
"""What stands in the place of a live text that policy has withheld, until its end is stored."""


def parse_live_text(value: bytes | None) -> str | None:
    """Return the live text that a value holds; None where it lost its beginning or is no text."""
    if value is None or not value.startswith(LIVE_TEXT_HEADER):
        return None
    try:
        return value[len(LIVE_TEXT_HEADER) :].decode()
    except UnicodeDecodeError:
        return None


class TextFrame(msgspec.Struct, frozen=True, array_like=True, tag="t"):
    """Text that an answer gained: `start` code points stood before it."""

    reply_id: int
    start: int
    text: str


class EndFrame(msgspec.Struct, frozen=True, array_like=True, tag="e"):
    """An answer ended; its row says how."""

    reply_id: int


class StartFrame(msgspec.Struct, frozen=True, array_like=True, tag="s"):
    """A worker began an answer."""

    reply_id: int
    model: str


class WaitFrame(msgspec.Struct, frozen=True, array_like=True, tag="w"):
    """An answer waits for its turn at the model, behind so many others."""

    reply_id: int
    ahead: int


Frame = TextFrame | EndFrame | StartFrame | WaitFrame

encoder = msgspec.msgpack.Encoder()
decoder: msgspec.msgpack.Decoder[list[Frame]] = msgspec.msgpack.Decoder(list[Frame])
