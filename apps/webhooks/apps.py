from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Tells programs elsewhere what happened here."""

    name = "apps.webhooks"
    verbose_name = "Webhooks"
    default_auto_field = "django.db.models.BigAutoField"
