"""Two moderators press `next` at the same time, again and again, on real connections."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client

from apps.moderation.models import Case
from apps.users.models import User
from tests.factories import MessageFactory, UserFactory
from tests.moderation.factories import make_case, make_staff

pytestmark = pytest.mark.django_db(transaction=True)

PRESSES = 100
NEXT = "/admin/moderation/queue/next/"


def test_two_who_press_next_a_hundred_times_never_get_the_same_case() -> None:
    reporter = UserFactory()
    conversation = MessageFactory().conversation
    for _ in range(2 * PRESSES):
        make_case(MessageFactory(conversation=conversation), reporter)
    start = Barrier(2)

    def press(moderator: User) -> list[int]:
        client = Client()
        client.force_login(moderator)
        start.wait()
        try:
            return [
                client.post(NEXT, headers={"Accept": "application/json"}).json()["case"]
                for _ in range(PRESSES)
            ]
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(press, [make_staff(), make_staff()])
    assert Counter(first + second).most_common(1)[0][1] == 1
    assert len({*first, *second}) == 2 * PRESSES
    assert Case.objects.filter(state="claimed").count() == 2 * PRESSES
