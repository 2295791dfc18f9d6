"""Every case knows the language of its text, so that whoever reads it well can take it."""

import pytest

from apps.moderation.constants import FlagSource
from apps.moderation.detection.language import language_of
from apps.moderation.models import Case
from apps.moderation.services.cases.flags import Original, raise_flag
from apps.moderation.services.desk import queue, queue_filters
from apps.users.models import User
from tests.factories import MessageFactory
from tests.moderation.factories import make_case, make_staff


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("You absolute fool, why did you write this?", "en"),
        ("Du bist ein Idiot,\nund ich sage dir warum.", "de"),
        ("Tu es un imb\xe9cile et je te d\xe9teste", "fr"),
        ("\u4f60\u662f\u4e2a\u767d\u75f4\uff0c\u8d70\u5f00", "zh"),
        ("\ud800 Eres un tonto y nadie te quiere", "es"),
    ],
)
def test_the_language_of_a_text_is_told(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize("text", ["", "1234 5678 9012", "bad", "\ud800\ud800", "\0"])
def test_what_is_too_short_or_no_language_stays_open(text: str) -> None:
    assert language_of(text) == ""


def test_a_long_text_counts_as_its_main_language_and_writes_nothing_into_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    quoted = "You absolute fool, why did you write this to all of us? Nobody asked you for it."
    assert len(quoted) == 80
    answer = "Das hat er mir geschrieben, und ich möchte wissen, was ich ihm antworten soll. "
    assert language_of(quoted + " " + answer * 5) == "de"
    assert caplog.records == []


@pytest.mark.django_db
def test_a_case_opens_with_the_language_of_its_text_and_the_queue_finds_it() -> None:
    german = make_case(MessageFactory(content="Du bist ein Idiot, und ich sage dir warum."))
    unclear = make_case(MessageFactory(content="17"))
    assert (german.language, unclear.language) == ("de", "")
    staff = make_staff()
    assert found(staff, language="de") == [german.pk]
    assert found(staff, language="unknown") == [unclear.pk]
    assert found(staff, language="fr") == []


@pytest.mark.django_db
def test_a_withheld_text_is_read_where_it_was_kept() -> None:
    message = MessageFactory(content="")
    original = Original("Tu es un imb\xe9cile et je te d\xe9teste", 0)
    case = raise_flag(message=message, source=FlagSource.STAFF, original=original)
    assert case.language == "fr"


@pytest.mark.django_db
def test_the_menus_offer_the_languages_and_models_that_wait() -> None:
    case = make_case(MessageFactory(content="Du bist ein Idiot, und ich sage dir warum."))
    Case.objects.filter(pk=case.pk).update(model="gpt-large")
    chosen = queue_filters.parse({"language": "de", "model": "gpt-large"})
    assert chosen.to_query() == "language=de&model=gpt-large"
    menus = {menu.name: menu for menu in queue_filters.menus(chosen)}
    assert (menus["language"].chosen, menus["language"].options) == ("German", (("de", "German"),))
    assert menus["model"].options == (("gpt-large", "gpt-large"),)


def found(viewer: User, **values: str) -> list[int]:
    chosen = queue_filters.parse(values)
    return [row.case.pk for row in queue.take_slice(viewer=viewer, chosen=chosen).rows]
