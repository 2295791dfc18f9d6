"""The jobs that staff come to do; the index and the sidebar are grouped by them."""

from enum import Enum


class Section(Enum):
    """A group of pages that serve one job: its title and one line that says what it is for."""

    MODERATION = ("Moderation", "What waits for a decision, and what was decided.")
    REVIEW = ("Review", "What was written, and taking it from view.")
    PEOPLE = ("People", "Who uses this place, and how they stand.")
    RECORDS = ("Records", "Cases, decisions and what came of them, to look things up.")
    MODELS = ("Models", "What was asked of the models, and what it used.")
    AUDIT = ("Audit", "Who did what, to what, and why.")
    SYSTEM = ("System", "The work that runs behind the pages.")

    @property
    def title(self) -> str:
        """The heading of the group."""
        return self.value[0]

    @property
    def purpose(self) -> str:
        """One line under the heading."""
        return self.value[1]
