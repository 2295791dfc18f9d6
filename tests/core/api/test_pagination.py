from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from apps.conversations.models import Conversation
from apps.core.api.pagination import InvalidCursorError, encode_cursor, paginate
from apps.core.api.schemas import PageParams
from tests.factories import ConversationFactory, UserFactory

ORDER = ("-last_message_at", "-id")


@pytest.fixture
def conversations(db: None) -> list[Conversation]:
    """Five of one person; the last three were active at the same moment."""
    owner = UserFactory()
    now = timezone.now()
    made = [ConversationFactory(owner=owner) for _ in range(5)]
    for number, conversation in enumerate(made):
        moment = now - timedelta(hours=max(0, 2 - number))
        Conversation.objects.filter(pk=conversation.pk).update(last_message_at=moment)
    return made


async def read_all(limit: int, order: tuple[str, ...]) -> list[list[int]]:
    pages: list[list[int]] = []
    cursor = None
    while True:
        page = PageParams(limit=limit, cursor=cursor)
        items, cursor = await paginate(Conversation.objects.all(), page, order=order)
        pages.append([item.pk for item in items])
        if cursor is None:
            return pages


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 100])
async def test_pages_together_are_the_whole_list_once(
    conversations: list[Conversation], limit: int
) -> None:
    newest_first = [conversation.pk for conversation in conversations][::-1]
    pages = await read_all(limit, ORDER)
    assert [number for page in pages for number in page] == newest_first
    assert all(len(page) == limit for page in pages[:-1])
    assert 0 < len(pages[-1]) <= limit


async def test_the_other_direction_works_too(conversations: list[Conversation]) -> None:
    assert await read_all(2, ("id",)) == [
        [conversation.pk for conversation in part]
        for part in (conversations[:2], conversations[2:4], conversations[4:])
    ]


async def test_rows_that_come_between_pages_repeat_and_hide_nothing(
    conversations: list[Conversation],
) -> None:
    rows = Conversation.objects.all()
    first = await paginate(rows, PageParams(limit=2), order=("-id",))
    await sync_to_async(ConversationFactory)()
    page = PageParams(limit=2, cursor=first.next_cursor)
    second = await paginate(rows, page, order=("-id",))
    shown = [item.pk for item in [*first.items, *second.items]]
    assert shown == [conversation.pk for conversation in conversations[:0:-1]]


@pytest.mark.parametrize("cursor", ["x", "W10", "W10:abc", "é", "a:b:c", " ", ":"])
async def test_a_cursor_that_is_not_ours_is_refused(db: None, cursor: str) -> None:
    with pytest.raises(InvalidCursorError) as caught:
        await paginate(Conversation.objects.all(), PageParams(cursor=cursor), order=ORDER)
    assert (caught.value.status_code, caught.value.code) == (400, "invalid_cursor")


async def test_a_cursor_of_another_list_is_refused(db: None) -> None:
    cursor = encode_cursor([1], salt="cursor: {}:conversations.Conversation:id")
    rows = Conversation.objects.all()
    await paginate(rows, PageParams(cursor=cursor), order=("id",))
    with pytest.raises(InvalidCursorError):
        await paginate(rows, PageParams(cursor=cursor), order=("-id",))
    page = PageParams(cursor=cursor)
    page.bind("/api/v1/elsewhere", {})
    with pytest.raises(InvalidCursorError):
        await paginate(rows, page, order=("id",))
