from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Grants are found by the number of their conversation, and by how they ended."""

    atomic = False
    dependencies = [("moderation", "0022_grants_ended")]

    operations = [
        AddIndexConcurrently(
            model_name="accessgrant",
            index=models.Index(fields=["conversation_number", "-id"], name="grant_by_number"),
        ),
        AddIndexConcurrently(
            model_name="accessgrant",
            index=models.Index(
                fields=["-id"],
                name="grant_ended_early",
                condition=models.Q(("revoked_at__isnull", False)),
            ),
        ),
    ]
