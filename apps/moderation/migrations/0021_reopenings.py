import django.db.models.deletion
from django.db import migrations, models

TRIGGER = """
CREATE TRIGGER moderation_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON moderation_casereopening
    FOR EACH STATEMENT EXECUTE FUNCTION moderation_refuse_change();
"""


class Migration(migrations.Migration):
    """How a case had been closed stays known where it is opened again."""

    dependencies = [("moderation", "0020_sealed")]

    operations = [
        migrations.CreateModel(
            name="CaseReopening",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("closed_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("was_at_once", models.BooleanField()),
                ("created_at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reopenings",
                        to="moderation.case",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["created_at"], name="reopening_by_time"),
                    models.Index(
                        fields=["closed_at"], name="reopening_by_closing", include=["due_at"]
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            TRIGGER, "DROP TRIGGER moderation_append_only ON moderation_casereopening;"
        ),
    ]
