from django.apps import AppConfig


class UsersConfig(AppConfig):
    """Accounts, roles, tokens and standing."""

    name = "apps.users"
    verbose_name = "People"
    default_auto_field = "django.db.models.BigAutoField"
