"""What django-allauth asks of us about second factors."""

from __future__ import annotations

from itertools import count

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator

from apps.users.models import User
from apps.users.querysets.framework import keys_of
from apps.users.services import sessions


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Names keys as their owner knows them again."""

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:  # noqa: A002
        """Return the browser and system that a key is added on, numbered where there is one."""
        device = sessions.device_of(context.request.headers.get("User-Agent", ""))
        kept = keys_of(user, type)
        taken = set(kept.values_list("data__name", flat=True))
        numbered = (f"{device} ({number})" for number in count(2))
        return device if device not in taken else next(one for one in numbered if one not in taken)
