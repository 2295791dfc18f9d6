"""Tries rules on a text that somebody types: what would be found, where, and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from apps.core.problems import field_problem
from apps.moderation.constants import RuleMode
from apps.moderation.detection.contract import ConfigurationError, compile_detector
from apps.moderation.detection.scanner import CompiledRule, Found, scan
from apps.moderation.models import Rule
from apps.moderation.services.rules import rules
from apps.moderation.services.rules.rule_sets import LOCAL_KINDS
from apps.users.models import User

MAX_TEXT = 20_000
MAX_HITS = 100
MAX_MARKS = 500
DRAFT = 0


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the text, and which rules hit it."""

    text: str
    names: str = ""


@dataclass(frozen=True, slots=True)
class TrialHit:
    """A rule that hits: its name, version, mode, the entry that matched and the passage."""

    name: str
    version: str
    mode: str
    label: str
    passage: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it."""

    parts: Sequence[Part]
    hits: Sequence[TrialHit]
    milliseconds: float
    rules: int


def try_text(
    *,
    viewer: User,
    text: str,
    rule: Rule | None = None,
    kind: str = "",
    draft: Mapping[str, Any] | None = None,
) -> Trial:
    """Look at a text with every rule that is on, and with one that may be off or not saved yet.

    Args:
        viewer: somebody who may see rules.
        text: what to look at; nothing of it is stored.
        rule: the rule of the page, looked at with its present version, or with the draft.
        kind: the kind of a draft that belongs to no rule yet.
        draft: a configuration that is not saved.

    Raises:
        ForbiddenError: the viewer may not see rules.
        ValidationFailedError: the text is too long, or the draft cannot be used.
    """
    rules.require(viewer, rules.VIEW)
    if len(text) > MAX_TEXT:
        raise field_problem("text", f"Use at most {MAX_TEXT:,} characters.", "text_too_long")
    live = Rule.objects.live().of_kind(*LOCAL_KINDS)
    known = {
        row.current.pk: row
        for row in live.select_related("current")
        if row.current is not None and not (rule is not None and row.pk == rule.pk)
    }
    compiled = _compiled(known)
    own_kind = rule.kind if rule is not None else kind
    current = rule.current if rule is not None else None
    own = draft if draft is not None or current is None else current.configuration
    if own is not None and own_kind in LOCAL_KINDS:
        tidy = rules.validated(own_kind, own)
        compiled.append(CompiledRule(DRAFT, compile_detector(own_kind, tidy), enforces=False))
    began = time.perf_counter()
    found = scan(tuple(compiled), text)[:MAX_MARKS] if compiled else ()
    milliseconds = (time.perf_counter() - began) * 1000
    names = {key: row.name for key, row in known.items()}
    names[DRAFT] = rule.name if rule is not None else "This rule"
    hits = [_hit(one, text, known, names, rule, draft) for one in found[:MAX_HITS]]
    return Trial(_parts(text, found, names), hits, milliseconds, len(compiled))


def _compiled(known: Mapping[int, Rule]) -> list[CompiledRule]:
    """Return the rules that can look; one that is broken finds nothing here either."""
    compiled = []
    for key, row in known.items():
        configuration = row.current.configuration if row.current is not None else {}
        with suppress(ConfigurationError):
            detector = compile_detector(row.kind, configuration)
            compiled.append(CompiledRule(key, detector, enforces=False))
    return compiled


def _hit(
    one: Found,
    text: str,
    known: Mapping[int, Rule],
    names: Mapping[int, str],
    rule: Rule | None,
    draft: Mapping[str, Any] | None,
) -> TrialHit:
    row = known.get(one.key, rule)
    is_draft = one.key == DRAFT and draft is not None
    version = row.current if row is not None else None
    return TrialHit(
        name=names[one.key],
        version="not saved" if is_draft or version is None else f"version {version.number}",
        mode=RuleMode(row.mode).label if row is not None else "",
        label=one.span.label,
        passage=text[one.span.start : one.span.end],
    )


def _parts(text: str, found: Sequence[Found], names: Mapping[int, str]) -> list[Part]:
    """Cut a text at every edge of a hit, so that each piece has one answer."""
    spans = [one.span for one in found]
    edges = sorted({0, len(text), *(s.start for s in spans), *(s.end for s in spans)})
    parts = []
    for start, end in pairwise(edges):
        covering = {
            names[one.key] for one in found if one.span.start <= start and end <= one.span.end
        }
        parts.append(Part(text[start:end], ", ".join(sorted(covering))))
    return parts
