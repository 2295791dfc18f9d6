"""The image holds what the product reads, and its build ends well; no engine is needed for it."""

import os
import re
import subprocess
import sys
from pathlib import Path

from apps.core.development.state import CHECKOUT

DOCKERFILE = (CHECKOUT / "Dockerfile").read_text()
READ_AT_WORK = {"manage.py", "project", "apps", "templates", "static", "locale", "deploy"}


def test_everything_that_is_read_at_work_is_copied_and_not_left_out() -> None:
    copied = {line.split()[1] for line in re.findall(r"^COPY (?!--).*$", DOCKERFILE, re.MULTILINE)}
    admitted = set(re.findall(r"^!(\S+)$", (CHECKOUT / ".dockerignore").read_text(), re.MULTILINE))
    assert copied >= READ_AT_WORK
    assert admitted >= READ_AT_WORK


def test_the_files_of_the_pages_are_collected_as_the_image_collects_them(tmp_path: Path) -> None:
    """Files are named after what is in them, so a script that is not understood ends the build."""
    step = DOCKERFILE[DOCKERFILE.index("&& SECRET_KEY=") : DOCKERFILE.index("USER parley\n")]
    values = dict(re.findall(r"\b([A-Z_]+)=(\S+)", step))
    done = subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"],
        cwd=CHECKOUT,
        env={
            "PATH": os.environ["PATH"],
            "ENVIRONMENT": "production",
            "STATIC_ROOT": str(tmp_path),
            **values,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "staticfiles.json").is_file()
