"""What a token costs in the stream scanner: CPU of one process, by number and kind of rules.

Run `python -m bench.guard`. A token is five characters. Each case is measured several times, cases
taking turns, and the median counts; `--try` prints only.
"""

import argparse
import gc
import os
import random
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from apps.moderation.detection.contract import compile_detector
from apps.moderation.detection.scanner import CompiledRule, StreamScanner

TOKEN = 5
RESULT = Path(__file__).parent / "results" / "guard.md"
ROUNDS = 7
VOWELS, CONSONANTS = "aeiou", "bcdfghklmnprstvw"
PROSE = (
    "The kettle isn't on yet, but the well-known method works: boil 250 ml of water (e.g. in a "
    'pan), wait 3 minutes, and stir it twice. "That\'s all", she wrote on 12 May; see chapter 4.\n'
)
CODE = "def area(width: float, height_cm: int = 10) -> float:\n    return width * height_cm / 2\n\n"
ACCENTS = "Le café était fermé : « peut-être demain », dit-elle. Привет, мир! 🙂 Ωραία μέρα. "
TEXTS = {"prose": PROSE, "code": CODE, "accents": ACCENTS}
PII = ("email", "phone", "iban", "card", "ip", "secret")


def words(count: int, seed: int) -> list[str]:
    """Return made-up words of two to four syllables."""
    chance = random.Random(seed)
    found: set[str] = set()
    while len(found) < count:
        syllables = chance.randint(2, 4)
        pairs = (chance.choice(CONSONANTS) + chance.choice(VOWELS) for _ in range(syllables))
        found.add("".join(pairs) + chance.choice(CONSONANTS))
    return sorted(found)


def keyword(key: int, terms: int = 40) -> CompiledRule:
    configuration = {"terms": words(terms, key)}
    return CompiledRule(key, compile_detector("keyword", configuration), enforces=key % 2 == 0)


def regex(key: int) -> CompiledRule:
    first, second = words(2, key)
    pattern = rf"\b{first}(?:s|ing)? (?:the |a |my ){{0,1}}[a-z]{{0,12}} ?{second}\b"
    detector = compile_detector("regex", {"pattern": pattern, "ignore_case": True})
    return CompiledRule(key, detector, enforces=key % 2 == 0)


def pii(key: int) -> CompiledRule:
    return CompiledRule(key, compile_detector("pii", {"types": PII}), enforces=False)


def mixed(count: int) -> list[CompiledRule]:
    return [keyword(key) if key % 2 else regex(key) for key in range(count)]


def cases() -> dict[str, list[CompiledRule]]:
    """Return the rules of each case."""
    return {
        "no rules": [],
        "1 keyword list": [keyword(1)],
        "1 regular expression": [regex(1)],
        "10 rules, half lists of 40 terms, half expressions": mixed(10),
        "10 rules and personal data of every type": [*mixed(10), pii(10)],
        "100 rules, half lists of 40 terms, half expressions": mixed(100),
        "1 list of 5,000 terms": [keyword(1, terms=5_000)],
    }


def measure(rules: Sequence[CompiledRule], tokens: list[str]) -> float:
    """Return microseconds of CPU for each token of a stream."""
    before = time.process_time()
    scanner = StreamScanner(rules)
    for token in tokens:
        scanner.feed(token)
    step = scanner.finish()
    used = time.process_time() - before
    if step.is_stopped:
        raise SystemExit("A rule was hit, so the text was not scanned to its end.")
    return used / len(tokens) * 1e6


def run(count: int) -> dict[str, dict[str, float]]:
    """Return the median cost of every case on every text."""
    streams = {}
    for name, sentence in TEXTS.items():
        text = (sentence * (count * TOKEN // len(sentence) + 1))[: count * TOKEN]
        streams[name] = [text[at : at + TOKEN] for at in range(0, len(text), TOKEN)]
    chosen = cases()
    figures: dict[str, dict[str, list[float]]] = {
        case: {name: [] for name in streams} for case in chosen
    }
    gc.collect()
    gc.freeze()
    for _ in range(ROUNDS):
        for case, rules in chosen.items():
            for name, tokens in streams.items():
                figures[case][name].append(measure(rules, tokens))
    return {
        case: {name: statistics.median(values[1:]) for name, values in texts.items()}
        for case, texts in figures.items()
    }


def table(figures: dict[str, dict[str, float]], load: float) -> str:
    """Return the figures as a table, with the load of the machine that they were taken at."""
    lines = [
        "# Stream scanner: CPU for each token of five characters, in microseconds",
        "",
        f"Median of {ROUNDS - 1} rounds of the process's own CPU time. Load of the machine: "
        f"{load:.1f} on {os.cpu_count()} cores.",
        "",
        f"| rules | {' | '.join(TEXTS)} |",
        f"| --- |{' ---: |' * len(TEXTS)}",
    ]
    for case, texts in figures.items():
        lines.append(f"| {case} | {' | '.join(f'{value:.2f}' for value in texts.values())} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print, and write the table beside the other results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=2_000)
    parser.add_argument("--try", dest="only_try", action="store_true", help="print only")
    arguments = parser.parse_args()
    text = table(run(arguments.tokens), os.getloadavg()[0])
    print(text, end="")
    if not arguments.only_try:
        RESULT.write_text(text)


if __name__ == "__main__":
    main()
