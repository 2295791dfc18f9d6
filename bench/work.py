"""The work that is compared, and what the viewers saw of it."""

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate

HELD_LATENESS_MS = 250.0
HELD_FIRST_TEXT_MS = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """How many people ask at once, and what the model answers.

    Attributes:
        streams: people; each sends one message.
        tokens: length of each answer.
        rate: tokens a second; 0 sends the whole answer at once.
        spread: seconds over which the messages are sent.
    """

    streams: int
    tokens: int = 400
    rate: float = 50.0
    spread: float = 2.0

    @property
    def name(self) -> str:
        """A word for figures and files."""
        return f"{self.streams}x{self.tokens}"

    @property
    def deadline_seconds(self) -> float:
        """When a run is given up."""
        return self.spread + (self.tokens / self.rate if self.rate else 0.0) + 30.0


def answer_pieces(tokens: int) -> list[str]:
    """Return the tokens of the scripted model's answer."""
    return [f"word{index} " for index in range(tokens)]


@dataclass(slots=True)
class Seen:
    """What one viewer saw of one answer; times are of the machine's monotonic clock.

    Attributes:
        message: what the viewer sent.
        sent_at: when.
        pieces: text with the time of its arrival.
        ended_at: when the end arrived; None if it never did.
        problem: what went wrong, if anything.
    """

    message: str
    sent_at: float = 0.0
    pieces: list[tuple[float, str]] = field(default_factory=list)
    ended_at: float | None = None
    problem: str = ""

    @property
    def text(self) -> str:
        """All text."""
        return "".join(piece for _, piece in self.pieces)

    @property
    def first_text_ms(self) -> float | None:
        """Milliseconds from sending to the first text."""
        return (self.pieces[0][0] - self.sent_at) * 1000 if self.pieces else None


def lateness_ms(seen: Seen, *, asked_at: float, work: Work) -> list[float]:
    """Return how late each token was, against the model's own schedule.

    Token i is due i / rate seconds after the model server took the request. A token counts as
    arrived when its last character has.

    Args:
        seen: what the viewer saw.
        asked_at: when the model server took the request for this viewer's message.
        work: the work, for the rate and the tokens.
    """
    ends = list(accumulate(len(piece) for piece in answer_pieces(work.tokens)))
    late: list[float] = []
    length = 0
    for when, piece in seen.pieces:
        length += len(piece)
        for index in range(len(late), bisect_right(ends, length)):
            due = asked_at + (index / work.rate if work.rate else 0.0)
            late.append((when - due) * 1000)
    return late


def percentile(values: list[float], percent: float) -> float:
    """Return the value below which so many per cent lie; 0 of nothing."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
