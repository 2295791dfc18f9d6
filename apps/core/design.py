"""The design system as its own page shows it: the colours of `tokens.css`, and examples."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from apps.core.markdown import render_markdown
from apps.core.plots import Columns, Figure
from apps.core.templatetags.design import blank_message

TOKENS = "css/tokens.css"
SPRITE = "icons/sprite.svg"
TEXT = 4.5
PART_OF_A_CONTROL = 3.0
PAIRS = (
    ("ink", "canvas", TEXT),
    ("ink", "surface", TEXT),
    ("ink", "selected", TEXT),
    ("ink-soft", "canvas", TEXT),
    ("ink-soft", "sunken", TEXT),
    ("ink-soft", "raised", TEXT),
    ("accent", "canvas", TEXT),
    ("accent", "surface", TEXT),
    ("accent-ink", "accent-tint", TEXT),
    ("ink", "accent-tint", TEXT),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-hover", TEXT),
    ("danger", "surface", TEXT),
    ("danger-ink", "danger-tint", TEXT),
    ("on-danger", "danger", TEXT),
    ("warning-ink", "warning-tint", TEXT),
    ("ink", "mark", TEXT),
    ("ink", "code", TEXT),
    ("code-comment", "code", TEXT),
    ("code-keyword", "code", TEXT),
    ("code-string", "code", TEXT),
    ("code-number", "code", TEXT),
    ("code-name", "code", TEXT),
    ("line-strong", "surface", PART_OF_A_CONTROL),
    ("accent", "sunken", PART_OF_A_CONTROL),
    ("plot-a", "surface", PART_OF_A_CONTROL),
    ("plot-b", "surface", PART_OF_A_CONTROL),
    ("plot-c", "surface", PART_OF_A_CONTROL),
    ("plot-d", "surface", PART_OF_A_CONTROL),
    ("plot-e", "surface", PART_OF_A_CONTROL),
)
ANSWER = """Give `sorted` a **key**:

```python
words = ["pear", "fig", "banana"]
print(sorted(words, key=len))  # the shortest first
```

| Word | Length |
| :-- | --: |
| fig | 3 |
| pear | 4 |

1. Equal lengths keep their order.
2. Read more in the [manual](https://docs.python.org/3/howto/sorting.html).

A sort of $n$ words compares $O(n \\log n)$ times, because

$$
\\log_2 n! = \\sum_{k=1}^{n} \\log_2 k \\approx n \\log_2 n - \\frac{n}{\\ln 2}
$$

> A sort that keeps the order of equals is called stable.
"""
ENDS = (
    ("stopped", "You stopped this answer. What you saw is kept.", "About 120 tokens were counted."),
    ("halted", "A member of staff stopped this answer.", "About 80 tokens were counted."),
    ("withheld", "This answer was withheld because it goes against our policy.", ""),
    ("interrupted", "The answer was interrupted on our side. Whatever arrived is kept.", ""),
    ("failed", "The model did not answer. Try again in a moment.", "No tokens were counted."),
    ("out_of_quota", "You have used up your allowance for today.", "No tokens were counted."),
)


@dataclass(frozen=True, slots=True)
class Colour:
    """One colour of `tokens.css`, as it is in either theme."""

    name: str
    light: str
    dark: str


@dataclass(frozen=True, slots=True)
class Pair:
    """One colour on another, with the contrast that it has and the least that it may have."""

    ink: Colour
    ground: Colour
    least: float

    @property
    def light(self) -> float:
        """The contrast in the light theme."""
        return contrast(self.ink.light, self.ground.light)

    @property
    def dark(self) -> float:
        """The contrast in the dark theme."""
        return contrast(self.ink.dark, self.ground.dark)


def read_static(path: str) -> str:
    """Return the text of a file of ours that pages are made of."""
    return (settings.BASE_DIR / "static" / path).read_text(encoding="utf-8")


@cache
def read_colours() -> dict[str, Colour]:
    """Return every opaque colour of the tokens by its name, in the order of the file."""
    found = re.findall(
        r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", read_static(TOKENS)
    )
    return {name: Colour(name, light, dark) for name, light, dark in found}


def list_pairs() -> list[Pair]:
    """Return every pair that the pages use, for the page and the test of its contrast."""
    colours = read_colours()
    return [Pair(colours[ink], colours[ground], least) for ink, ground, least in PAIRS]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours written as `#rrggbb`, as WCAG 2 defines it."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def design_page() -> dict[str, Any]:
    """Return everything that `templates/design.html` shows."""
    return {
        "colours": read_colours().values(),
        "pairs": list_pairs(),
        "sizes": ("xs", "sm", "md", "lg", "xl", "2xl", "3xl"),
        "spaces": range(1, 9),
        "icons": re.findall(r'<symbol id="([a-z-]+)"', read_static(SPRITE)),
        "example_messages": _example_messages(),
        "figure": _figure(),
    }


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _example_messages() -> list[dict[str, Any]]:
    answer: dict[str, Any] = {"html": _html(ANSWER), "rating": "good", "can_rate": True}
    versions = {"position": 2, "total": 3, "previous_id": 1, "next_id": 3}
    half = "The first half of an answer that"
    shown = [
        _message("user", text="How do I sort words by their length?", versions=versions),
        _message("assistant", **answer),
        _message("assistant", state="queued"),
        _message("assistant", state="running"),
        *(
            _message("assistant", state=state, notice=notice, counted=counted, can_retry=True)
            | {"text": "" if state == "withheld" else half, "correlation_id": "4a1f0c9e2b7d4c0d"}
            for state, notice, counted in ENDS
        ),
        _message("user", is_hidden=True, notice="This message was removed by moderation."),
        _message("user", is_redacted=True, text="My number is █████.", notice="Redacted."),
    ]
    return [message | {"id": number} for number, message in enumerate(shown, start=1)]


def _message(role: str, *, state: str = "complete", **changed: object) -> dict[str, Any]:
    return blank_message(role, state) | {"created_at": timezone.now()} | changed


def _html(text: str) -> SafeString:
    return mark_safe(render_markdown(text))  # noqa: S308  the renderer's output is safe


def _figure() -> Figure:
    labels = ["Mon", "Tue", "Wed", "Thu", "Fri"]
    series = [("Prompts", [120.0, 90, 160, 40, 210]), ("Answers", [320.0, 180, 410, 90, 380])]
    plot = Columns(
        name="example",
        title="Tokens by day",
        summary="Most on Friday: 590.",
        labels=labels,
        series=series,
        is_stacked=True,
    )
    rows = [(day, *(f"{values[at]:.0f}" for _, values in series)) for at, day in enumerate(labels)]
    return Figure(
        plot=plot,
        meaning="Prompts are what the model read; answers are what it wrote.",
        columns=("Day", "Prompts", "Answers"),
        rows=rows,
    )
