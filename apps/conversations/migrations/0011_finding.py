import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

RIGHTS = [
    ("view_share", "Can view share"),
    ("revoke_share", "Can revoke shared links"),
]


def grant(apps, schema_editor):
    """Let admins and moderators see and revoke shared links."""
    groups = apps.get_model("auth", "Group").objects.filter(name__in=["admin", "moderator"])
    kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="conversations", model="share"
    )
    for codename, name in RIGHTS:
        permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=kind, codename=codename, defaults={"name": name}
        )
        for group in groups:
            group.permissions.add(permission)


class Migration(migrations.Migration):
    """What people have read, the index of their words, and what they share."""

    dependencies = [
        ("conversations", "0010_assistants"),
        ("users", "0003_roles"),
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="read_at",
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                ("message", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="search_entry", serialize=False, to="conversations.message")),
                ("words", django.contrib.postgres.search.SearchVectorField()),
            ],
            options={
                "default_permissions": (),
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fastupdate=True, fields=["words"], gin_pending_list_limit=1024, name="search_entry_words"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchProgress",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("through_id", models.BigIntegerField(default=0)),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Share",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("title", models.CharField(blank=True, max_length=120)),
                ("is_title_own", models.BooleanField(default=False)),
                ("message_ids", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("is_revoked_by_staff", models.BooleanField(default=False)),
                ("view_count", models.PositiveIntegerField(default=0)),
                ("conversation", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="shares", to="conversations.conversation")),
                ("owner", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="shares", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "permissions": [("revoke_share", "Can revoke shared links")],
                "default_permissions": ("view",),
                "indexes": [models.Index(fields=["owner", "-id"], name="share_by_owner")],
            },
        ),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
