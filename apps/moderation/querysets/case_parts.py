"""Named queries over the texts that were judged, and over what staff tell each other of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, ClassVar, Self

from django.contrib.postgres.search import SearchQuery, SearchVector

from apps.moderation import constants
from apps.moderation.querysets.base import CaseRowQuerySet

if TYPE_CHECKING:
    from apps.moderation.models import CaseSnapshot, Note  # noqa: F401
    from apps.users.models import User


class CaseSnapshotQuerySet(CaseRowQuerySet["CaseSnapshot"]):
    """Named queries over texts as they were judged."""

    def of_messages(self, numbers: Collection[int]) -> Self:
        """Return those of some messages."""
        return self.filter(case__message_id__in=numbers)

    def saying(self, words: str) -> Self:
        """Return those with these words, by an index."""
        vector = SearchVector("text", config=constants.SEARCH_CONFIG)
        query = SearchQuery(words, config=constants.SEARCH_CONFIG)
        return self.annotate(words=vector).filter(words=query)


class NoteQuerySet(CaseRowQuerySet["Note"]):
    """Named queries over notes."""

    person_path: ClassVar[str] = "case__subject"

    def written_by(self, author: User | int) -> Self:
        """Return those of a person."""
        return self.filter(author=author)

    def not_written_by(self, author: User) -> Self:
        """Leave out those of a person."""
        return self.exclude(author=author.pk)
