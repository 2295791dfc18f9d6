import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """The model that a program named, for whoever asks for its answer once more."""

    dependencies = [
        ("llm", "0017_usage_summed"),
        ("conversations", "0020_retry_at"),
    ]

    operations = [
        migrations.AddField(
            model_name="reply",
            name="named_model",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="llm.chatmodel",
            ),
        ),
    ]
