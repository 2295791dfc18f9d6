"""The made-up queue to measure with: short and long texts, numbers, and only once."""

import pytest
from django.core.management import CommandError, call_command

from apps.conversations.models import Message
from apps.moderation.models import Case, Flag
from apps.moderation.services import queue, queue_filters
from tests.moderation.factories import make_staff

pytestmark = pytest.mark.django_db


def test_a_queue_of_any_size_is_made_up_once() -> None:
    call_command("seed_moderation", messages=600, cases=50, verbosity=0)
    assert (Message.objects.count(), Case.objects.count()) == (600, 60)
    assert Case.objects.not_closed().count() == 50
    assert Flag.objects.count() >= 60
    texts = Message.objects.order_by("id").values_list("content", flat=True)
    assert max(map(len, texts)) > 2_500
    assert sum(sum(map(str.isdigit, text)) > 40 for text in texts) >= 20
    page = queue.take_slice(viewer=make_staff(), chosen=queue_filters.parse({}))
    assert (page.total, len(page.rows)) == ("50", queue.ROWS_PER_PAGE)
    with pytest.raises(CommandError, match="filled before"):
        call_command("seed_moderation", messages=600, cases=50)
