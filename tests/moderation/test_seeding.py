"""The made-up queue to measure with: short and long texts, numbers, and only once."""

import pytest
from django.core.management import CommandError, call_command

from apps.conversations.models import Message
from apps.moderation.constants import EnforcementKind, Verdict
from apps.moderation.models import Case, Flag
from apps.moderation.services.cases import cases
from apps.moderation.services.decisions import decisions
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.effects import Measure
from apps.moderation.services.desk import queue, queue_filters
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
    answers = Message.objects.filter(role="assistant")
    assert answers.filter(reply__state="complete").count() == answers.count() == 300
    page = queue.take_slice(viewer=make_staff(), chosen=queue_filters.parse({}))
    assert (page.total, len(page.rows)) == ("50", queue.ROWS_PER_PAGE)
    answer = Case.objects.not_closed().filter(target_role="assistant").latest("pk")
    moderator = make_staff()
    case = cases.claim(actor=moderator, case_id=answer.pk)
    ruling = Ruling(
        verdict=Verdict.VIOLATES,
        policy_code=case.policy.code if case.policy is not None else "",
        reason="Seeded.",
        measures=[Measure(kind=EnforcementKind.RETRACT_ANSWER)],
    )
    decisions.decide(actor=moderator, case_id=case.pk, version=case.version, ruling=ruling)
    assert Message.objects.get(pk=answer.message_id).reply.state == "withheld"
    with pytest.raises(CommandError, match="filled before"):
        call_command("seed_moderation", messages=600, cases=50)
