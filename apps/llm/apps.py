from django.apps import AppConfig


class LlmConfig(AppConfig):
    """The way to language models: gateway, ledger of use."""

    name = "apps.llm"
    verbose_name = "Models"
    default_auto_field = "django.db.models.BigAutoField"
