import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

PURPOSES = [
    ("reply", "Reply"),
    ("title", "Title"),
    ("judge", "Judgement of a rule"),
    ("moderation", "Moderation endpoint"),
    ("trial", "Try by an admin"),
]


class Migration(migrations.Migration):
    """Calls by which rules judge texts are nobody's; days tell what calls were for.

    What days held before counts as replies.
    """

    dependencies = [
        ("llm", "0007_money_rights"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="usagerecord",
            name="user",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="usage_records",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="usageday",
            name="user",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="usageday",
            name="purpose",
            field=models.CharField(
                choices=PURPOSES, db_default="reply", default="reply", max_length=20
            ),
        ),
        migrations.AlterField(
            model_name="usagerecord",
            name="purpose",
            field=models.CharField(choices=PURPOSES, max_length=20),
        ),
        migrations.AlterField(
            model_name="reservation",
            name="purpose",
            field=models.CharField(choices=PURPOSES, max_length=20),
        ),
    ]
