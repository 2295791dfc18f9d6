import django.db.models.deletion
from django.db import migrations, models

import apps.conversations.constants


class Migration(migrations.Migration):
    """Which question a title was made of, so that it goes and comes back with that one alone."""

    dependencies = [
        ("conversations", "0023_share_reason"),
    ]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="titled_from",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="share",
            name="titled_from",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="share",
            name="dropped_title",
            field=models.CharField(blank=True, db_default="", default="", max_length=120),
        ),
        migrations.CreateModel(
            name="DroppedTitle",
            fields=[
                (
                    "message",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="dropped_title",
                        serialize=False,
                        to="conversations.message",
                    ),
                ),
                ("title", models.CharField(max_length=120)),
                (
                    "title_source",
                    models.CharField(
                        choices=apps.conversations.constants.TitleSource.choices, max_length=20
                    ),
                ),
            ],
            options={"default_permissions": ()},
        ),
    ]
