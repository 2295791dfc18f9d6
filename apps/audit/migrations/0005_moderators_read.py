from django.db import migrations


def grant(apps, schema_editor):
    """Let moderators read the audit, in which their own decisions are."""
    permission = apps.get_model("auth", "Permission").objects.get(
        content_type__app_label="audit", codename="view_auditevent"
    )
    apps.get_model("auth", "Group").objects.get(name="moderator").permissions.add(permission)


class Migration(migrations.Migration):
    """What moderators may do here."""

    dependencies = [("audit", "0004_role_permissions")]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
