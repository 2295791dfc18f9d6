"""Models, migrations and rows."""

import ast

from django.core.management import call_command

from tests.guards.sources import ROOT, relative

MIGRATIONS = sorted((ROOT / "apps").rglob("migrations/0*.py"))


def test_migrations_say_what_the_models_say(db: None) -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_a_migration_imports_no_code_that_may_change() -> None:
    offenders = [
        f"{relative(path)} {node.module}"
        for path in MIGRATIONS
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith("apps.")
        and not (node.module or "").endswith((".fields", ".querysets"))
    ]
    assert offenders == []
