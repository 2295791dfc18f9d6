import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

ID = {"auto_created": True, "primary_key": True, "serialize": False, "verbose_name": "ID"}
PURPOSES = [
    ("reply", "Reply"),
    ("title", "Title"),
    ("judge", "Judgement of a rule"),
    ("moderation", "Moderation endpoint"),
    ("trial", "Try by an admin"),
]


class Migration(migrations.Migration):
    """Days and weeks that are over, summed; upkeep fills both."""

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("llm", "0016_ledger_without_people"),
    ]

    operations = [
        migrations.CreateModel(
            name="UsageTotal",
            fields=[
                ("id", models.BigAutoField(**ID)),
                ("day", models.DateField()),
                ("purpose", models.CharField(blank=True, max_length=20)),
                ("calls", models.BigIntegerField()),
                ("prompt_tokens", models.BigIntegerField()),
                ("completion_tokens", models.BigIntegerField()),
                ("cost_nano", models.BigIntegerField()),
                ("unpriced_calls", models.BigIntegerField()),
            ],
            options={"default_permissions": ()},
        ),
        migrations.AddConstraint(
            model_name="usagetotal",
            constraint=models.UniqueConstraint(
                fields=("day", "purpose"), name="one_usage_total_of_a_day"
            ),
        ),
        migrations.CreateModel(
            name="UsageWeek",
            fields=[
                ("id", models.BigAutoField(**ID)),
                ("week", models.DateField()),
                ("model", models.CharField(max_length=120)),
                ("api_token_id", models.BigIntegerField(default=0)),
                ("purpose", models.CharField(choices=PURPOSES, max_length=20)),
                ("calls", models.PositiveIntegerField()),
                ("prompt_tokens", models.BigIntegerField()),
                ("completion_tokens", models.BigIntegerField()),
                ("cost_nano", models.BigIntegerField()),
                ("estimated_calls", models.PositiveIntegerField()),
                ("unpriced_calls", models.PositiveIntegerField()),
                (
                    "chat_model",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="llm.chatmodel",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"default_permissions": ()},
        ),
        migrations.AddConstraint(
            model_name="usageweek",
            constraint=models.UniqueConstraint(
                fields=("user", "week", "model", "api_token_id", "purpose", "chat_model"),
                name="one_usage_week_of_a_model",
                nulls_distinct=False,
            ),
        ),
        migrations.AddIndex(
            model_name="usageweek",
            index=models.Index(
                fields=["week"],
                include=(
                    *("user", "model", "chat_model", "api_token_id", "purpose"),
                    *("calls", "prompt_tokens"),
                    *("completion_tokens", "cost_nano", "unpriced_calls"),
                ),
                name="usage_of_week",
            ),
        ),
    ]
