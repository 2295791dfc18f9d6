from django.db import migrations


def grant(apps, schema_editor):
    """Let admins and moderators read the ledger."""
    kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="llm", model="usagerecord"
    )
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=kind,
        codename="view_usagerecord",
        defaults={"name": "Can view usage record"},
    )
    for group in apps.get_model("auth", "Group").objects.filter(name__in=["admin", "moderator"]):
        group.permissions.add(permission)


class Migration(migrations.Migration):
    """What the roles may do here."""

    dependencies = [
        ("llm", "0002_initial"),
        ("users", "0003_roles"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
