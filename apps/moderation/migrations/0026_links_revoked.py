from django.db import migrations, models


class Migration(migrations.Migration):
    """A decision can revoke a shared link."""

    dependencies = [("moderation", "0025_taken_back")]

    operations = [
        migrations.AlterField(
            model_name="enforcement",
            name="kind",
            field=models.CharField(
                choices=[
                    ("hide_message", "Hide the message"),
                    ("redact_span", "Redact a passage"),
                    ("retract_answer", "Withhold the answer"),
                    ("lock_conversation", "Lock the conversation"),
                    ("revoke_share", "Revoke the shared link"),
                    ("warn", "Warn the person"),
                    ("restrict", "Restrict the person"),
                    ("suspend", "Suspend the person"),
                ],
                max_length=20,
            ),
        ),
    ]
