from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from apps.conversations.models.messages import Message


class SearchEntry(models.Model):
    """The words of one message, each with its owner's number before it.

    So a search reads nobody else's part of the index, however many messages there are. A table of
    its own, so that storing an answer while it is written touches no index.
    """

    message = models.OneToOneField(
        Message, on_delete=models.CASCADE, primary_key=True, related_name="search_entry"
    )
    words = SearchVectorField()

    objects: ClassVar[models.Manager[SearchEntry]] = models.Manager()

    class Meta:
        default_permissions = ()
        indexes = [
            GinIndex(
                fields=["words"],
                name="search_entry_words",
                fastupdate=True,
                gin_pending_list_limit=1024,
            )
        ]

    def __str__(self) -> str:
        return f"words of message {self.pk}"


class SearchProgress(models.Model):
    """How far the index goes: every message up to `through_id` is in it. One row only."""

    through_id = models.BigIntegerField(default=0)

    objects: ClassVar[models.Manager[SearchProgress]] = models.Manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"indexed up to message {self.through_id}"
