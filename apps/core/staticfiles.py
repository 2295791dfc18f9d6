from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class HashedModuleStorage(ManifestStaticFilesStorage):
    """Names static files after their content, also where one script module imports another."""

    support_js_module_import_aggregation = True
