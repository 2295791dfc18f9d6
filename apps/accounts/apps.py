from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """An account as a whole: what its owner takes along, its end, and limits of its programs."""

    name = "apps.accounts"
    verbose_name = "Accounts"
    default_auto_field = "django.db.models.BigAutoField"
