import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Every grant has a subject, who finds it, and outlives its conversation."""

    atomic = False
    dependencies = [
        ("moderation", "0018_readings_stay"),
    ]

    operations = [
        migrations.AlterField(
            model_name="accessgrant",
            name="subject",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="accessgrant",
            name="conversation_number",
            field=models.BigIntegerField(),
        ),
        migrations.AlterField(
            model_name="accessgrant",
            name="conversation",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="access_grants",
                to="conversations.conversation",
            ),
        ),
        AddIndexConcurrently(
            model_name="accessgrant",
            index=models.Index(fields=["subject", "-id"], name="grant_by_subject"),
        ),
    ]
