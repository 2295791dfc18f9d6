from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

UNIQUE = models.UniqueConstraint(
    fields=["user", "day", "model", "api_token_id", "purpose", "chat_model"],
    name="one_usage_day_of_a_model",
    nulls_distinct=False,
)
BUILD = """
    CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS one_usage_day_of_a_model
    ON llm_usageday (user_id, day, model, api_token_id, purpose, chat_model_id) NULLS NOT DISTINCT
"""
TAKE = """
    ALTER TABLE llm_usageday ADD CONSTRAINT one_usage_day_of_a_model
    UNIQUE USING INDEX one_usage_day_of_a_model
"""
DROP = "ALTER TABLE llm_usageday DROP CONSTRAINT IF EXISTS one_usage_day_of_a_model"


class Migration(migrations.Migration):
    """A person's day of each model of the catalogue, where two providers call theirs the same."""

    atomic = False

    dependencies = [
        ("llm", "0011_models_told_apart"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(BUILD, migrations.RunSQL.noop),
                migrations.RunSQL(TAKE, DROP),
            ],
            state_operations=[
                migrations.AddConstraint(model_name="usageday", constraint=UNIQUE),
            ],
        ),
        AddIndexConcurrently(
            model_name="usageday",
            index=models.Index(
                fields=["day"],
                include=(
                    *("user", "model", "chat_model", "api_token_id", "purpose"),
                    *("calls", "prompt_tokens"),
                    *("completion_tokens", "cost_nano", "estimated_calls", "unpriced_calls"),
                ),
                name="usage_of_day_and_model",
            ),
        ),
        RemoveIndexConcurrently(model_name="usageday", name="usage_of_day_by_purpose"),
        migrations.RemoveConstraint(model_name="usageday", name="one_usage_day_of_a_purpose"),
    ]
