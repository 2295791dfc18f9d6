from importlib import import_module

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """What every app may use and which knows no app."""

    name = "apps.core"
    verbose_name = "Core"

    def ready(self) -> None:
        """Register the system checks."""
        import_module("apps.core.checks")
