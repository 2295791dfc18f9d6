from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """The lists of a person: what is open, put away and deleted; what is to be purged."""

    atomic = False

    dependencies = [
        ("conversations", "0011_finding"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("archived_at", None), ("deleted_at", None), ("origin", "chat")),
                fields=["owner", "-last_message_at", "-id"],
                name="conversation_listed",
            ),
        ),
        RemoveIndexConcurrently(model_name="conversation", name="conversation_list"),
        AddIndexConcurrently(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("archived_at__isnull", False), ("deleted_at", None)),
                fields=["owner", "-archived_at", "-id"],
                name="conversation_archived",
            ),
        ),
        AddIndexConcurrently(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", False)),
                fields=["owner", "-deleted_at", "-id"],
                name="conversation_deleted",
            ),
        ),
        AddIndexConcurrently(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", False)),
                fields=["deleted_at"],
                name="conversation_to_purge",
            ),
        ),
    ]
