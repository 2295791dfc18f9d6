"""Puts the staff site in the place of Django's."""

from django.contrib.admin.apps import AdminConfig


class StaffAdminConfig(AdminConfig):
    """Django's admin with our site as the only one."""

    default_site = "apps.core.admin_kit.site.StaffSite"
