"""Adds the starter set of policies and rules; running it again adds what is missing, no more."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.moderation.services.policies import starter_thresholds
from apps.moderation.services.rules import starter_set


class Command(BaseCommand):
    """`python manage.py install_starter_rules`."""

    help = (
        "Add the starter policies, thresholds and rules (in shadow); what is there stays as it is."
    )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Install what is missing and say how much that was."""
        added = starter_set.install()
        starter_thresholds.install()
        self.stdout.write(f"Added {added.policies} policies and {added.rules} rules.")
