from django.db import migrations, models

OWN = """
    UPDATE llm_quota AS quota SET by_staff = false
    FROM users_apitoken AS token
    WHERE quota.kind = 'token' AND token.id = quota.api_token_id
        AND quota.created_by_id = token.user_id
"""


class Migration(migrations.Migration):
    """An owner's limit of a token stands beside that of staff."""

    dependencies = [
        ("llm", "0013_name_models"),
        ("users", "0011_language"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="quota", name="one_open_quota_of_a_subject"),
        migrations.AddField(
            model_name="quota",
            name="by_staff",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddConstraint(
            model_name="quota",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)),
                fields=(
                    *("kind", "user", "group", "api_token", "model_name", "chat_model"),
                    *("unit", "period", "is_hard", "from_settings", "by_staff"),
                ),
                name="one_open_quota_of_a_setter",
                nulls_distinct=False,
            ),
        ),
        migrations.RunSQL(OWN, migrations.RunSQL.noop),
    ]
