from django.db import migrations, models

RIGHTS = [
    ("conversation", "view_conversation", "Can view conversation"),
    ("message", "view_message", "Can view message"),
    ("message", "hide_message", "Can hide and restore messages"),
    ("reply", "view_reply", "Can view reply"),
    ("reply", "halt_reply", "Can halt answers that are being written"),
]
UNHAPPY = ("stopped", "halted", "withheld", "interrupted", "failed", "out_of_quota")


def grant(apps, schema_editor):
    """Let admins and moderators read conversations, hide messages and halt answers."""
    groups = apps.get_model("auth", "Group").objects.filter(name__in=["admin", "moderator"])
    for model, codename, name in RIGHTS:
        kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
            app_label="conversations", model=model
        )
        permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=kind, codename=codename, defaults={"name": name}
        )
        for group in groups:
            group.permissions.add(permission)


class Migration(migrations.Migration):
    """What staff may do here, and the indexes of what they look for."""

    dependencies = [
        ("conversations", "0003_permissions"),
        ("users", "0003_roles"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunPython(grant, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                fields=["-id"],
                name="message_hidden",
                condition=models.Q(hidden_at__isnull=False),
            ),
        ),
        migrations.AddIndex(
            model_name="reply",
            index=models.Index(
                fields=["state", "-message"],
                name="reply_unhappy",
                condition=models.Q(state__in=UNHAPPY),
            ),
        ),
    ]
