"""Whole numbers that come in an address or a form, which anybody can write."""

MAX_DIGITS = 18
"""What fits into the number of a row, and is read at once."""


def whole_number(text: str | None, *, max_digits: int = MAX_DIGITS) -> int | None:
    """Return the whole number that a text is, 0 or more; None for anything else or a longer one."""
    digits = text or ""
    is_number = digits.isascii() and digits.isdecimal() and len(digits) <= max_digits
    return int(digits) if is_number else None
