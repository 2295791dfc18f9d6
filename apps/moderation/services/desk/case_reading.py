"""What the page of a case shows beside its text, for programs: person, precedents, timeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apps.moderation.models import Decision, Strike
from apps.moderation.services.appeals import blind_reviews
from apps.moderation.services.cases import case_flags, cases
from apps.moderation.services.desk import case_pages, case_subjects, similar_cases, timelines
from apps.users.models import Restriction, User

ROWS_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonOfCase:
    """The person whom a case is about.

    Attributes:
        card: as the page of the case shows them.
        restrictions: that hold at the moment, the one that decides first.
        strikes: that count at the moment, newest first.
        decisions: about other cases of theirs that hold, newest first.
    """

    card: case_subjects.SubjectCard
    restrictions: Sequence[Restriction]
    strikes: Sequence[Strike]
    decisions: Sequence[Decision]


def read_person(*, viewer: User, case_id: int) -> PersonOfCase:
    """Return whom a case is about: figures, and the newest rows of each kind; never an address.

    Raises:
        ForbiddenError: the viewer may not see cases.
        CaseNotFoundError: there is no such case.
        OwnCaseError: it is about the viewer.
    """
    case = cases.access_case(viewer=viewer, case_id=case_id)
    person = User.objects.only(*case_pages.SHOWN_OF_PEOPLE).filter(pk=case.subject_id).first()
    strikes = Strike.objects.active().about(case.subject_id).select_related("decision")
    decisions = Decision.objects.about(case.subject_id).not_superseded().without_undos()
    restrictions = Restriction.objects.of_user(case.subject_id).running()
    return PersonOfCase(
        card=case_subjects.card_of(case, person),
        restrictions=list(restrictions[:ROWS_SHOWN]),
        strikes=list(strikes.order_by("-id")[:ROWS_SHOWN]),
        decisions=list(
            decisions.outside_case(case)
            .select_related("policy_version")
            .order_by("-id")[:ROWS_SHOWN]
        ),
    )


def read_similar(*, viewer: User, case_id: int) -> list[similar_cases.Similar]:
    """Return decided cases with the same passage, person or rule, and how they ended.

    Raises:
        ForbiddenError, CaseNotFoundError, OwnCaseError: as `read_person`.
    """
    case = cases.access_case(viewer=viewer, case_id=case_id)
    return similar_cases.similar_to(case, case_flags.flags_of(case), viewer=viewer)


def read_timeline(*, viewer: User, case_id: int) -> list[timelines.Entry]:
    """Return everything that happened to a case, newest first.

    Why it was decided is left out for somebody who may review its appeal and has not said yet
    what they think.

    Raises:
        ForbiddenError, CaseNotFoundError, OwnCaseError: as `read_person`.
    """
    case = cases.access_case(viewer=viewer, case_id=case_id)
    flags = case_flags.flags_of(case)
    history = timelines.history_of(case)
    hides_reasons = blind_reviews.hides_any(viewer=viewer, appeals=history.appeals)
    numbers = history.holders | {flag.reporter_id for flag in flags if flag.reporter_id}
    names = User.objects.names(numbers)
    return timelines.timeline_of(history, flags, names, hides_reasons=hides_reasons)
