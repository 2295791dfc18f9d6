"""A large queue to measure with: rows written by COPY, for development only, and once."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from time import perf_counter
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, Model
from django.utils import timezone

from apps.conversations.models import Conversation, Message
from apps.core.constants import ApplicationEnvironment
from apps.moderation.models import Case, Policy
from apps.moderation.services.seeding import seeding_plan, seeding_rows
from apps.moderation.services.seeding.seeding_plan import Plan
from apps.moderation.services.seeding.seeding_rows import Row
from apps.users.models import User

EMAIL = "seed-{}@example.invalid"
MESSAGES_PER_CONVERSATION = 20
CONVERSATIONS_PER_PERSON = 10
STEP = 50_000
ALLOWED = (ApplicationEnvironment.DEVELOPMENT, ApplicationEnvironment.TEST)


class SeedRefusedError(Exception):
    """The database is none to play with, was filled already, or the sizes make no sense."""


def seed(*, messages: int, cases: int) -> Iterator[str]:
    """Fill the database, and say how it goes.

    Everything or nothing is written: the command can be tried again after it was stopped.

    Args:
        messages: how many messages.
        cases: how many cases that wait; a fifth as many decided ones come on top.

    Raises:
        SeedRefusedError: this is no place of development, or it was done before.
    """
    plan = _plan(messages, cases)
    began = perf_counter()
    with transaction.atomic():
        yield from _write(plan)
    yield "Counting what is there, so that queries are planned well."
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    yield f"Done in {perf_counter() - began:.0f} s."


def _plan(messages: int, cases: int) -> Plan:
    if settings.ENVIRONMENT not in ALLOWED:
        message = "This fills a database with made-up rows. It runs in development only."
        raise SeedRefusedError(message)
    if User.objects.with_email(EMAIL.format(0)).exists():
        message = "This database was filled before. Take a fresh one to fill it again."
        raise SeedRefusedError(message)
    if not 100 <= messages <= 20_000_000 or not 1 <= cases <= messages // 3:
        message = "Ask for 100 messages or more, and a case for at most every third message."
        raise SeedRefusedError(message)
    conversations = max(messages // MESSAGES_PER_CONVERSATION, 1)
    seeding_plan.ensure_policies_and_rules()
    return Plan(
        messages=messages,
        cases=cases,
        conversations=conversations,
        people=max(conversations // CONVERSATIONS_PER_PERSON, 1),
        first_person=_next(User),
        first_conversation=_next(Conversation),
        first_message=_next(Message),
        first_case=_next(Case),
        policies=list(Policy.objects.worded().select_related("current")),
        now=timezone.now(),
    )


def _write(plan: Plan) -> Iterator[str]:
    chance = random.Random(7)  # noqa: S311
    for model, columns, rows, total in seeding_rows.tables(plan, chance):
        yield from _copy(model, columns, rows, total)


def _copy(
    model: type[Model], columns: Sequence[str], rows: Iterator[Row], total: int
) -> Iterator[str]:
    options = model._meta  # noqa: SLF001
    usual = _defaults(model, columns)
    columns = [*columns, *usual]
    quoted = ", ".join(connection.ops.quote_name(name) for name in columns)
    table = connection.ops.quote_name(options.db_table)
    name = str(options.verbose_name_plural)
    written = 0
    cursor: Any
    with closing(connection.cursor()) as cursor:
        with cursor.copy(f"COPY {table} ({quoted}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([*row, *usual.values()])
                written += 1
                if written % STEP == 0:
                    yield f"{name}: {written:,} of {total:,}"
        if "id" in columns:
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)",
                [options.db_table, _next(model) - 1],
            )
    yield f"{name}: {written:,}"


def _next(model: type[Model]) -> int:
    newest = model._default_manager.aggregate(newest=Max("pk"))["newest"]  # noqa: SLF001
    return int(newest or 0) + 1


def _defaults(model: type[Model], columns: Sequence[str]) -> dict[str, object]:
    """Return what every row holds in the columns that are not named and cannot be empty."""
    return {
        field.column: field.get_db_prep_save(field.get_default(), connection)
        for field in model._meta.concrete_fields  # noqa: SLF001
        if field.column is not None
        and field.column not in columns
        and not field.null
        and not field.has_db_default()
        and field.get_default() is not None
    }
