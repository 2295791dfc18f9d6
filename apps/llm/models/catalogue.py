from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.llm import constants
from apps.llm.errors import VersionIsFinalError
from apps.llm.querysets import AssistantQuerySet, AssistantVersionQuerySet, ChatModelQuerySet


class Provider(models.Model):
    """A model server that admins let Parley call: address, key, and how much at a time.

    The key is named by a variable of the environment or kept sealed, and nothing reads it but the
    gateway. One row follows the settings of the environment: its address and key are theirs.
    """

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=constants.MAX_NAME_CHARS)
    base_url = models.CharField(max_length=constants.MAX_URL_CHARS, blank=True)
    key_source = models.CharField(
        max_length=20, choices=constants.KeySource.choices, default=constants.KeySource.NONE
    )
    key_variable = models.CharField(max_length=constants.MAX_NAME_CHARS, blank=True)
    sealed_key = models.TextField(blank=True)
    is_enabled = models.BooleanField(default=True)
    max_concurrency = models.PositiveIntegerField(default=0)
    max_waiting = models.PositiveIntegerField(default=constants.MAX_WAITING)
    max_wait_seconds = models.PositiveIntegerField(default=constants.MAX_WAIT_SECONDS)
    breaker_closed_at = models.DateTimeField(null=True, blank=True)
    takes_published_prices = models.BooleanField(default=True, db_default=True)
    follows_settings = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        default_permissions = ("view",)
        permissions = [("manage_catalogue", "Can manage providers, models and assistants")]
        constraints = [
            models.UniqueConstraint(
                fields=["follows_settings"],
                name="one_provider_follows_settings",
                condition=models.Q(follows_settings=True),
            ),
            models.CheckConstraint(
                condition=models.Q(key_source=constants.KeySource.VARIABLE, sealed_key="")
                & ~models.Q(key_variable="")
                | models.Q(key_source=constants.KeySource.STORED, key_variable="")
                & ~models.Q(sealed_key="")
                | models.Q(key_source=constants.KeySource.NONE, key_variable="", sealed_key=""),
                name="provider_has_one_key",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} (#{self.pk})"


class ChatModel(models.Model):
    """A model of a provider: what it is called there and here, and how much it takes."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="chat_models")
    code = models.CharField(max_length=constants.MAX_MODEL_CHARS, unique=True)
    name = models.CharField(max_length=constants.MAX_MODEL_CHARS, blank=True)
    label = models.CharField(max_length=constants.MAX_NAME_CHARS)
    context_tokens = models.PositiveIntegerField(default=0)
    max_completion_tokens = models.PositiveIntegerField(default=0)
    capabilities = ArrayField(
        models.CharField(max_length=20, choices=constants.Capability.choices),
        default=list,
        blank=True,
    )
    is_enabled = models.BooleanField(default=True)
    follows_settings = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[ChatModelQuerySet] = ChatModelQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ("view",)
        verbose_name = "model"
        constraints = [
            models.UniqueConstraint(
                fields=["follows_settings"],
                name="one_model_follows_settings",
                condition=models.Q(follows_settings=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} (#{self.pk})"


class ModelFallback(models.Model):
    """Which model is asked next where one cannot answer, in the order of `position`."""

    model = models.ForeignKey(ChatModel, on_delete=models.CASCADE, related_name="fallbacks")
    fallback = models.ForeignKey(ChatModel, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        default_permissions = ()
        ordering = ["model", "position"]
        constraints = [
            models.UniqueConstraint(fields=["model", "position"], name="fallback_place"),
            models.UniqueConstraint(fields=["model", "fallback"], name="fallback_once"),
            models.CheckConstraint(
                condition=~models.Q(model=models.F("fallback")), name="fallback_is_another_model"
            ),
        ]

    def __str__(self) -> str:
        return f"model {self.model_id}, then {self.fallback_id}"


class Assistant(models.Model):
    """What people choose to talk with: a model with instructions, and who may use it."""

    name = models.CharField(max_length=constants.MAX_NAME_CHARS, unique=True)
    description = models.CharField(max_length=constants.MAX_DESCRIPTION_CHARS, blank=True)
    audience = models.CharField(
        max_length=20, choices=constants.Audience.choices, default=constants.Audience.EVERYBODY
    )
    groups = models.ManyToManyField("auth.Group", blank=True, related_name="+")
    is_enabled = models.BooleanField(default=True)
    is_default = models.BooleanField(default=False)
    follows_settings = models.BooleanField(default=False)
    current = models.ForeignKey(
        "AssistantVersion", null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[AssistantQuerySet] = AssistantQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                name="one_default_assistant",
                condition=models.Q(is_default=True),
            ),
            models.UniqueConstraint(
                fields=["follows_settings"],
                name="one_assistant_follows_settings",
                condition=models.Q(follows_settings=True),
            ),
            models.CheckConstraint(
                condition=models.Q(is_default=False)
                | models.Q(is_enabled=True, audience=constants.Audience.EVERYBODY),
                name="default_assistant_is_for_everybody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} (#{self.pk})"


class AssistantVersion(models.Model):
    """All that an assistant asks a model with; added for each change, and never changed itself.

    A limit of 0 leaves it to the model and the settings; no temperature leaves it to the model.
    """

    assistant = models.ForeignKey(Assistant, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    chat_model = models.ForeignKey(ChatModel, on_delete=models.PROTECT, related_name="+")
    system_prompt = models.TextField(blank=True)
    temperature = models.FloatField(null=True)
    max_prompt_tokens = models.PositiveIntegerField(default=0)
    max_completion_tokens = models.PositiveIntegerField(default=0)
    fingerprint = models.CharField(max_length=64)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[AssistantVersionQuerySet] = AssistantVersionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["assistant", "number"], name="assistant_version_once"),
        ]
        indexes = [
            models.Index(fields=["assistant", "fingerprint"], name="assistant_version_content"),
        ]

    def __str__(self) -> str:
        return f"assistant {self.assistant_id}, version {self.number} (#{self.pk})"

    def save(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Add the version.

        Raises:
            VersionIsFinalError: it is stored already.
        """
        if not self._state.adding:
            raise VersionIsFinalError
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ANN401
        """Refuse: answers name the version that they were written by.

        Raises:
            VersionIsFinalError: always.
        """
        raise VersionIsFinalError
