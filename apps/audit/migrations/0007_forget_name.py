from django.db import migrations

FORGETTING = """
CREATE OR REPLACE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_LEVEL = 'ROW'
        AND NEW.actor_label = 'account ' || OLD.actor_id
        AND to_jsonb(NEW) - 'actor_label' = to_jsonb(OLD) - 'actor_label'
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'Audit events are only ever added.' USING ERRCODE = 'restrict_violation';
END
$$;
DROP TRIGGER audit_append_only ON audit_auditevent;
CREATE TRIGGER audit_append_only
    BEFORE DELETE OR TRUNCATE ON audit_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_name_alone
    BEFORE UPDATE ON audit_auditevent
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""

FORMER = """
CREATE OR REPLACE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Audit events are only ever added.' USING ERRCODE = 'restrict_violation';
END
$$;
DROP TRIGGER audit_name_alone ON audit_auditevent;
DROP TRIGGER audit_append_only ON audit_auditevent;
CREATE TRIGGER audit_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
"""


class Migration(migrations.Migration):
    """Let the number take the place of a name, and nothing else change."""

    dependencies = [("audit", "0006_metrics")]

    operations = [migrations.RunSQL(FORGETTING, FORMER)]
