"""What the rows of a made-up queue say, table by table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random

from django.db.models import Model

from apps.conversations.models import Conversation, Message, Reply
from apps.moderation.models import (
    Case,
    CaseSnapshot,
    Decision,
    Flag,
    Rule,
    RuleHit,
)
from apps.moderation.services.seeding.seeding_plan import Plan
from apps.users.models import User

Row = Sequence[object]
Table = tuple[type[Model], Sequence[str], Iterator[Row], int]

WORDS = (
    *("please", "tell", "me", "how", "bread", "rises", "when", "the", "kitchen", "is", "cold"),
    *("and", "why", "yours", "never", "does", "you", "garden", "invoice", "meeting", "letter"),
    *("holiday", "train", "window", "river", "budget", "answer", "question", "number", "phone"),
    *("because", "perhaps", "nobody", "always", "tomorrow", "yesterday", "winter", "summer"),
)
OFFENCE = "you absolute fool"
HASH = "seed"
"""How the hashes of made-up passages begin."""
DAYS = 3
FULL_OF_DIGITS = 20
LONG_ANSWERS = 50


def tables(plan: Plan, chance: Random) -> Iterator[Table]:
    """Return table, columns, rows and their number, in the order in which they can be written."""
    yield _people(plan)
    yield _conversations(plan)
    yield _messages(plan, chance)
    yield _replies(plan)
    yield _hits(plan, chance)
    yield _cases(plan, chance)
    yield _snapshots(plan, chance)
    yield _flags(plan, chance)
    yield _decisions(plan)


def _people(plan: Plan) -> Table:
    columns = (
        *("id", "password", "is_superuser", "email", "name", "role", "duties", "is_active"),
        *("standing", "auth_epoch", "created_at", "updated_at"),
    )
    rows: Iterator[Row] = (
        (
            *(plan.first_person + n, "!", False, f"seed-{n}@example.invalid", f"Seed {n}", "user"),
            *([], True, "good", 0, plan.now - timedelta(days=n % 900), plan.now),
        )
        for n in range(plan.people)
    )
    return User, columns, rows, plan.people


def _conversations(plan: Plan) -> Table:
    columns = (
        *("id", "owner_id", "title", "title_source", "message_count"),
        *("created_at", "updated_at", "last_message_at"),
    )
    rows = (
        (
            *(plan.first_conversation + n, plan.owner_of(n), f"Seeded talk {n}", "none", 20),
            *(plan.now, plan.now, plan.now),
        )
        for n in range(plan.conversations)
    )
    return Conversation, columns, rows, plan.conversations


def _messages(plan: Plan, chance: Random) -> Table:
    columns = (
        *("id", "conversation_id", "role", "author_id", "content", "html", "html_version"),
        *("is_current", "hidden_reason", "created_at"),
    )
    offending = {plan.place_of(case) for case in range(plan.all_cases)}

    def rows() -> Iterator[Row]:
        for n in range(plan.messages):
            conversation = plan.conversation_of(n)
            is_answer = plan.is_answer(n)
            yield (
                plan.first_message + n,
                plan.first_conversation + conversation,
                "assistant" if is_answer else "user",
                None if is_answer else plan.owner_of(conversation),
                text_of(n, chance, is_offending=n in offending),
                *("", 0, True, ""),
                _written(plan, n),
            )

    return Message, columns, rows(), plan.messages


def _replies(plan: Plan) -> Table:
    columns = (
        *("message_id", "conversation_id", "state", "finish_reason", "model"),
        *("queued_at", "started_at", "first_token_at", "finished_at"),
    )
    answers = [n for n in range(plan.messages) if plan.is_answer(n)]
    rows = (
        (
            plan.first_message + n,
            plan.first_conversation + plan.conversation_of(n),
            *("complete", "stop", "demo"),
            *[_written(plan, n)] * 4,
        )
        for n in answers
    )
    return Reply, columns, rows, len(answers)


def _written(plan: Plan, message: int) -> datetime:
    return plan.now - timedelta(minutes=(plan.messages - message) % 40_000)


def text_of(message: int, chance: Random, *, is_offending: bool) -> str:
    """Return a made-up text; where it offends, the offence begins at the first character.

    Some are long, and some are full of numbers, which cost a search for personal data the most.
    """
    words = chance.choices(WORDS, k=_length_of(message))
    if message % FULL_OF_DIGITS == 0:
        words = [f"{word} {chance.randrange(10**9)}" for word in words]
    text = " ".join(words)
    return f"{OFFENCE}, {text}" if is_offending else text


def _length_of(message: int) -> int:
    """Return how many words a text has: most are short, some answers are as long as an essay."""
    if message % LONG_ANSWERS == 1:
        return 500 + message % 400
    return 8 + message % 30


def _hits(plan: Plan, chance: Random) -> Table:
    rule = Rule.objects.written().order_by("pk")[0]
    columns = (
        *("version_id", "rule_id", "mode", "outcome", "stage", "message_id", "subject_id"),
        *("score", "label", "start", "end", "span_hash", "latency_us", "shown_chars"),
        "created_at",
    )
    found = [case for case in range(plan.all_cases) if plan.is_by_rule(case)]
    rows = (
        (
            *(rule.current_id, rule.pk, "flag", "flagged", "output"),
            plan.first_message + plan.place_of(case),
            plan.owner_of(plan.conversation_of(plan.place_of(case))),
            *(round(0.5 + chance.random() / 2, 3), "fool", 13, 17, f"{HASH}{case % 400}", 90, 0),
            _opened(plan, case),
        )
        for case in found
    )
    return RuleHit, columns, rows, len(found)


def _opened(plan: Plan, case: int) -> datetime:
    if case >= plan.cases:
        return plan.now - timedelta(days=DAYS + case % 60)
    return plan.now - timedelta(seconds=(plan.cases - case) * DAYS * 86_400 // plan.cases)


def _cases(plan: Plan, chance: Random) -> Table:
    columns = (
        *("id", "message_id", "conversation_id", "subject_id", "target_role", "policy_id"),
        *("severity", "priority", "priority_reasons", "source", "model", "state", "flag_count"),
        *("has_appeal", "due_at", "version", "created_at", "updated_at", "closed_at"),
    )

    def rows() -> Iterator[Row]:
        for case in range(plan.all_cases):
            message, policy = plan.place_of(case), plan.policy_of(case)
            conversation, opened = plan.conversation_of(message), _opened(plan, case)
            is_closed, flags = case >= plan.cases, 1 + case % 3
            reasons = [["Severity", policy.severity * 100], [f"Flags: {flags}", flags * 15]]
            state = "closed" if is_closed else "escalated" if case % 100 == 99 else "open"
            yield (
                plan.first_case + case,
                plan.first_message + message,
                plan.first_conversation + conversation,
                plan.owner_of(conversation),
                "assistant" if plan.is_answer(message) else "user",
                *(policy.pk, policy.severity, policy.severity * 100 + flags * 15),
                json.dumps(reasons),
                "rule" if plan.is_by_rule(case) else "user",
                "demo" if plan.is_answer(message) else "",
                *(state, flags, False, opened + timedelta(minutes=policy.sla_minutes), 1),
                *(opened, opened, opened + timedelta(hours=1) if is_closed else None),
            )

    return Case, columns, rows(), plan.all_cases


def _snapshots(plan: Plan, chance: Random) -> Table:
    columns = (
        *("case_id", "subject_id", "text", "exchange", "model", "parameters"),
        *("system_prompt_hash", "created_at"),
    )
    rows = (
        (
            plan.first_case + case,
            plan.owner_of(plan.conversation_of(plan.place_of(case))),
            text_of(case, chance, is_offending=True),
            *("[]", "demo", '{"temperature": 0.7}', "seed", _opened(plan, case)),
        )
        for case in range(plan.all_cases)
    )
    return CaseSnapshot, columns, rows, plan.all_cases


def _flags(plan: Plan, chance: Random) -> Table:
    columns = (
        *("case_id", "message_id", "source", "hit_id", "reporter_id", "reason", "comment"),
        *("outcome", "created_at"),
    )
    hits = dict(RuleHit.objects.with_hash_from(HASH).values_list("message", "pk"))
    total = sum(1 + case % 3 for case in range(plan.all_cases))

    def rows() -> Iterator[Row]:
        for case in range(plan.all_cases):
            message = plan.first_message + plan.place_of(case)
            outcome = "agreed" if case >= plan.cases else "pending"
            at = _opened(plan, case)
            for number in range(1 + case % 3):
                hit = hits.get(message) if number == 0 else None
                reporter = plan.first_person + (case * 31 + number * 7 + 1) % plan.people
                yield (
                    *(plan.first_case + case, message, "rule" if hit else "user", hit),
                    *(None if hit else reporter, "" if hit else "harassment"),
                    *("" if hit else "Rude.", outcome, at),
                )

    return Flag, columns, rows(), total


def _decisions(plan: Plan) -> Table:
    columns = (
        *("case_id", "verdict", "policy_version_id", "reason", "reason_for_user", "actor_kind"),
        *("actor_id", "actor_label", "is_undo", "created_at"),
    )
    rows = (
        (
            plan.first_case + case,
            "no_violation" if case % 3 else "violates",
            None if case % 3 else plan.policy_of(case).current_id,
            *("Seeded.", "", "person", plan.first_person, "Seed 0", False),
            _opened(plan, case) + timedelta(hours=1),
        )
        for case in range(plan.cases, plan.all_cases)
    )
    return Decision, columns, rows, plan.closed
