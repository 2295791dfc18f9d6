from django.db import migrations

SEEING = [("feedback", "view_feedback", "Can view feedback"), ("share", "view_share", "Can view share")]
REVOKING = ("share", "revoke_share", "Can revoke shared links")
DUTIES = {"lead": [*SEEING, REVOKING], "auditor": SEEING}


def grant(apps, schema_editor):
    """Let leads do with links and feedback what moderators do, and auditors see both."""
    for name, rights in DUTIES.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        for model, codename, words in rights:
            kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
                app_label="conversations", model=model
            )
            permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
                content_type=kind, codename=codename, defaults={"name": words}
            )
            group.permissions.add(permission)


class Migration(migrations.Migration):
    """What people see by their duty alone."""

    dependencies = [
        ("conversations", "0014_cost"),
        ("users", "0004_duties"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
