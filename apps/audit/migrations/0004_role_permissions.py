from django.db import migrations


def grant(apps, schema_editor):
    """Let admins read the audit."""
    kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="audit", model="auditevent"
    )
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=kind,
        codename="view_auditevent",
        defaults={"name": "Can view audit event"},
    )
    apps.get_model("auth", "Group").objects.get(name="admin").permissions.add(permission)


class Migration(migrations.Migration):
    """What the roles may do here."""

    dependencies = [
        ("audit", "0003_append_only"),
        ("users", "0003_roles"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
