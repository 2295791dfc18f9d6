"""The page's scripts pass their own tests, where Node is installed."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OLDEST_NODE = 20
LIMIT_SECONDS = 120


def node_path() -> str:
    path = shutil.which("node")
    if path is None:
        pytest.skip("Node is not installed")
    shown = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    if int(shown.lstrip("v").split(".")[0]) < OLDEST_NODE:
        pytest.skip(f"Node {OLDEST_NODE} or later runs these tests, this is {shown.strip()}")
    return path


def test_the_page_scripts_pass_their_tests() -> None:
    files = sorted(str(path) for path in (ROOT / "tests" / "js").glob("*.test.js"))
    assert files
    done = subprocess.run(
        [node_path(), "--test", *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
