from django.db import migrations, models


class Migration(migrations.Migration):
    """What a hard quota holds for an answer, which is the longest that it may be."""

    dependencies = [
        ("llm", "0014_limits_of_staff"),
    ]

    operations = [
        migrations.AddField(
            model_name="reservation",
            name="answer_tokens",
            field=models.PositiveIntegerField(null=True),
        ),
    ]
