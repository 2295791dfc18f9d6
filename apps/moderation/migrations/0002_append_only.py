from django.db import migrations

TABLES = ("decision", "rulehit", "ruleversion", "policyversion")

FUNCTION = """
CREATE FUNCTION moderation_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Rows of % are only ever added.', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
"""
TRIGGER = """
CREATE TRIGGER moderation_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON moderation_{table}
    FOR EACH STATEMENT EXECUTE FUNCTION moderation_refuse_change();
"""


class Migration(migrations.Migration):
    """Refuse every change of decisions, hits and versions in the database itself."""

    dependencies = [("moderation", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION moderation_refuse_change();"),
        *(
            migrations.RunSQL(
                TRIGGER.format(table=table),
                f"DROP TRIGGER moderation_append_only ON moderation_{table};",
            )
            for table in TABLES
        ),
    ]
