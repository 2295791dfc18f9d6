"""What a process has loaded before its first request."""

import json
import subprocess
import sys

PROGRAM = """
import gc, json
import project.asgi
from django.conf import settings
from django.urls import get_resolver
known = get_resolver()._namespace_dict
languages = {code for code, _ in settings.LANGUAGES}
print(json.dumps([set(known) == languages, gc.get_freeze_count() > 100_000]))
"""


def test_a_web_process_knows_every_address_in_every_language_before_its_first_request() -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )

    assert json.loads(run.stdout) == [True, True]
