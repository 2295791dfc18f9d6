import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """An undo names the decision that it takes back, which may stand under a lift."""

    dependencies = [("moderation", "0024_rule_ends")]

    operations = [
        migrations.AddField(
            model_name="decision",
            name="takes_back",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="moderation.decision",
            ),
        ),
    ]
