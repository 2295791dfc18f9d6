"""The one change of the audit that its trigger lets pass."""

from apps.core.postgresql.statements import Statement

_FORGET_NAME = Statement(
    """
    UPDATE audit_auditevent SET actor_label = 'account ' || actor_id
    WHERE actor_id = %(actor_id)s AND actor_label <> 'account ' || actor_id
    """
)


def forget_name(*, actor_id: int) -> int:
    """Put the number in the place of an actor's name; returns on how many events."""
    return _FORGET_NAME.run(actor_id=actor_id)
