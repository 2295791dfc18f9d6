"""Where PostgreSQL's files go, and that nobody's folders are opened for it."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from apps.core.development.errors import DevelopmentError
from apps.core.development.placement import SOCKET_NAME, place
from apps.core.development.postgres import PostgresServer

is_root = os.geteuid() == 0
only_root = pytest.mark.skipif(not is_root, reason="only root runs PostgreSQL as another account")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="parley-home-"))
    folder = home / "checkout" / ".parley"
    folder.mkdir(parents=True)
    yield folder
    shutil.rmtree(home, ignore_errors=True)


@only_root
def test_root_runs_postgresql_beside_a_closed_home_and_leaves_it_closed(
    closed_folder: Path,
) -> None:
    home = closed_folder.parents[1]
    server = PostgresServer(folder=closed_folder, is_throwaway=True)
    try:
        server.start()
        with psycopg.connect(server.url) as connection:
            shown = connection.execute("SHOW data_directory").fetchone()
        assert shown == (str(server.data),)
        assert home not in server.data.parents
        assert str(server.placement.base) in server.placement.notice
        assert mode(home) == 0o700
        assert server.data.stat().st_uid == server.placement.account.uid  # type: ignore[union-attr]
        assert mode(server.data) == 0o700
    finally:
        server.stop()
        server.placement.remove(closed_folder)
    assert not server.placement.base.exists()


@only_root
def test_data_that_became_unreachable_are_not_left_behind_silently(closed_folder: Path) -> None:
    (closed_folder / "postgres" / "data").mkdir(parents=True)
    with pytest.raises(DevelopmentError, match="can no longer reach that folder"):
        place(closed_folder)


@only_root
def test_a_folder_of_another_account_is_not_taken(closed_folder: Path) -> None:
    (closed_folder / "postgres").mkdir()
    os.chown(closed_folder / "postgres", 12345, 12345)
    with pytest.raises(DevelopmentError, match="belongs to another account"):
        place(closed_folder)


def test_a_long_or_unusual_path_gets_a_short_socket_folder_that_stays(tmp_path: Path) -> None:
    folder = tmp_path / ("deep folder é " * 8)
    folder.mkdir()
    first = place(folder)
    try:
        assert len(str(first.sockets / SOCKET_NAME)) <= 103
        assert folder not in first.sockets.parents
        assert place(folder).sockets == first.sockets
    finally:
        first.remove(folder)


def test_rows_come_back_where_the_path_holds_spaces(tmp_path: Path) -> None:
    folder = tmp_path / "my clone é"
    folder.mkdir()
    server = PostgresServer(folder=folder, is_throwaway=True)
    try:
        server.start()
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT current_database()").fetchone() == ("parley",)
    finally:
        server.stop()
        server.placement.remove(folder)
