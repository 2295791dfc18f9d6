"""One operation's row of the matrix.

A cell is the status, or for a refusal its code. The columns that are the same for all operations
(no token, a token that is over or was made for something else, a suspended owner) have no cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple


class Row(NamedTuple):
    """What the callers of one operation are answered.

    Attributes:
        owner: whose account, conversation, notice or token it is.
        stranger: somebody else.
        moderator: somebody else who is a moderator.
        admin: somebody else who is an admin.
        restricted: the owner, while they may read and not write.
        body: what is sent.
        is_open: whether it takes no token at all.
        query: what is asked for behind the path.
        named: the row of the scene for a parameter of the path, where it is not the usual one.
        keeps: refusals that leave a row: that an admin asked in somebody's name stays in the audit.
    """

    owner: int | str
    stranger: int | str
    moderator: int | str
    admin: int | str
    restricted: int | str
    body: Any = None
    is_open: bool = False
    query: str = ""
    named: Mapping[str, str] = MappingProxyType({})
    keeps: tuple[str, ...] = ()
