"""SQL that every message passes; each rule agrees with the queryset that is named beside it."""

from __future__ import annotations

from datetime import datetime

from apps.core.postgresql.statements import Columns, Statement
from apps.users.models import User

_PERSON = Columns(User)
_PERSON_WITH_SESSION = Statement(
    f"""
    SELECT
        EXISTS (
            SELECT FROM django_session
            WHERE session_key = %(session_key)s AND expire_date > %(now)s
        ),
        {_PERSON.of("person")}
    FROM users_user AS person
    WHERE person.id = %(user_id)s
    """  # noqa: S608  names of columns
)


def find_person_with_session(
    *, user_id: int, session_key: str | None, now: datetime
) -> tuple[User | None, bool]:
    """Return a person, and whether the session is there and has not expired."""
    row = _PERSON_WITH_SESSION.row(user_id=user_id, session_key=session_key, now=now)
    if row is None:
        return None, False
    has_session, *values = row
    return _PERSON.load(values), has_session
