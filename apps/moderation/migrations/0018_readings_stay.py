import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, OuterRef, Subquery


def name_subjects(apps, schema_editor):
    """Write whose conversations were read, and their numbers, to the grants that there are."""
    owners = apps.get_model("conversations", "Conversation").objects.filter(
        pk=OuterRef("conversation")
    )
    apps.get_model("moderation", "AccessGrant").objects.update(
        subject=Subquery(owners.values("owner")[:1]), conversation_number=F("conversation")
    )


class Migration(migrations.Migration):
    """Who read a conversation can be seen by its owner after the conversation is gone."""

    dependencies = [
        ("conversations", "0023_share_reason"),
        ("moderation", "0017_before_a_decision"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="accessgrant",
            name="subject",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="accessgrant",
            name="conversation_number",
            field=models.BigIntegerField(null=True),
        ),
        migrations.RunPython(name_subjects, migrations.RunPython.noop),
    ]
