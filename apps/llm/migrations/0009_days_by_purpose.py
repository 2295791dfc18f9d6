from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

COLUMNS = [
    *("user", "model", "api_token_id", "purpose", "calls", "prompt_tokens"),
    *("completion_tokens", "cost_nano", "estimated_calls", "unpriced_calls"),
]
UNIQUE = models.UniqueConstraint(
    fields=["user", "day", "model", "api_token_id", "purpose"],
    name="one_usage_day_of_a_purpose",
    nulls_distinct=False,
)
BUILD = """
    CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS one_usage_day_of_a_purpose
    ON llm_usageday (user_id, day, model, api_token_id, purpose) NULLS NOT DISTINCT
"""
TAKE = """
    ALTER TABLE llm_usageday ADD CONSTRAINT one_usage_day_of_a_purpose
    UNIQUE USING INDEX one_usage_day_of_a_purpose
"""
DROP = "ALTER TABLE llm_usageday DROP CONSTRAINT IF EXISTS one_usage_day_of_a_purpose"


class Migration(migrations.Migration):
    """A day of a person has a row for each purpose; what is built is built beside the work."""

    atomic = False

    dependencies = [("llm", "0008_calls_of_the_house")]

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
        migrations.RemoveConstraint(model_name="usageday", name="one_usage_day"),
        AddIndexConcurrently(
            model_name="usageday",
            index=models.Index(fields=["day"], include=COLUMNS, name="usage_of_day_by_purpose"),
        ),
        RemoveIndexConcurrently(model_name="usageday", name="usage_of_day"),
    ]
