from django.db import migrations

PERMISSIONS = {
    "admin": [
        ("user", "add_user", "Can add user"),
        ("user", "change_user", "Can change user"),
        ("user", "delete_user", "Can delete user"),
        ("user", "view_user", "Can view user"),
        ("user", "change_role", "Can change the role of a person"),
        ("user", "change_standing", "Can warn, restrict, suspend and lift"),
        ("restriction", "view_restriction", "Can view restriction"),
        ("apitoken", "view_apitoken", "Can view api token"),
        ("apitoken", "delete_apitoken", "Can delete api token"),
    ],
    "moderator": [
        ("user", "view_user", "Can view user"),
        ("user", "change_standing", "Can warn, restrict, suspend and lift"),
        ("restriction", "view_restriction", "Can view restriction"),
    ],
    "user": [],
}
BATCH = 1000


def make_roles(apps, schema_editor):
    """Make a group for each role with its rights, and put everybody into the group of their role."""
    for role, permissions in PERMISSIONS.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
        for model, codename, name in permissions:
            kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
                app_label="users", model=model
            )
            permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
                content_type=kind, codename=codename, defaults={"name": name}
            )
            group.permissions.add(permission)
        people = apps.get_model("users", "User").objects.filter(role=role).order_by("pk")
        last = 0
        while batch := list(people.filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]):
            group.user_set.add(*batch)
            last = batch[-1]


def remove_roles(apps, schema_editor):
    """Remove the groups; permissions stay, Django makes them anyway."""
    apps.get_model("auth", "Group").objects.filter(name__in=PERMISSIONS).delete()


class Migration(migrations.Migration):
    """The groups behind the roles; other apps add their own permissions to them in the same way."""

    dependencies = [
        ("users", "0002_rights_and_standing"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_roles, remove_roles)]
