from django.db import migrations

RIGHTS = [("change_group", "Can change group", False), ("view_group", "Can view group", True)]


def grant(apps, schema_editor):
    """Let admins make groups and name their members, and let auditors see them."""
    groups = apps.get_model("auth", "Group").objects
    admins, _ = groups.get_or_create(name="admin")
    auditors, _ = groups.get_or_create(name="auditor")
    kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="auth", model="group"
    )
    for codename, name, is_seen in RIGHTS:
        permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=kind, codename=codename, defaults={"name": name}
        )
        admins.permissions.add(permission)
        if is_seen:
            auditors.permissions.add(permission)


class Migration(migrations.Migration):
    """Who may see groups, and make those that no role or duty stands behind."""

    dependencies = [
        ("users", "0011_language"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
