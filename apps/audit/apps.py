from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Who did what to what; rows are only ever added."""

    name = "apps.audit"
    verbose_name = "Audit"
    default_auto_field = "django.db.models.BigAutoField"
