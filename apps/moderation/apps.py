from django.apps import AppConfig


class ModerationConfig(AppConfig):
    """Rules, cases and decisions: what staff do about what is said."""

    name = "apps.moderation"
    verbose_name = "Moderation"
    default_auto_field = "django.db.models.BigAutoField"
