"""What can be wrong with cases, rules and decisions, in words for a person."""

from __future__ import annotations

from apps.core.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    ValidationFailedError,
)


class CaseNotFoundError(NotFoundError):
    """There is no such case, or the caller may not see it."""

    code = "case_not_found"
    default_message = "There is no such case. Look for it in the queue."


class QueueEmptyError(NotFoundError):
    """Nothing waits for a decision of this person."""

    code = "queue_empty"
    default_message = "Nothing waits for you in this queue. Look again later."


class CaseClaimedError(ConflictError):
    """Somebody else holds the case at the moment."""

    code = "case_claimed"
    default_message = "Somebody else works on this case at the moment. Take another one, or wait."


class CaseNotClaimedError(ConflictError):
    """The caller does not hold a live claim on the case."""

    code = "case_not_claimed"
    default_message = "You do not hold this case any more. Take it again and decide."


class CaseClosedError(ConflictError):
    """The case is decided already."""

    code = "case_closed"
    default_message = "This case is decided already. Take its decision back to change it."


class CaseWaitsError(ConflictError):
    """What was decided on a case cannot be changed elsewhere while the case waits."""

    code = "case_waits"
    default_message = "The case that brought this waits for a decision. Decide it there."


class CaseChangedError(ConflictError):
    """The case changed since the caller read it."""

    code = "case_changed"
    default_message = "This case changed meanwhile. Look at what is new and decide again."


class OwnCaseError(ForbiddenError):
    """The case is about the caller, they reported it, or it is an appeal of what they decided."""

    code = "own_case"
    default_message = "You have a part in this case. Somebody else must decide it."


class RecordNotFoundError(NotFoundError):
    """There is no such row of the record, or it is about the caller."""

    code = "record_not_found"
    default_message = "There is no such entry. List them to see which there are."


class PolicyNotFoundError(NotFoundError):
    """There is no such policy, or it is not in use."""

    code = "policy_not_found"
    default_message = "There is no such policy in use. List the policies to see which there are."


class PolicyInUseError(ConflictError):
    """Rules of the policy are on."""

    code = "policy_in_use"
    default_message = "Rules of this policy are on. Switch them off first."


class ThresholdNotFoundError(NotFoundError):
    """There is no such threshold of points."""

    code = "threshold_not_found"
    default_message = "There is no such threshold. List them to see which there are."


class DecisionNotFoundError(NotFoundError):
    """There is no such decision."""

    code = "decision_not_found"
    default_message = "There is no such decision. Look for it on its case."


class DecisionSupersededError(ConflictError):
    """A later decision took its place already."""

    code = "decision_superseded"
    default_message = "A later decision took the place of this one already. Look at the case again."


class AlreadyReportedError(ConflictError):
    """The person has reported this message and nobody has decided yet."""

    code = "already_reported"
    default_message = "You reported this message already. We will look at it."


class ReportNotPossibleError(ConflictError):
    """The message shows nothing that could be reported."""

    code = "report_not_possible"
    default_message = (
        "There is nothing to report here: the text is out of view already."
        " You need do nothing more."
    )


class RuleNotFoundError(NotFoundError):
    """There is no such rule."""

    code = "rule_not_found"
    default_message = "There is no such rule. List the rules to see which there are."


class RuleGateError(ConflictError):
    """The rule has not earned this mode yet."""

    code = "rule_not_proven"
    default_message = "This rule has not been proven enough to be enforced. Try it in shadow first."


class BackTestNotFoundError(NotFoundError):
    """There is no such back-test."""

    code = "back_test_not_found"
    default_message = "There is no such back-test. Look for it on its rule."


class MatchNotFoundError(NotFoundError):
    """There is no such match of a back-test."""

    code = "match_not_found"
    default_message = "There is no such match. Ask for the next passage of its back-test."


class NothingToLabelError(NotFoundError):
    """No passage of a back-test is left for this person to label."""

    code = "nothing_to_label"
    default_message = "Nothing of this back-test is left for you to label. Look at what it found."


class PassageNotReadError(ConflictError):
    """Somebody labels a match whose passage they were not shown."""

    code = "passage_not_read"
    default_message = "Read the passage first: ask for the next passage of its back-test."


class NoticeNotFoundError(NotFoundError):
    """There is no such notice, or it is somebody else's."""

    code = "notice_not_found"
    default_message = "There is no such notice. List yours to see which there are."


class AppealNotPossibleError(ConflictError):
    """There is nothing to appeal, it was done already, or the time has passed."""

    code = "appeal_not_possible"
    default_message = "This decision cannot be appealed (any more). Look at its notice again."


class AppealNotFoundError(NotFoundError):
    """There is no such appeal."""

    code = "appeal_not_found"
    default_message = "There is no such appeal. Look for it with its notice or its case."


class AppealPendingError(ConflictError):
    """An appeal waits on the case; only its own decision closes it."""

    code = "appeal_pending"
    default_message = "An appeal waits on this case. Decide the appeal."


class AppealDecidedError(ConflictError):
    """The appeal was decided or withdrawn already."""

    code = "appeal_decided"
    default_message = "This appeal was decided or withdrawn already. Look at it again."


class FirstOpinionMissingError(ConflictError):
    """The reviewer has not said what they think before reading the original reasons."""

    code = "first_opinion_missing"
    default_message = "Note your first opinion of the text before you decide the appeal."


class GrantNotFoundError(NotFoundError):
    """There is no such grant, or it is not the caller's."""

    code = "grant_not_found"
    default_message = (
        "There is no such grant, or it is not yours. List them to see which there are."
    )


class GrantRequiredError(ForbiddenError):
    """Reading this conversation needs a reason first."""

    code = "grant_required"
    default_message = "No case is open on this conversation. Give a reason to read it."


class SearchRefusedError(ValidationFailedError):
    """What was typed could only be found by reading every case."""

    code = "search_refused"
    default_message = (
        "This was not searched. Type a case's or message's number, user:12, conversation:12, "
        "or a word of three letters or more."
    )


class SavedViewNotFoundError(NotFoundError):
    """There is no such view, or it is somebody else's."""

    code = "saved_view_not_found"
    default_message = "There is no such view of yours. List yours to see which there are."


class BatchNotFoundError(NotFoundError):
    """There is no such batch of decisions, or all of it was taken back."""

    code = "batch_not_found"
    default_message = (
        "There is no such batch, or all of it was taken back already. Look at its cases."
    )
