from django.db import migrations, models


def grant(apps, schema_editor):
    """Let admins and moderators read what people think of answers."""
    kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="conversations", model="feedback"
    )
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=kind, codename="view_feedback", defaults={"name": "Can view feedback"}
    )
    for group in apps.get_model("auth", "Group").objects.filter(name__in=["admin", "moderator"]):
        group.permissions.add(permission)


class Migration(migrations.Migration):
    """What people think of answers."""

    dependencies = [
        ("conversations", "0008_program_calls"),
    ]

    operations = [
        migrations.CreateModel(
            name="Feedback",
            fields=[
                (
                    "message",
                    models.OneToOneField(
                        on_delete=models.deletion.CASCADE,
                        primary_key=True,
                        related_name="feedback",
                        serialize=False,
                        to="conversations.message",
                    ),
                ),
                (
                    "rating",
                    models.CharField(choices=[("good", "Good"), ("bad", "Bad")], max_length=20),
                ),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "verbose_name_plural": "feedback",
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["rating", "-message"], name="feedback_by_rating")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("rating__in", ["good", "bad"])),
                        name="feedback_rating_known",
                    )
                ],
            },
        ),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
