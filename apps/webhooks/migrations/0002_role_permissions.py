from django.db import migrations

PERMISSIONS = [
    ("webhookendpoint", "manage_webhook", "Can make, change and remove webhooks"),
    ("webhookendpoint", "view_webhookendpoint", "Can view webhook"),
    ("webhookdelivery", "view_webhookdelivery", "Can view delivery"),
]


def grant(apps, schema_editor):
    """Let admins manage webhooks and see what they were told."""
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="admin")
    for model, codename, name in PERMISSIONS:
        kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
            app_label="webhooks", model=model
        )
        permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=kind, codename=codename, defaults={"name": name}
        )
        group.permissions.add(permission)


class Migration(migrations.Migration):
    """What the roles may do here."""

    dependencies = [
        ("webhooks", "0001_initial"),
        ("users", "0003_roles"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
