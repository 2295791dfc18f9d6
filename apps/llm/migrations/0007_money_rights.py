from django.db import migrations

RIGHTS = [
    ("usagerecord", "view_cost", "Can see what calls to models cost", True),
    ("price", "view_price", "Can view price", True),
    ("price", "add_price", "Can add price", False),
    ("quota", "view_quota", "Can view quota", True),
    ("quota", "change_quota", "Can change quota", False),
    ("pause", "view_pause", "Can view pause", True),
    ("pause", "change_pause", "Can change pause", False),
]
GUARD = """
CREATE TRIGGER llm_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON llm_price
    FOR EACH STATEMENT EXECUTE FUNCTION llm_refuse_change();
"""
UNGUARD = "DROP TRIGGER llm_append_only ON llm_price;"


def grant(apps, schema_editor):
    """Let admins set prices, quotas and pauses, and let auditors see them."""
    groups = apps.get_model("auth", "Group").objects
    admins, _ = groups.get_or_create(name="admin")
    auditors, _ = groups.get_or_create(name="auditor")
    for model, codename, name, is_seen in RIGHTS:
        kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
            app_label="llm", model=model
        )
        permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
            content_type=kind, codename=codename, defaults={"name": name}
        )
        admins.permissions.add(permission)
        if is_seen:
            auditors.permissions.add(permission)


class Migration(migrations.Migration):
    """Prices are only ever added; who may see and set what costs and limits."""

    dependencies = [
        ("llm", "0006_money"),
        ("users", "0004_duties"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunSQL(GUARD, UNGUARD),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
