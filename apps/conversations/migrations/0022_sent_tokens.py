from django.db import migrations, models


class Migration(migrations.Migration):
    """How long the prompt is that a model was sent, for the live board and who finds it lost."""

    dependencies = [
        ("conversations", "0021_named_model"),
    ]

    operations = [
        migrations.AddField(
            model_name="reply",
            name="sent_tokens",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
    ]
