"""Named queries over people and what belongs to them: the only way to the rows.

`framework` holds those over tables of Django and of allauth, which have no queries of their own.
"""

from apps.users.querysets.people import UserManager, UserQuerySet, normalize_email
from apps.users.querysets.restrictions import RestrictionQuerySet
from apps.users.querysets.tokens import ApiTokenQuerySet

__all__ = [
    "ApiTokenQuerySet",
    "RestrictionQuerySet",
    "UserManager",
    "UserQuerySet",
    "normalize_email",
]
