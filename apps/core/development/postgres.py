"""The embedded PostgreSQL."""

import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

import psycopg

from apps.core.development.errors import DevelopmentError, with_log_tail
from apps.core.development.placement import Placement, place
from apps.core.development.processes import (
    POLL_SECONDS,
    Launch,
    Pause,
    end,
    program_name,
    spawn_logged,
)
from apps.core.development.server import Server

ROLE = "parley"
DATABASE = "parley"
INITDB_OPTIONS = (
    "--username",
    ROLE,
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
)
SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0777",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%m ",
}
THROWAWAY_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


class PostgresServer(Server):
    """PostgreSQL on a socket that only the account who started it may use.

    There is no password: the kernel tells the server who connects (peer authentication).
    """

    title = "PostgreSQL"

    def __init__(self, *, folder: Path, name: str = "postgres", is_throwaway: bool = False) -> None:
        super().__init__(folder=folder, name=name)
        self.is_throwaway = is_throwaway
        self.placement: Placement = place(folder)
        self.data = self.placement.base / "data"
        if is_throwaway:
            self.stop_steps = ((signal.SIGQUIT, 5),)
        else:
            self.stop_steps = ((signal.SIGINT, 10), (signal.SIGQUIT, 5))
        self.url = self.database_url(DATABASE)

    def database_url(self, database: str) -> str:
        """Return the address of one of its databases."""
        host = quote(str(self.placement.sockets), safe="")
        return f"postgresql://{ROLE}@/{database}?host={host}"

    def prepare(self, pause: Pause) -> Launch:
        """Make the data folder on first use and say how to start the server."""
        self._refuse_other_version()
        if not (self.data / "PG_VERSION").exists():
            self._initialise(pause)
        self._forget_reused_process_id()
        settings = dict(SETTINGS)
        if self.is_throwaway:
            settings.update(THROWAWAY_SETTINGS)
        settings["unix_socket_directories"] = str(self.placement.sockets)
        settings.update(self._access_rules())
        options = [part for item in settings.items() for part in ("-c", "=".join(item))]
        return self._launch("postgres", "-D", str(self.data), *options)

    def is_ready(self) -> bool:
        """Whether the server has written that it accepts connections."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").split("\n")
        except OSError:
            return False
        is_ours = self.process is not None and lines[0] == str(self.process.pid)
        return is_ours and any(line.strip() == "ready" for line in lines[7:])

    def after_ready(self) -> None:
        """Make the database on first use."""
        with psycopg.connect(self.database_url("postgres"), autocommit=True) as connection:
            known = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
            ).fetchone()
            if known is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")

    def _launch(self, program: str, *arguments: str) -> Launch:
        return Launch(
            command=[str(self.placement.programs / program), *arguments],
            environment={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            account=self.placement.account,
            death_signal=self.stop_steps[0][0],
        )

    def _initialise(self, pause: Pause) -> None:
        """Run initdb beside the final place, so that a broken-off one leaves nothing half made."""
        fresh = self.placement.base / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        account = self.placement.account
        if account is not None:
            os.chown(fresh, account.uid, account.gid)
        sync = ["--no-sync"] if self.is_throwaway else []
        process = spawn_logged(
            self._launch("initdb", "-D", str(fresh), *INITDB_OPTIONS, *sync), self.log
        )
        try:
            while process.poll() is None:
                pause(POLL_SECONDS)
        finally:
            end(process)
        if process.returncode != 0:
            raise with_log_tail("PostgreSQL could not make its data folder.", self.log)
        fresh.replace(self.data)

    def _access_rules(self) -> dict[str, str]:
        """Let exactly the account that runs this connect, through the socket only."""
        rules = self.placement.base / "pg_hba.conf"
        names = self.placement.base / "pg_ident.conf"
        rules.write_text("local all all peer map=starter\n", encoding="utf-8")
        names.write_text(f'starter "{_own_account()}" {ROLE}\n', encoding="utf-8")
        for path in (rules, names):
            path.chmod(0o644)
        return {"hba_file": str(rules), "ident_file": str(names)}

    def _forget_reused_process_id(self) -> None:
        """Remove the mark of a killed server whose process id another program has by now.

        PostgreSQL would take that program for a second server and refuse to start.
        """
        mark = self.data / "postmaster.pid"
        try:
            pid = int(mark.read_text(encoding="utf-8").split("\n")[0])
        except (OSError, ValueError):
            return
        if program_name(pid) not in {"", "postgres"}:
            mark.unlink()

    def _refuse_other_version(self) -> None:
        try:
            made_by = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        except OSError:
            return
        shown = subprocess.run(
            [str(self.placement.programs / "postgres"), "--version"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        major = shown.split()[2].split(".")[0]
        if made_by != major:
            raise DevelopmentError(
                f"The data in {self.data} were made by PostgreSQL {made_by}, this is {major}. "
                f"Move {self.placement.base} away to start afresh, or set PARLEY_DATA_DIR."
            )


def _own_account() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError as error:
        raise DevelopmentError(
            f"PostgreSQL needs a name for user id {os.geteuid()}, and this machine has none. "
            "Add the account, or set DATABASE_URL to a PostgreSQL of your own."
        ) from error
