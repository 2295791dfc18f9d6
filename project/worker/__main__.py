"""The worker process: `python -m project.worker` writes answers and does everything later."""

import asyncio
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django.setup()

from project.worker.process import run_worker  # noqa: E402  models need Django to be set up

if sys.platform == "win32":
    asyncio.run(run_worker())
else:
    import uvloop

    uvloop.run(run_worker())
