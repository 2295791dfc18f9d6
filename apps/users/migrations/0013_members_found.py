from django.db import migrations

ADD = """
    CREATE INDEX CONCURRENTLY IF NOT EXISTS members_of_group
    ON users_user_groups (group_id, user_id)
"""
DROP = "DROP INDEX CONCURRENTLY IF EXISTS members_of_group"


class Migration(migrations.Migration):
    """Find the newest members of a group, however many it has."""

    atomic = False

    dependencies = [
        ("users", "0012_groups"),
    ]

    operations = [
        migrations.RunSQL(ADD, DROP),
    ]
