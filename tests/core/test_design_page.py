"""The values of the design system, measured."""

import pytest
from django.test import Client

from apps.core import design


@pytest.mark.parametrize("pair", design.list_pairs(), ids=lambda p: f"{p.ink.name}-{p.ground.name}")
def test_what_is_written_can_be_read_in_both_themes(pair: design.Pair) -> None:
    assert min(pair.light, pair.dark) >= pair.least


def test_contrast_is_what_wcag_defines() -> None:
    assert design.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert design.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_every_icon_of_the_sprite_and_every_end_of_an_answer_is_shown() -> None:
    page = design.design_page()
    assert {"send", "search", "mark"} <= set(page["icons"])
    states = {message["state"] for message in page["example_messages"]}
    assert states == {
        "complete",
        "queued",
        "running",
        "stopped",
        "halted",
        "withheld",
        "interrupted",
        "failed",
        "out_of_quota",
    }


@pytest.mark.django_db
def test_the_page_of_the_design_system_is_for_development_only(client: Client) -> None:
    assert client.get("/design/").status_code == 404
