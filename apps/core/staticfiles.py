from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class HashedModuleStorage(ManifestStaticFilesStorage):
    """Names static files after their content, also where one script module imports another."""

    support_js_module_import_aggregation = True
    max_post_process_passes = 20
    """How deep modules may import one another: each step takes a pass."""
