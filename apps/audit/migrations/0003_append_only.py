from django.db import migrations

GUARD = """
CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Audit events are only ever added.' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER audit_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
"""

UNGUARD = """
DROP TRIGGER audit_append_only ON audit_auditevent;
DROP FUNCTION audit_refuse_change();
"""


class Migration(migrations.Migration):
    """Refuse every change of the audit in the database itself."""

    dependencies = [("audit", "0002_initial")]

    operations = [
        migrations.AlterModelOptions(
            name="auditevent", options={"default_permissions": ("view",)}
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
