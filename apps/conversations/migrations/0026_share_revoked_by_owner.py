from django.db import migrations, models


class Migration(migrations.Migration):
    """Whether an owner had revoked a link before staff did: then giving it back opens nothing."""

    dependencies = [
        ("conversations", "0025_index_of_words_anew"),
    ]

    operations = [
        migrations.AddField(
            model_name="share",
            name="was_revoked_by_owner",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
