import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def name_enders(apps, schema_editor):
    """Write who ended them to the grants that were ended early: the audit record knows."""
    grants = apps.get_model("moderation", "AccessGrant").objects.filter(revoked_at__isnull=False)
    ended = apps.get_model("audit", "AuditEvent").objects.filter(action="access.revoked")
    for event in ended.order_by("id").iterator():
        grants.filter(pk=event.data.get("grant_id")).update(
            revoked_by=event.actor_id,
            revoked_by_label=event.actor_label,
            revoke_reason=event.reason,
        )


class Migration(migrations.Migration):
    """A grant that was ended early says by whom and why."""

    dependencies = [
        ("audit", "0008_forget_the_gone"),
        ("moderation", "0021_reopenings"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="accessgrant",
            name="revoked_by",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="accessgrant",
            name="revoked_by_label",
            field=models.CharField(blank=True, db_default="", default="", max_length=120),
        ),
        migrations.AddField(
            model_name="accessgrant",
            name="revoke_reason",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.RunPython(name_enders, migrations.RunPython.noop),
    ]
