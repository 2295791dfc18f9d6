"""Search: one's own words, nobody else's, and never what is hidden."""

import html
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.conversations.constants import Author
from apps.conversations.models import Conversation, Message, SearchProgress
from apps.conversations.services import indexing, rewriting, searching, visibility, words
from apps.conversations.statements import search as statements
from apps.core.errors import ValidationFailedError
from apps.users.models import User
from tests.factories import ConversationFactory, MessageFactory, ReplyFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    user: User = UserFactory(name="Uma")
    return user


@pytest.fixture
def talk(person: User) -> Conversation:
    conversation: Conversation = ConversationFactory(owner=person, title="Plans for the garden")
    return conversation


def say(conversation: Conversation, text: str, **options: object) -> Message:
    message: Message = MessageFactory(conversation=conversation, content=text, **options)
    return message


def answer(conversation: Conversation, text: str, **options: object) -> Message:
    reply = ReplyFactory(message__conversation=conversation, message__content=text, **options)
    message: Message = reply.message
    return message


def found(person: User, query: str) -> list[int | None]:
    indexing.index_some()
    return [hit.message_id for hit in searching.search(viewer=person, query=query).hits]


def test_words_are_found_without_case_and_accents_and_by_their_beginning(
    person: User, talk: Conversation
) -> None:
    message = say(talk, "Der Überschuss im Café, a résumé of TOMATOES.")
    for query in ("uber", "CAFÉ", "cafe", "resume tomato", "überschuss tomatoes", "TOMA"):
        assert found(person, query) == [message.pk], query
    for query in ("schuss", "omatoes", "cafe potatoes"):
        assert found(person, query) == [], query


@pytest.mark.parametrize(
    ("text", "found_by", "not_found_by"),
    [
        ("मैं हिन्दी में लिखता हूँ।", ["हिन्दी", "हिन", "में"], ["हद", "नदी"]),
        ("আমি বাংলায় লিখি", ["বাংলা", "লিখি"], ["বল"]),
        ("نكتب مُحَمَّد كثيرا", ["محمد", "مُحَمَّد"], ["حمد"]),
        ("אמרתי שָׁלוֹם לכולם", ["שלום", "שָׁלוֹם"], ["לום"]),
        ("این را می\u200cخواهم", ["می\u200cخواهم", "میخواهم"], ["خواه را"]),  # noqa: RUF001
    ],
    ids=["Hindi", "Bengali", "Arabic", "Hebrew", "Persian"],
)
def test_vowel_signs_belong_to_their_words_and_points_are_optional(
    person: User, talk: Conversation, text: str, found_by: list[str], not_found_by: list[str]
) -> None:
    say(talk, "आज हम दूर नदी गए")
    message = say(talk, text)
    for query in found_by:
        assert found(person, query) == [message.pk], query
    for query in not_found_by:
        assert message.pk not in found(person, query), query
    assert [part.text for part in words.mark("आज हिन्दी", ["हिन्दी"]) if part.is_hit] == ["हिन्दी"]


def test_words_of_scripts_without_spaces_are_found_inside_a_run(
    person: User, talk: Conversation
) -> None:
    message = say(talk, "昨日は東京都に行きました")
    assert found(person, "東京") == [message.pk]
    assert found(person, "京都に") == [message.pk]
    assert found(person, "大阪") == []


def test_questions_and_answers_are_found_newest_first_with_the_words_marked(
    person: User, talk: Conversation
) -> None:
    question = say(talk, "How do I grow tomatoes?")
    reply = answer(talk, "x " * 100 + "Tomatoes like sun. Water the tomato often." + " y" * 200)
    indexing.index_some()
    hits = searching.search(viewer=person, query="tomato").hits
    assert [(hit.message_id, hit.role) for hit in hits] == [
        (reply.pk, Author.ASSISTANT),
        (question.pk, Author.USER),
    ]
    parts = hits[0].excerpt
    assert [part.text for part in parts if part.is_hit] == ["Tomatoes", "tomato"]
    assert "".join(part.text for part in parts).startswith("… x x")
    assert "".join(part.text for part in hits[1].excerpt) == "How do I grow tomatoes?"


def test_a_conversation_is_found_by_its_title_before_its_messages(
    person: User, talk: Conversation
) -> None:
    message = say(talk, "The garden is wet.")
    indexing.index_some()
    hits = searching.search(viewer=person, query="garden").hits
    assert [(hit.kind, hit.message_id) for hit in hits] == [
        ("title", None),
        ("message", message.pk),
    ]
    assert [part.text for part in hits[0].title if part.is_hit] == ["garden"]


def test_nobody_finds_what_somebody_else_said(person: User, talk: Conversation) -> None:
    say(ConversationFactory(), "A secret word: xylophone.")
    assert found(person, "xylophone") == []


@pytest.mark.parametrize("how", ["hidden", "withheld", "off_branch", "deleted", "program"])
def test_what_may_not_be_shown_is_never_found(person: User, talk: Conversation, how: str) -> None:
    message = answer(talk, "A word like xylophone.")
    assert found(person, "xylophone") == [message.pk]
    if how == "hidden":
        visibility.hide_message(actor=None, message_id=message.pk, reason="An insult.")
    elif how == "withheld":
        message.reply.state = "withheld"
        message.reply.save()
    elif how == "off_branch":
        Message.objects.filter(pk=message.pk).update(is_current=False)
    elif how == "deleted":
        Conversation.objects.filter(pk=talk.pk).update(deleted_at=talk.created_at)
    else:
        Conversation.objects.filter(pk=talk.pk).update(origin="program")
    assert found(person, "xylophone") == []


