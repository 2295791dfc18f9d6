"""What staff type when they write a rule: one form for each kind, and its limits and plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from apps.core.constants import MAX_REASON_CHARS
from apps.moderation.constants import AppliesTo, OnError, RuleAction, RuleKind, Stage
from apps.moderation.services.rules.rules import Limits, Plan

PII_TYPES = (
    ("email", "Email addresses"),
    ("phone", "Phone numbers"),
    ("iban", "Account numbers (IBAN)"),
    ("card", "Card numbers"),
    ("ip", "IP addresses"),
    ("secret", "Keys, tokens and passwords"),
)


class PlanForm(forms.Form):
    """What a new rule is."""

    heading = "The rule"

    name = forms.CharField(max_length=80, label="Name")
    description = forms.CharField(
        required=False,
        max_length=MAX_REASON_CHARS,
        label="What it is for",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    policy_code = forms.ChoiceField(label="Policy that it serves")
    stage = forms.ChoiceField(label="When it looks", choices=Stage.choices)
    applies_to = forms.ChoiceField(label="What it looks at", choices=AppliesTo.choices)

    def __init__(self, *args: Any, policies: list[tuple[str, str]], **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.fields["policy_code"].choices = policies  # type: ignore[attr-defined]

    def plan(self, kind: RuleKind) -> Plan:
        """Return what was typed."""
        typed = self.cleaned_data
        return Plan(
            name=typed["name"],
            description=typed["description"],
            kind=kind,
            stage=Stage(typed["stage"]),
            applies_to=AppliesTo(typed["applies_to"]),
            policy_code=typed["policy_code"],
        )


class VersionForm(forms.Form):
    """What a version looks for; each kind says how."""

    heading = "What it looks for"

    note = forms.CharField(
        required=False,
        max_length=MAX_REASON_CHARS,
        label="What is new in this version",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    field_order: list[str] | None = None

    def configuration(self) -> dict[str, Any]:
        """Return what was typed as the configuration of a rule."""
        raise NotImplementedError

    @property
    def least_score(self) -> float:
        """From which score on an answer is a hit."""
        value = self.cleaned_data.get("threshold")
        return 0.5 if value is None else float(value)

    @classmethod
    def initial_of(cls, configuration: Mapping[str, Any], threshold: float) -> dict[str, Any]:
        """Return a stored configuration as the form shows it."""
        return {**configuration, "threshold": threshold}


class KeywordForm(VersionForm):
    """A list of words and phrases."""

    field_order = ["terms", "match", "fold", "note"]
    terms = forms.CharField(
        label="Words and phrases, one a line", widget=forms.Textarea(attrs={"rows": 8})
    )
    match = forms.ChoiceField(
        label="Where they count",
        choices=(("word", "As whole words"), ("anywhere", "Also inside of words")),
    )
    fold = forms.BooleanField(
        required=False, initial=True, label="See through disguise (b4dw0rd, b a d, look-alikes)"
    )

    def configuration(self) -> dict[str, Any]:
        """Return the list."""
        typed = self.cleaned_data
        return {
            "terms": typed["terms"].splitlines(),
            "match": typed["match"],
            "fold": typed["fold"],
        }

    @classmethod
    def initial_of(cls, configuration: Mapping[str, Any], threshold: float) -> dict[str, Any]:
        """Show one term a line."""
        return {**configuration, "terms": "\n".join(configuration.get("terms", ()))}


class RegexForm(VersionForm):
    """A regular expression."""

    field_order = ["pattern", "ignore_case", "look_back", "note"]
    pattern = forms.CharField(
        label="Regular expression (RE2)", widget=forms.Textarea(attrs={"rows": 4}), strip=False
    )
    ignore_case = forms.BooleanField(required=False, initial=True, label="Ignore case")
    look_back = forms.IntegerField(
        required=False,
        label="Longest match",
        help_text="Characters; only where the expression has no end of its own.",
    )

    def configuration(self) -> dict[str, Any]:
        """Return the pattern."""
        typed = self.cleaned_data
        return {name: typed[name] for name in ("pattern", "ignore_case", "look_back")}


class PiiForm(VersionForm):
    """Types of personal data and secrets."""

    field_order = ["types", "note"]
    types = forms.MultipleChoiceField(
        label="What to look for", choices=PII_TYPES, widget=forms.CheckboxSelectMultiple
    )

    def configuration(self) -> dict[str, Any]:
        """Return the types."""
        return {"types": list(self.cleaned_data["types"])}


class EndpointForm(VersionForm):
    """Categories of a moderation endpoint."""

    field_order = ["categories", "threshold", "model", "note"]
    categories = forms.CharField(
        required=False, label="Categories, with commas between", help_text="Empty means all."
    )
    threshold = forms.FloatField(
        initial=0.5, min_value=0.01, max_value=1, label="From which score on it is a hit"
    )
    model = forms.CharField(required=False, max_length=80, label="Classifier")

    def configuration(self) -> dict[str, Any]:
        """Return categories and classifier."""
        names = [name.strip() for name in self.cleaned_data["categories"].split(",")]
        return {
            "categories": [name for name in names if name],
            "model": self.cleaned_data["model"],
        }

    @classmethod
    def initial_of(cls, configuration: Mapping[str, Any], threshold: float) -> dict[str, Any]:
        """Show the categories on one line."""
        names = ", ".join(configuration.get("categories", ()))
        return {**configuration, "categories": names, "threshold": threshold}


class JudgeForm(VersionForm):
    """What a language model is told to look for."""

    field_order = ["instruction", "model", "note"]
    instruction = forms.CharField(
        label="What goes against the rule, in plain words",
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    model = forms.CharField(required=False, max_length=80, label="Model")

    def configuration(self) -> dict[str, Any]:
        """Return the instruction and the model."""
        return {name: self.cleaned_data[name] for name in ("instruction", "model")}


class RateForm(VersionForm):
    """How many messages in which time."""

    field_order = ["limit", "seconds", "note"]
    limit = forms.IntegerField(label="Messages", min_value=1)
    seconds = forms.IntegerField(label="In how many seconds", min_value=1)

    def configuration(self) -> dict[str, Any]:
        """Return the rate."""
        return {name: self.cleaned_data[name] for name in ("limit", "seconds")}


FORMS: Mapping[str, type[VersionForm]] = {
    RuleKind.KEYWORD: KeywordForm,
    RuleKind.REGEX: RegexForm,
    RuleKind.PII: PiiForm,
    RuleKind.ENDPOINT: EndpointForm,
    RuleKind.JUDGE: JudgeForm,
    RuleKind.RATE: RateForm,
}


class LimitsForm(forms.Form):
    """What a rule may do."""

    action = forms.ChoiceField(label="When it enforces", choices=RuleAction.choices)
    on_error = forms.ChoiceField(label="When it cannot look", choices=OnError.choices)
    daily_cap = forms.IntegerField(
        required=False,
        min_value=0,
        label="At most so many people a day",
        help_text="Whom it may act on. Past this, hits are only recorded. Empty for no limit.",
    )
    expires_at = forms.DateTimeField(
        required=False,
        label="Until (UTC)",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="It turns itself off then. Empty for no end.",
    )

    def limits(self) -> Limits:
        """Return what was typed."""
        typed = self.cleaned_data
        return Limits(
            action=RuleAction(typed["action"]),
            on_error=OnError(typed["on_error"]),
            daily_cap=typed["daily_cap"],
            expires_at=typed["expires_at"],
        )


class EnforceForm(forms.Form):
    """Why a rule may enforce although its figures do not say so yet."""

    override_reason = forms.CharField(
        required=False,
        max_length=MAX_REASON_CHARS,
        label="Reason to enforce without proof",
        help_text="Only where the figures do not suffice. Kept in the audit record.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
