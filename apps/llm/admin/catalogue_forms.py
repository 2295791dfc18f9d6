"""What admins type into the pages of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.auth.models import Group

from apps.core.admin_kit.decisions import ReasonForm
from apps.llm import constants
from apps.llm.constants import Capability
from apps.llm.models import ChatModel, Provider

MAX_CHOICES = 200
MAX_NAMED = 30


class ProviderForm(ReasonForm):
    """Address and limits of a provider."""

    name = forms.CharField(max_length=constants.MAX_NAME_CHARS)
    base_url = forms.CharField(
        max_length=constants.MAX_URL_CHARS,
        label="Address",
        help_text="Up to and including its version part: https://api.example.org/v1",
    )
    max_concurrency = forms.IntegerField(
        min_value=0,
        initial=0,
        label="Calls at a time",
        help_text="For each worker process; 0 for no limit. Further calls wait, people in turn.",
    )
    max_waiting = forms.IntegerField(
        min_value=0, initial=constants.MAX_WAITING, label="Calls that may wait"
    )
    max_wait_seconds = forms.IntegerField(
        min_value=0, initial=constants.MAX_WAIT_SECONDS, label="Longest wait, seconds"
    )
    field_order: Sequence[str] = (
        *("name", "base_url", "max_concurrency", "max_waiting", "max_wait_seconds", "reason"),
    )


class NewProviderForm(ProviderForm):
    """The same, with the code that never changes."""

    code = forms.SlugField(max_length=40, help_text="One word; it stays for ever.")
    field_order = ("code", *ProviderForm.field_order)


class FollowingProviderForm(ProviderForm):
    """Of the one that follows the settings only what is not a setting."""

    base_url = None  # type: ignore[assignment]


class KeyForm(ReasonForm):
    """A key, which is never shown again, or the name of one in the environment."""

    key = forms.CharField(
        required=False,
        max_length=constants.MAX_KEY_CHARS,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Sealed as it is stored. Nobody can read it here again.",
    )
    variable = forms.CharField(
        required=False,
        max_length=constants.MAX_NAME_CHARS,
        help_text="Or MISTRAL for the variables LLM_KEY_MISTRAL and LLM_URL_MISTRAL.",
    )
    field_order = ("key", "variable", "reason")


class ModelForm(ReasonForm):
    """What a model is called and how much it takes."""

    name = forms.CharField(
        max_length=constants.MAX_MODEL_CHARS, help_text="As the provider calls it."
    )
    label = forms.CharField(max_length=constants.MAX_NAME_CHARS, help_text="As people read it.")
    context_tokens = forms.IntegerField(
        min_value=0, initial=0, help_text="Prompt and answer together; 0 where you do not know."
    )
    max_completion_tokens = forms.IntegerField(
        min_value=0, initial=0, label="Longest answer, tokens", help_text="0 leaves it open."
    )
    capabilities = forms.MultipleChoiceField(
        choices=Capability.choices,
        required=False,
        initial=[Capability.TEMPERATURE],
        widget=forms.CheckboxSelectMultiple,
    )
    field_order: Sequence[str] = (
        *("name", "label", "context_tokens", "max_completion_tokens", "capabilities", "reason"),
    )


class NewModelForm(ModelForm):
    """The same, with its provider and the code that never changes."""

    provider = forms.TypedChoiceField(coerce=int)
    code = forms.CharField(
        max_length=constants.MAX_MODEL_CHARS, help_text="Programs name it so. It stays for ever."
    )
    field_order = ("provider", "code", *ModelForm.field_order)

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        rows = Provider.objects.order_by("name").values_list("pk", "name")
        self.fields["provider"].choices = list(rows[:MAX_CHOICES])  # type: ignore[attr-defined]


class FallbacksForm(ReasonForm):
    """Which models stand in, in order."""

    fallbacks = forms.CharField(
        required=False,
        label="Codes, one a line",
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="The first line is asked first. Leave it empty for none.",
    )
    field_order = ("fallbacks", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        codes = ChatModel.objects.order_by("code").values_list("code", flat=True)[:MAX_NAMED]
        self.fields["fallbacks"].help_text += f" Models here: {', '.join(codes)}."


class PresentationForm(ReasonForm):
    """What people read of an assistant, and who may use it."""

    name = forms.CharField(max_length=constants.MAX_NAME_CHARS)
    description = forms.CharField(
        required=False, max_length=constants.MAX_DESCRIPTION_CHARS, help_text="One line."
    )
    groups = forms.TypedMultipleChoiceField(
        coerce=int,
        required=False,
        label="Only for these groups",
        help_text="Roles and duties are groups too. None chosen means everybody.",
        widget=forms.CheckboxSelectMultiple,
    )
    field_order: Sequence[str] = ("name", "description", "groups", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        rows = Group.objects.order_by("name").values_list("pk", "name")
        choices = [(pk, name.replace("_", " ")) for pk, name in rows[:MAX_CHOICES]]
        self.fields["groups"].choices = choices  # type: ignore[attr-defined]


class VersionForm(ReasonForm):
    """A whole version."""

    chat_model = forms.TypedChoiceField(coerce=int, label="Model")
    system_prompt = forms.CharField(
        required=False,
        max_length=constants.MAX_SYSTEM_PROMPT_CHARS,
        label="Instructions",
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="The system prompt ahead of every conversation.",
    )
    temperature = forms.FloatField(
        min_value=0, max_value=2, required=False, help_text="Empty leaves it to the model."
    )
    max_prompt_tokens = forms.IntegerField(
        min_value=0, initial=0, label="Longest prompt, tokens", help_text="0 takes MAX_TOKENS."
    )
    max_completion_tokens = forms.IntegerField(
        min_value=0, initial=0, label="Longest answer, tokens", help_text="0 takes the model's."
    )
    field_order: Sequence[str] = (
        *("chat_model", "system_prompt", "temperature"),
        *("max_prompt_tokens", "max_completion_tokens", "reason"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        rows = ChatModel.objects.order_by("label").values_list("pk", "label", "provider__name")
        choices = [(pk, f"{label} at {provider}") for pk, label, provider in rows[:MAX_CHOICES]]
        self.fields["chat_model"].choices = choices  # type: ignore[attr-defined]


class NewAssistantForm(VersionForm, PresentationForm):
    """Both at once."""

    field_order = (*PresentationForm.field_order[:-1], *VersionForm.field_order)
