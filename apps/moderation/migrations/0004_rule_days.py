import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Count how many texts a rule acted on in a day, for its cap."""

    dependencies = [("moderation", "0003_roles")]

    operations = [
        migrations.CreateModel(
            name="RuleDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("acted", models.PositiveIntegerField(default=0)),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="days",
                        to="moderation.rule",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=["rule", "day"], name="rule_day_once")
                ],
            },
        ),
    ]
