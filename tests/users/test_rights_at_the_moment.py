"""Whoever is suspended has no right at the moment, whichever app asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.conversations.services import board, stopping, visibility, withdrawing
from apps.core import rights
from apps.core.errors import ForbiddenError
from apps.llm.services import managing as catalogue
from apps.moderation.services.cases import cases
from apps.moderation.services.rules import rules
from apps.users.models import User
from apps.users.services import groups
from apps.webhooks.services import managing as webhooks
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
Deed = Callable[[User], object]

DEEDS: dict[str, Deed] = {
    "cases": lambda actor: cases.require(actor, cases.VIEW),
    "rules": lambda actor: rules.require(actor, rules.VIEW),
    "catalogue": catalogue.require,
    "webhooks": webhooks.require,
    "usage": lambda actor: rights.require(actor, "llm.view_usage"),
    "groups": lambda actor: groups.create_group(actor=actor, name="Group", reason="Why."),
    "board": lambda actor: board.read_board(viewer=actor),
    "hiding": visibility.require_right,
    "shares": lambda actor: withdrawing.give_share_back(actor=actor, share_id=1, reason="Why."),
    "halting": lambda actor: stopping.halt_reply(actor=actor, reply_id=1, reason="Why."),
}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
def test_a_suspended_admin_may_do_nothing_in_any_app(deed: Deed) -> None:
    admin = UserFactory(admin=True, is_superuser=True)
    User.objects.filter(pk=admin.pk).update(standing="suspended", standing_until=None)
    with pytest.raises(ForbiddenError):
        deed(User.objects.get(pk=admin.pk))


def test_a_right_is_back_once_the_suspension_has_ended_by_the_clock() -> None:
    admin = UserFactory(admin=True)
    past = timezone.now() - timedelta(seconds=1)
    User.objects.filter(pk=admin.pk).update(standing="suspended", standing_until=past)
    assert User.objects.get(pk=admin.pk).has_perm(cases.VIEW)
