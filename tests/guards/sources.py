"""What the guards read: the project's own files."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def read(path: str) -> str:
    """Return a file of the project."""
    return (ROOT / path).read_text()


def python_files(*folders: str) -> Iterator[Path]:
    """Return the project's own modules, without migrations."""
    for folder in folders or ("apps", "project"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def named(*names: str) -> Iterator[Path]:
    """Return the modules, or the modules of packages, that have one of these names in an app."""
    for path in python_files("apps"):
        parts = path.relative_to(ROOT / "apps").with_suffix("").parts
        if any(part in names for part in parts[1:]):
            yield path


def relative(path: Path) -> str:
    """Return a path as the project names it."""
    return str(path.relative_to(ROOT))


def attributes(path: Path) -> Iterator[tuple[int, str]]:
    """Return line and name of every attribute that a module reaches for."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            yield node.lineno, node.attr


def import_everything() -> None:
    """Import every module of every app, so that every class is known."""
    for path in python_files("apps"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if "__main__" not in parts:
            import_module(".".join(part for part in parts if part != "__init__"))
