"""What a test has committed is gone before the next one, whoever wrote it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import connection, transaction

from apps.audit.models import AuditEvent
from apps.moderation.models import Decision
from apps.users.models import User
from tests.factories import UserFactory
from tests.moderation.factories import make_decided
from tests.support import flush
from tests.support.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"
HAS_ROWS = "SELECT EXISTS (SELECT FROM {})"


def filled() -> set[str]:
    """Return the tables of models that have rows."""
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    with connection.cursor() as cursor:
        rows = {name: cursor.execute(HAS_ROWS.format(name)).fetchone()[0] for name in names}
    return {name for name, has_rows in rows.items() if has_rows}


def empty() -> None:
    call_command("flush", interactive=False, verbosity=0)


@pytest.mark.parametrize("many_bytes", [flush.MANY_BYTES, 0])
def test_rows_that_nothing_may_delete_are_gone_and_what_migrations_made_is_kept(
    monkeypatch: pytest.MonkeyPatch, many_bytes: int
) -> None:
    monkeypatch.setattr(flush, "MANY_BYTES", many_bytes)
    make_decided(UserFactory())
    assert Decision.objects.exists()
    assert AuditEvent.objects.exists()
    permissions = Permission.objects.count()
    empty()
    assert filled() == flush.MADE_BY_MIGRATIONS
    assert Permission.objects.count() == permissions


def test_it_waits_for_whoever_still_writes() -> None:
    has_written, may_end = Event(), Event()

    def write() -> None:
        with transaction.atomic():
            UserFactory()
            has_written.set()
            assert may_end.wait(30)
        connection.close()

    def empty_too() -> None:
        empty()
        connection.close()

    def somebody_waits() -> bool:
        with connection.cursor() as cursor:
            return bool(cursor.execute(WAITING).fetchone()[0])

    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(write)
        assert has_written.wait(30)
        emptying = pool.submit(empty_too)
        wait_until(somebody_waits, seconds=30, what="the flush at the lock")
        may_end.set()
        writing.result()
        emptying.result()
    assert not User.objects.exists()
