from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    """Conversations, messages and the turn that answers them."""

    name = "apps.conversations"
    verbose_name = "Conversations"
    default_auto_field = "django.db.models.BigAutoField"
