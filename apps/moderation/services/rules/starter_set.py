"""A useful first set of rules, installed in shadow; what staff have changed is never touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from apps.moderation.constants import AppliesTo, RuleKind, RuleMode, Stage
from apps.moderation.models import Policy, PolicyVersion, Rule
from apps.moderation.services.policies.starter_policies import POLICIES, StarterPolicy
from apps.moderation.services.rules import rule_modes, rules

NOTE = "Starter set"


@dataclass(frozen=True, slots=True, kw_only=True)
class StarterRule:
    """A rule with its first version; one that needs a server of its own begins off."""

    plan: rules.Plan
    configuration: dict[str, Any]
    threshold: float = 0.5
    mode: RuleMode = RuleMode.SHADOW


@dataclass(frozen=True, slots=True)
class Installed:
    """How much was added."""

    policies: int
    rules: int


def words(*terms: str) -> dict[str, Any]:
    """Return the configuration of a keyword list."""
    return {"terms": list(terms), "match": "word", "fold": True}


def on_messages(
    name: str, kind: RuleKind, policy: str, description: str, stage: Stage = Stage.INPUT
) -> rules.Plan:
    """Return the plan of a rule on what people write."""
    return rules.Plan(
        name=name,
        kind=kind,
        stage=stage,
        applies_to=AppliesTo.USER,
        policy_code=policy,
        description=description,
    )


def on_answers(
    name: str, kind: RuleKind, policy: str, description: str, stage: Stage = Stage.STREAM
) -> rules.Plan:
    """Return the plan of a rule on what the model writes."""
    return rules.Plan(
        name=name,
        kind=kind,
        stage=stage,
        applies_to=AppliesTo.ANSWER,
        policy_code=policy,
        description=description,
    )


RULES = (
    StarterRule(
        plan=on_messages(
            "Secrets in messages", RuleKind.PII, "privacy", "Keys, tokens and passwords."
        ),
        configuration={"types": ["secret"]},
    ),
    StarterRule(
        plan=on_messages(
            "Card and account numbers in messages",
            RuleKind.PII,
            "privacy",
            "Numbers whose checksum is right.",
        ),
        configuration={"types": ["card", "iban"]},
    ),
    StarterRule(
        plan=on_answers(
            "Personal data in answers",
            RuleKind.PII,
            "privacy",
            "Addresses, phone, card and account numbers that the model gives away.",
        ),
        configuration={"types": ["email", "phone", "iban", "card"]},
    ),
    StarterRule(
        plan=on_answers("Secrets in answers", RuleKind.PII, "privacy", "Keys, tokens, passwords."),
        configuration={"types": ["secret"]},
    ),
    StarterRule(
        plan=on_messages(
            "Ways to hurt oneself",
            RuleKind.KEYWORD,
            "self-harm",
            "Questions for means; staff see them first, nobody is punished.",
        ),
        configuration=words(
            "how to kill myself",
            "ways to kill myself",
            "painless suicide",
            "painless way to die",
            "best way to hang myself",
            "lethal dose",
            "how to cut myself",
        ),
    ),
    StarterRule(
        plan=on_messages("Threats", RuleKind.KEYWORD, "violence", "Threats in plain words."),
        configuration=words(
            "i will kill you",
            "i'm going to kill you",
            "i will find you",
            "i know where you live",
            "shoot up the school",
            "bomb threat",
        ),
    ),
    StarterRule(
        plan=on_messages(
            "Insults that are sent on", RuleKind.KEYWORD, "harassment", "Texts made to hurt others."
        ),
        configuration=words(
            "kill yourself", "kys", "make her cry", "make him cry", "ruin her life", "ruin his life"
        ),
    ),
    StarterRule(
        plan=on_messages(
            "Bombs, weapons and drugs", RuleKind.KEYWORD, "dangerous", "Questions for recipes."
        ),
        configuration=words(
            "pipe bomb",
            "make a bomb",
            "build a bomb",
            "nail bomb",
            "molotov cocktail recipe",
            "nerve agent synthesis",
            "synthesize sarin",
            "cook meth",
            "ghost gun",
            "ricin extraction",
        ),
    ),
    StarterRule(
        plan=on_answers(
            "Recipes in answers", RuleKind.KEYWORD, "dangerous", "Dangerous help by the model."
        ),
        configuration=words(
            "to build the bomb", "assemble the explosive", "detonator wire", "synthesize sarin"
        ),
    ),
    StarterRule(
        plan=on_messages(
            "Ignore your instructions",
            RuleKind.REGEX,
            "circumvention",
            "The usual openings of an attempt to get around the rules.",
        ),
        configuration={
            "pattern": r"\b(ignore|disregard|forget)\s{1,3}(all\s{1,3}|any\s{1,3})?(of\s{1,3})?"
            r"(your|the|my|previous|prior|above|earlier)\s{1,3}(previous\s{1,3}|prior\s{1,3})?"
            r"(instructions|rules|prompts?|guidelines)\b",
            "ignore_case": True,
        },
    ),
    StarterRule(
        plan=on_answers(
            "Instructions given away",
            RuleKind.REGEX,
            "circumvention",
            "Answers that recite what the model was told.",
        ),
        configuration={
            "pattern": r"\bmy\s{1,3}(system\s{1,3})?(prompt|instructions)\s{1,3}"
            r"(is|are|says?|reads?)\b",
            "ignore_case": True,
        },
    ),
    StarterRule(
        plan=on_messages("Flooding", RuleKind.RATE, "spam", "More than a person types."),
        configuration={"limit": 20, "seconds": 60},
    ),
    StarterRule(
        plan=on_messages(
            "Moderation endpoint on messages",
            RuleKind.ENDPOINT,
            "harassment",
            "Needs a server with /moderations; see MODERATION_BASE_URL.",
            Stage.LATER,
        ),
        configuration={"categories": [], "model": ""},
        mode=RuleMode.OFF,
    ),
    StarterRule(
        plan=on_answers(
            "Judge of dangerous answers",
            RuleKind.JUDGE,
            "dangerous",
            "Asks the model; costs tokens with every answer.",
            Stage.LATER,
        ),
        configuration={
            "instruction": "The text must not help anybody to make weapons, explosives, poisons or "
            "drugs: no amounts, recipes, sources or ways around controls.",
            "model": "",
        },
        mode=RuleMode.OFF,
    ),
)


@transaction.atomic
def install() -> Installed:
    """Add the policies and rules that are not there yet, by code and by name."""
    known = set(Policy.objects.values_list("code", flat=True))
    taken = set(Policy.objects.values_list("shortcut", flat=True))
    new = [policy for policy in POLICIES if policy.code not in known]
    for policy in new:
        _add_policy(policy, shortcut=None if policy.shortcut in taken else policy.shortcut)
    usable = set(Policy.objects.in_use().values_list("code", flat=True))
    named = set(Rule.objects.values_list("name", flat=True))
    missing = [
        rule for rule in RULES if rule.plan.name not in named and rule.plan.policy_code in usable
    ]
    for starter in missing:
        rule = rules.create_rule(
            actor=None,
            plan=starter.plan,
            configuration=starter.configuration,
            threshold=starter.threshold,
            note=NOTE,
        )
        if starter.mode != RuleMode.OFF:
            rule_modes.set_mode(actor=None, rule_id=rule.pk, mode=starter.mode)
    return Installed(len(new), len(missing))


def _add_policy(starter: StarterPolicy, *, shortcut: int | None) -> None:
    policy = Policy.objects.create(
        code=starter.code,
        severity=starter.severity,
        strike_points=starter.strike_points,
        sla_minutes=starter.sla_minutes,
        shortcut=shortcut,
    )
    policy.current = PolicyVersion.objects.create(
        policy=policy,
        number=1,
        title=starter.title,
        text_for_users=starter.text_for_users,
        guidance=starter.guidance,
        good_example=starter.good_example,
        bad_example=starter.bad_example,
        reason_template=starter.reason_template,
    )
    policy.save(update_fields=["current", "updated_at"])
