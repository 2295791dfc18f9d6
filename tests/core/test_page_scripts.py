"""The page's scripts parse, stay short and pass their own tests, where Node is installed."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OLDEST_NODE = 20
LIMIT_SECONDS = 120
MAX_MODULE_LINES = 300
MODULES = sorted((ROOT / "static" / "js").rglob("*.js"))
PARSE_EACH = """
import { readFileSync } from "node:fs";
import { SourceTextModule } from "node:vm";
for (const path of process.argv.slice(1)) {
  try {
    new SourceTextModule(readFileSync(path, "utf8"), { identifier: path });
  } catch (error) {
    console.log(`${path}: ${error.message}`);
  }
}
"""


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


def test_every_module_parses() -> None:
    options = ["--no-warnings", "--experimental-vm-modules", "--input-type=module"]
    done = subprocess.run(
        [node_path(), *options, "--eval", PARSE_EACH, "--", *map(str, MODULES)],
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=True,
    )
    assert done.stdout == ""


def test_modules_stay_short() -> None:
    lengths = {path.name: len(path.read_text().splitlines()) for path in MODULES}
    assert {name for name, lines in lengths.items() if lines > MAX_MODULE_LINES} == set()
