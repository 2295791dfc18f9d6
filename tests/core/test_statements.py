"""Statements run on Django's connection, and PostgreSQL plans each of them once."""

import pytest
from django.db import DataError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.core.postgresql.statements import Columns, Statement
from apps.users.models import User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

RENAME = Statement("UPDATE users_user SET name = %(name)s WHERE id = %(pk)s")
NAME = Statement("SELECT name FROM users_user WHERE id = %(pk)s")
DIVIDE = Statement("SELECT 1 / %(number)s")


def plans() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        return int(cursor.fetchone()[0])


@transaction.atomic
def rename_and_fail(person: User) -> None:
    assert RENAME.run(name="Sam", pk=person.pk) == 1
    assert NAME.row(pk=person.pk) == ("Sam",)
    DIVIDE.row(number=0)


def test_a_statement_takes_part_in_the_open_transaction() -> None:
    person = UserFactory(name="Uma")
    with pytest.raises(DataError):
        rename_and_fail(person)
    assert NAME.row(pk=person.pk) == ("Uma",)
    assert NAME.row(pk=0) is None
    assert RENAME.run(name="Sam", pk=0) == 0


def test_one_plan_serves_integers_of_every_size() -> None:
    before = plans()
    for number in (1, 40_000, 5_000_000_000):
        assert DIVIDE.row(number=number) is not None
    assert plans() == before + 1


def test_statements_count_among_the_queries() -> None:
    with CaptureQueriesContext(connection) as queries:
        NAME.row(pk=1)
    assert len(queries) == 1


def test_columns_bring_whole_rows_or_parts_of_them() -> None:
    person = UserFactory()
    whole, part = Columns(User), Columns(User, "name", "id")
    assert part.of("person") == "person.id, person.name"
    assert len(whole) == len(User._meta.concrete_fields)
    loaded = part.load([person.pk, "Uma"])
    assert (loaded, loaded.name) == (person, "Uma")
    assert loaded.get_deferred_fields() == {
        field.attname for field in User._meta.concrete_fields
    } - {"id", "name"}
