"""A fresh machine has something in the queue."""

import pytest
from django.core.management import call_command

from apps.moderation.models import Case, Threshold

pytestmark = pytest.mark.django_db


def test_the_demo_opens_three_cases_once(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("install_starter_rules")
    call_command("seed_demo")
    capsys.readouterr()
    call_command("seed_demo_cases")
    call_command("seed_demo_cases")
    assert capsys.readouterr().out == "Opened 3 cases.\nOpened 0 cases.\n"
    assert sorted(Case.objects.values_list("source", flat=True)) == ["rule", "user", "user"]


def test_thresholds_are_installed_where_there_are_none() -> None:
    call_command("install_starter_rules")
    Threshold.objects.filter(points=3).delete()
    call_command("install_starter_rules")
    assert list(Threshold.objects.order_by("points").values_list("points", flat=True)) == [6, 10]
