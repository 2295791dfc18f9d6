"""Brings the database to the state of the code.

Run as `python -m apps.core.development.prepare [--seed]`.
"""

import os
import sys

import django
from django.core.management import call_command


def prepare(*, has_demo: bool) -> None:
    """Migrate, add the starter rules, and seed the demo people where asked."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    call_command("migrate", interactive=False)
    call_command("install_starter_rules")
    if has_demo:
        call_command("seed_demo")
        call_command("seed_demo_cases")


if __name__ == "__main__":
    prepare(has_demo="--seed" in sys.argv[1:])
