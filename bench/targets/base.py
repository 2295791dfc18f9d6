"""What every target can do."""

from abc import ABC, abstractmethod
from typing import ClassVar

from bench.model import Model
from bench.viewers import Door

PEOPLE = 800


class Target(ABC):
    """One way from the model to the viewers.

    Attributes:
        name: in figures and on the command line.
        title: what a reader sees.
        keeps: whether the chat is stored.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    keeps: ClassVar[bool]

    def __init__(self, model: Model) -> None:
        self.model = model

    @abstractmethod
    def start(self) -> None:
        """Start all processes and return when they serve."""

    @abstractmethod
    def stop(self) -> None:
        """Stop them; start may follow."""

    @abstractmethod
    def roots(self) -> dict[str, int]:
        """Return the processes whose trees are counted."""

    @abstractmethod
    def doors(self, count: int) -> list[Door]:
        """Return a door for each of so many people, each into a conversation of its own."""

    def throw_away(self) -> None:  # noqa: B027
        """Remove what was kept on disk between starts."""