def test_a_redacted_word_is_not_found_any_more_and_comes_back_with_the_text(
    person: User, talk: Conversation
) -> None:
    message = say(talk, "My number is 5551234 at home.")
    assert found(person, "5551234") == [message.pk]
    original = rewriting.redact_spans(
        actor=None, message_id=message.pk, spans=[(13, 20)], reason="A number."
    )
    assert found(person, "5551234") == []
    assert found(person, "home") == [message.pk]
    rewriting.restore_text(actor=None, message_id=message.pk, text=original, reason="A mistake.")
    assert found(person, "5551234") == [message.pk]


def test_words_read_before_a_redaction_do_not_come_after_it(
    person: User, talk: Conversation
) -> None:
    message = say(talk, "The word xylophone.")
    stale = [(message.pk, indexing.words_for_index(person.pk, message.content))]
    rewriting.redact_spans(actor=None, message_id=message.pk, spans=[(9, 18)], reason="A word.")
    statements.store_words(stale)
    assert found(person, "xylophone") == []


def test_an_answer_is_indexed_when_it_has_ended(person: User, talk: Conversation) -> None:
    live = answer(talk, "Half of a xylophone", running=True)
    later = say(talk, "Another xylophone")
    assert found(person, "xylophone") == [later.pk]
    assert SearchProgress.objects.get().through_id < live.pk
    live.reply.state, live.reply.finished_at = "complete", live.created_at
    live.reply.save()
    assert found(person, "xylophone") == [later.pk, live.pk]


def test_the_index_notes_how_far_it_is_and_looks_at_nothing_twice(
    person: User, talk: Conversation
) -> None:
    messages = [say(talk, f"word{number}") for number in range(3)]
    Message.objects.update(created_at="2026-01-01T00:00:00Z")
    assert indexing.index_some(limit=2) == 2
    assert SearchProgress.objects.get().through_id == messages[1].pk
    assert indexing.index_some(limit=2) == 1
    assert SearchProgress.objects.get().through_id == messages[2].pk
    assert indexing.index_some() == 0


def test_pages_follow_one_another_without_gap_or_repetition(
    person: User, talk: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "LOOKED_AT_ONCE", 4)
    messages = [say(talk, f"apple {number}") for number in range(25)]
    Message.objects.filter(pk__in=[one.pk for one in messages[3:9]]).update(is_current=False)
    indexing.index_some()
    seen: list[int | None] = []
    page = searching.search(viewer=person, query="apple", limit=5)
    while True:
        assert len(page.hits) <= 5
        seen += [hit.message_id for hit in page.hits]
        if page.following is None:
            break
        page = searching.search(viewer=person, query="apple", place=page.following, limit=5)
    expected = [one.pk for one in messages[:3] + messages[9:]]
    assert seen == expected[::-1]


def test_a_search_is_a_fixed_number_of_queries(person: User, talk: Conversation) -> None:
    for number in range(30):
        say(talk, f"apple {number}")
    indexing.index_some()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        searching.search(viewer=person, query="apple")
    assert len(queries) == 2


def test_all_titles_are_found_page_by_page_beside_the_messages(
    person: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "TITLES_LOOKED_AT", 4)
    talks = [ConversationFactory(owner=person, title=f"Budget {number}") for number in range(9)]
    for talk in talks[:2]:
        say(talk, "The budget is spent.")
    indexing.index_some()
    client.force_login(person)
    address: str | None = "/search/?q=budget"
    pages: list[tuple[int, int]] = []
    titles: list[str] = []
    while address is not None:
        page = client.get(address).text
        hits = re.findall(r'href="/c/(\d+)/(\?message=)?', page)
        here = [number for number, message in hits if not message]
        titles += here
        pages.append((len(here), len(hits) - len(here)))
        more = re.search(r'href="(/search/\?q=budget&amp;before=[^"]+)"', page)
        address = html.unescape(more[1]) if more else None
    assert pages == [(4, 2), (4, 0), (1, 0)]
    assert sorted(titles) == sorted(str(talk.pk) for talk in talks)


@pytest.mark.parametrize("before", ["x", "1", "1-2", "1-2-3-4", "9" * 40 + "-1-1", "-1-2"])
def test_a_made_up_place_is_the_beginning(person: User, client: Client, before: str) -> None:
    ConversationFactory(owner=person, title="Budget")
    client.force_login(person)
    assert "Budget" in client.get("/search/", {"q": "budget", "before": before}).text


@pytest.mark.parametrize("query", ["", " ", "a", "!!", "' | '"])
def test_what_could_find_everything_is_refused(person: User, query: str) -> None:
    with pytest.raises(ValidationFailedError):
        searching.search(viewer=person, query=query)


@pytest.mark.parametrize("query", ["o'neill \\ & | ! <->", "a:* b", "'; drop table", "ab" * 200])
def test_no_notation_of_the_index_can_be_typed(
    person: User, talk: Conversation, query: str
) -> None:
    assert found(person, query) == []


def test_an_export_without_a_session_is_the_page_to_sign_in_and_no_file(
    person: User, talk: Conversation, client: Client
) -> None:
    path = f"/c/{talk.pk}/export/markdown/"
    client.force_login(person)
    links = re.findall(r"<a [^>]*/export/[^>]*>", client.get(f"/c/{talk.pk}/").text)
    assert len(links) == 3
    assert not [link for link in links if " download" in link]
    assert client.get(path)["Content-Disposition"].startswith("attachment;")
    client.logout()
    signed_out = client.get(path)
    assert (signed_out.status_code, signed_out.has_header("Content-Disposition")) == (302, False)
