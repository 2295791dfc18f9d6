"""One verdict on several cases: each gets its own decision, all share a batch, one undo for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from apps.core.errors import AppError
from apps.core.problems import field_problem
from apps.moderation import constants
from apps.moderation.constants import Verdict
from apps.moderation.errors import BatchNotFoundError
from apps.moderation.models import Case, CaseSnapshot, Decision
from apps.moderation.services.appeals import blind_reviews
from apps.moderation.services.cases import cases
from apps.moderation.services.decisions import decisions, reversals
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.desk import case_texts, preferences, queue
from apps.users.models import User

SAMPLE = 5


@dataclass(frozen=True, slots=True)
class Pick:
    """A case in the state in which somebody picked it."""

    case_id: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A case of a batch, to look at before deciding; a covered text shows when asked for."""

    case: Case
    text: str
    subject_name: str
    is_covered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What is about to be decided at once."""

    picks: Sequence[Pick]
    people: int
    severe: int
    samples: Sequence[Sample]

    @property
    def count(self) -> int:
        """How many cases there are."""
        return len(self.picks)

    @property
    def must_be_typed(self) -> bool:
        """Whether the number has to be typed to go on."""
        return self.count > constants.BULK_CONFIRM_ABOVE


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of a batch: what was done, and why not what was not."""

    batch_id: UUID
    done: int = 0
    refused: list[str] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """What a person is told."""
        whole = self.done + len(self.refused)
        more = f" And {len(self.refused) - 3} more." if len(self.refused) > 3 else ""
        return f"{self.done} of {whole} done. {' '.join(self.refused[:3])}{more}".strip()


def look(*, actor: User, picks: Sequence[Pick]) -> Batch:
    """Return what a bulk decision would be about; whose words it shows is in the audit record.

    A case about the actor is left out, as it is in the queue.

    Raises:
        ForbiddenError: the actor may not decide in bulk.
        ValidationFailedError: nothing was picked, or too much.
    """
    cases.require(actor, cases.OVERRIDE)
    _check_size(picks)
    rows = Case.objects.filter(pk__in=[pick.case_id for pick in picks]).not_about(actor)
    rows = rows.select_related("policy__current").order_by("-severity", "id")
    found = list(rows)
    known = {case.pk for case in found}
    shown = found[:SAMPLE]
    numbers = [case.pk for case in shown]
    names = queue.names_of(shown)
    covered_from = preferences.collapse_from(actor)
    texts: dict[int, str] = dict(
        CaseSnapshot.objects.of_cases(numbers).order_by("id").values_list("case", "text")
    )
    case_texts.note_excerpts(viewer=actor, case_ids=numbers)
    return Batch(
        picks=[pick for pick in picks if pick.case_id in known],
        people=len({case.subject_id for case in found}),
        severe=sum(case.severity >= constants.Severity.HIGH for case in found),
        samples=[
            Sample(
                case=case,
                text=texts.get(case.pk, ""),
                subject_name=names.get(case.subject_id, f"#{case.subject_id}"),
                is_covered=case.severity >= covered_from,
            )
            for case in shown
        ],
    )


def decide_many(
    *, actor: User, picks: Sequence[Pick], ruling: Ruling, typed_count: int | None = None
) -> Outcome:
    """Decide several cases alike; a case that cannot be decided is left as it is and named.

    Args:
        actor: a lead.
        picks: which cases, each in the version that was looked at.
        ruling: the verdict, the same for all.
        typed_count: the number that the actor typed, needed above twenty.

    Raises:
        ForbiddenError: the actor may not decide in bulk.
        PolicyNotFoundError: there is no such policy in use; no case was touched.
        ValidationFailedError: the number of cases does not fit, or was not typed, or the ruling
            would fit none of them; no case was touched.
    """
    cases.require(actor, cases.OVERRIDE)
    _check_size(picks)
    if len(picks) > constants.BULK_CONFIRM_ABOVE and typed_count != len(picks):
        raise field_problem("typed_count", f"Type {len(picks)} to go on.", "count_not_typed")
    if ruling.verdict == Verdict.UNSURE:
        raise field_problem("verdict", "Hand cases on one by one.", "unsure_in_bulk")
    decisions.check_ruling(ruling)
    outcome = Outcome(batch_id=uuid4())
    for pick in picks:
        try:
            decisions.decide(
                actor=actor,
                case_id=pick.case_id,
                version=pick.version,
                ruling=ruling,
                is_override=True,
                batch_id=outcome.batch_id,
            )
        except AppError as error:
            outcome.refused.append(f"#{pick.case_id}: {error.message}")
        else:
            outcome.done += 1
    return outcome


def decisions_of(*, actor: User, batch_id: UUID) -> list[Decision]:
    """Return the decisions of a batch that still hold; none about the actor.

    `is_kept` says of which the reasons are kept from the actor, as in every list of decisions.

    Raises:
        ForbiddenError: the actor may not decide in bulk.
        BatchNotFoundError: there are none.
    """
    cases.require(actor, cases.OVERRIDE)
    rows = Decision.objects.holding().of_batch(batch_id).not_about(actor)
    rows = rows.select_related("case").order_by("id")
    found = list(blind_reviews.with_kept_reasons(rows, viewer=actor))
    if not found:
        raise BatchNotFoundError
    return found


def undo_batch(*, actor: User, batch_id: UUID, reason: str) -> Outcome:
    """Take back every decision of a batch that still holds.

    Raises:
        ForbiddenError, BatchNotFoundError: as `decisions_of`.
    """
    outcome = Outcome(batch_id=batch_id)
    for decision in decisions_of(actor=actor, batch_id=batch_id):
        try:
            reversals.undo(actor=actor, decision_id=decision.pk, reason=reason)
        except AppError as error:
            outcome.refused.append(f"#{decision.case_id}: {error.message}")
        else:
            outcome.done += 1
    return outcome


def _check_size(picks: Sequence[Pick]) -> None:
    if not picks:
        raise field_problem("case", "Select at least one case first.", "nothing_selected")
    if len(picks) > constants.MAX_BULK_CASES:
        message = f"Select at most {constants.MAX_BULK_CASES} cases."
        raise field_problem("case", message, "too_many_selected")
