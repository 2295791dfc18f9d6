from typing import ClassVar

from django.conf import settings
from django.db import models

from apps.llm.models.catalogue import ChatModel
from apps.llm.querysets import PauseQuerySet


class Pause(models.Model):
    """Staff keep answers from being written, of one model or of all, until somebody lifts it.

    It is of the catalogue's model where it names one, else of all models of that name.
    """

    chat_model = models.ForeignKey(ChatModel, null=True, on_delete=models.PROTECT, related_name="+")
    model_name = models.CharField(max_length=120, blank=True)
    reason = models.TextField()
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    started_at = models.DateTimeField(auto_now_add=True)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    lift_reason = models.TextField(blank=True)

    objects: ClassVar[PauseQuerySet] = PauseQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ("view", "change")
        constraints = [
            models.UniqueConstraint(
                fields=["model_name", "chat_model"],
                name="one_open_pause_of_a_model",
                condition=models.Q(lifted_at=None),
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"pause of {self.model_name or 'all models'} (#{self.pk})"
