from django.db import migrations

FUNCTION = """
CREATE FUNCTION llm_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Rows of % are only ever added.', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
"""
TRIGGER = """
CREATE TRIGGER llm_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON llm_assistantversion
    FOR EACH STATEMENT EXECUTE FUNCTION llm_refuse_change();
"""
SEEING = [
    ("assistant", "view_assistant"),
    ("assistantversion", "view_assistantversion"),
    ("chatmodel", "view_chatmodel"),
]
MANAGING = [("provider", "view_provider"), ("provider", "manage_catalogue")]
GROUPS = {
    "admin": [*SEEING, *MANAGING],
    "moderator": SEEING,
    "lead": SEEING,
    "auditor": SEEING,
}
NAMES = {"manage_catalogue": "Can manage providers, models and assistants"}


def grant(apps, schema_editor):
    """Let admins manage the catalogue, and whoever reviews answers see what they came from."""
    for name, rights in GROUPS.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        for model, codename in rights:
            kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
                app_label="llm", model=model
            )
            permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
                content_type=kind,
                codename=codename,
                defaults={"name": NAMES.get(codename, f"Can {codename.replace('_', ' ')}")},
            )
            group.permissions.add(permission)


class Migration(migrations.Migration):
    """Versions of assistants stay as they are; who may see and change the catalogue."""

    dependencies = [
        ("llm", "0004_catalogue"),
        ("users", "0004_duties"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION llm_refuse_change();"),
        migrations.RunSQL(TRIGGER, "DROP TRIGGER llm_append_only ON llm_assistantversion;"),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
