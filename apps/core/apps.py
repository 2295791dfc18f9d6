from django.apps import AppConfig


class CoreConfig(AppConfig):
    """What every app may use and which knows no app."""

    name = "apps.core"
    verbose_name = "Core"
