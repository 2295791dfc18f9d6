"""Letting a rule enforce and setting its limits: the pages that ask; and how its figures read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.core.admin_kit.decisions import Decision
from apps.core.admin_kit.details import Fact
from apps.core.admin_kit.display import EMPTY, Tone, badge
from apps.core.admin_kit.people import has_right
from apps.core.numbers import whole_number
from apps.moderation.admin.rule_forms import EnforceForm, LimitsForm
from apps.moderation.constants import RuleMode
from apps.moderation.models import Rule
from apps.moderation.services.figures.labels import precision_of
from apps.moderation.services.rules import rule_modes, rules, scorecards
from apps.users.models import User

MODE_LOOKS = {
    RuleMode.OFF: (Tone.NEUTRAL, "power_settings_new"),
    RuleMode.SHADOW: (Tone.NEUTRAL, "visibility"),
    RuleMode.FLAG: (Tone.LIVE, "flag"),
    RuleMode.ENFORCE: (Tone.DANGER, "gavel"),
}


MODE_WORDS = {
    RuleMode.OFF: "Looks at nothing.",
    RuleMode.SHADOW: "Records its hits. Nobody notices.",
    RuleMode.FLAG: "A hit opens a case.",
    RuleMode.ENFORCE: "A hit keeps the text back.",
}


def ladder() -> list[tuple[str, str, str]]:
    """Return the modes in the order of their power, each with its name and what a hit does."""
    return [(mode.value, mode.label, MODE_WORDS[mode]) for mode in RuleMode]


def mode_badge(mode: str) -> SafeString:
    """Draw a mode."""
    tone, icon = MODE_LOOKS[RuleMode(mode)]
    return badge(RuleMode(mode).label, tone, icon)


def may_edit(request: HttpRequest) -> bool:
    """Tell whether the viewer may write rules."""
    return has_right(request, rules.EDIT)


def actor_of(request: HttpRequest) -> User:
    """Return who acts."""
    return cast("User", request.user)


def enforce(request: HttpRequest, row: Rule, *, back_url: str) -> Decision:
    """Return the page that lets a rule enforce."""
    version = whole_number(request.POST.get("version") or request.GET.get("version"))
    chosen = row.versions.filter(pk=version).first() if version is not None else None
    chosen = chosen or row.current
    proof = precision_of(chosen, without=actor_of(request)) if chosen is not None else None

    def apply(typed: Mapping[str, Any]) -> None:
        rule_modes.set_mode(
            actor=actor_of(request),
            rule_id=row.pk,
            mode=RuleMode.ENFORCE,
            version_id=chosen.pk if chosen is not None else None,
            override_reason=typed["override_reason"],
        )

    proven = proof is not None and rule_modes.is_proven(proof)
    words = "Its figures suffice." if proven or proof is None else rule_modes.gate_words(proof)
    return Decision(
        title=f"Let “{row.name}” enforce",
        effects=[
            f"Version {chosen.number if chosen else '?'} keeps texts back by itself, "
            "everywhere within two seconds.",
            "Each hit opens a case, and the person is told why and how to appeal.",
            f"Precision, by what others than you said: {proof}. {words}",
        ],
        submit="Enforce",
        done=f"“{row.name}” enforces.",
        apply=apply,
        back_url=back_url,
        form_class=EnforceForm,
        is_danger=True,
        hidden=[("version", str(chosen.pk))] if chosen is not None else [],
    )


def limits(request: HttpRequest, row: Rule, *, back_url: str) -> Decision:
    """Return the page that says what a rule may do."""

    def apply(typed: Mapping[str, Any]) -> None:
        form = LimitsForm()
        form.cleaned_data = dict(typed)
        rules.set_limits(actor=actor_of(request), rule_id=row.pk, limits=form.limits())

    return Decision(
        title=f"Limits of “{row.name}”",
        effects=["They hold everywhere within two seconds, and are kept in the audit record."],
        submit="Set the limits",
        done="The limits are set.",
        apply=apply,
        back_url=back_url,
        form_class=LimitsForm,
        initial={
            "action": row.action,
            "on_error": row.on_error,
            "daily_cap": row.daily_cap,
            "expires_at": row.expires_at,
        },
    )


def figures(card: scorecards.Scorecard) -> list[Fact]:
    """Return the figures of a rule as facts."""
    latency = card.latency_ms
    looks = card.looks_per_true_hit
    return [
        Fact("Precision", card.precision),
        Fact("Hits, 7 days", f"{card.hits:,}", f"{card.hits_of_day:,} in 24 hours"),
        Fact("Acted on, 7 days", f"{card.acted:,}"),
        Fact("Failed checks, 7 days", f"{card.errors:,}"),
        Fact(
            "Time of a check",
            f"{latency[0]:.1f} ms" if latency else EMPTY,
            f"95% under {latency[1]:.1f} ms" if latency else "",
        ),
        Fact("Looks to find one violation", f"{looks:.1f}" if looks else EMPTY),
    ]
