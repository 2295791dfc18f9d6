"""Somebody or something points at a message; its one case opens, or the flag joins it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.conversations.models import Message, Reply
from apps.moderation import constants
from apps.moderation.detection.language import language_of
from apps.moderation.errors import AlreadyReportedError
from apps.moderation.models import Case, Flag, Policy, RuleHit
from apps.moderation.services.cases import desk_news, facts, priorities, snapshots
from apps.users.models import User


@dataclass(frozen=True, slots=True)
class Original:
    """A text that the message's row does not hold, because policy withheld it.

    Attributes:
        text: all that was written.
        shown_chars: how much of it viewers had seen, in code points.
    """

    text: str
    shown_chars: int


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody says about a message: one word of `FlagReason` or empty, and a comment."""

    reason: str = ""
    comment: str = ""


@transaction.atomic
def raise_flag(
    *,
    message: Message,
    source: constants.FlagSource,
    hit: RuleHit | None = None,
    reporter: User | None = None,
    policy: Policy | None = None,
    report: Report | None = None,
    original: Original | None = None,
) -> Case:
    """Point at a message: its open case takes the flag, or a case opens.

    Args:
        message: with its conversation.
        source: who points.
        hit: what the rule found, where a rule points.
        reporter: the person, where one points.
        policy: what it is thought to go against.
        report: what the reporter says.
        original: what the message says, where its row does not hold it.

    Returns:
        The case, locked.

    Raises:
        AlreadyReportedError: this person has a flag on it that nobody has answered.
    """
    case = _open_case(message)
    if case is None:
        text = message.content if original is None else original.text
        case = _make_case(message, source, policy, text)
        _keep(case, message, original)
    elif original is not None:
        _keep(case, message, original)
    report = report or Report()
    flag = Flag(case=case, message=message, source=source, hit=hit, policy=policy)
    flag.reporter, flag.reason, flag.comment = reporter, report.reason, report.comment
    try:
        with transaction.atomic():
            flag.save()
    except IntegrityError as error:
        raise AlreadyReportedError from error
    _take_in(case, source, policy)
    return case


def open_about_person(*, subject_id: int, source: constants.FlagSource) -> Case:
    """Open a case about a person alone, for what they did elsewhere than in one message.

    Returns:
        The case, with neither text nor flag.
    """
    case = Case(subject_id=subject_id, target_role=constants.ABOUT_PERSON, source=source)
    priorities.weigh(case)
    case.save()
    _tell_opened(case, None)
    return case


def _tell_opened(case: Case, former: int | None) -> None:
    audit.record(
        actor=None,
        action=AuditAction.CASE_OPENED,
        target_type="case",
        target_id=case.pk,
        data={"message_id": case.message_id, "source": str(case.source), "former_id": former},
    )
    facts.case_opened(case)


def _keep(case: Case, message: Message, original: Original | None) -> None:
    if original is None:
        snapshots.take_snapshot(case=case, message=message)
        return
    snapshots.take_snapshot(
        case=case, message=message, text=original.text, shown_chars=original.shown_chars
    )


def _open_case(message: Message) -> Case | None:
    return (
        Case.objects.not_closed()
        .select_related("policy")
        .select_for_update(of=("self",))
        .on_message(message)
        .first()
    )


def _make_case(
    message: Message, source: constants.FlagSource, policy: Policy | None, text: str
) -> Case:
    """Open a case, or return the one that somebody else opened at the same moment."""
    reply = Reply.objects.filter(pk=message.pk).values_list("model", flat=True).first()
    earlier = Case.objects.on_message(message).order_by("-id")
    former = earlier.values_list("pk", flat=True).first()
    case = Case(
        message=message,
        conversation_id=message.conversation_id,
        subject_id=message.conversation.owner_id,
        target_role=message.role,
        policy=policy,
        source=source,
        model=reply or "",
        language=language_of(text),
        is_sealed=True,
    )
    priorities.weigh(case)
    try:
        with transaction.atomic():
            case.save()
    except IntegrityError:
        joined = _open_case(message)
        if joined is None:
            raise
        return joined
    _tell_opened(case, former)
    return case


def _take_in(case: Case, source: constants.FlagSource, policy: Policy | None) -> None:
    """Count a flag; one that staff raise opens the case to nobody who could not read before."""
    case.flag_count += 1
    case.is_sealed = case.is_sealed and source == constants.FlagSource.STAFF
    if policy is not None and (case.policy is None or policy.severity > case.policy.severity):
        case.policy = policy
    priorities.weigh(case)
    case.version += 1
    case.save()
    desk_news.case_changed(case)


def settle(case: Case, outcome: constants.FlagOutcome) -> set[int]:
    """Give every pending flag of a case its outcome; returns whose reports these were."""
    pending = case.flags.pending()
    reporters = set(pending.reports().values_list("reporter_id", flat=True))
    pending.update(outcome=outcome, decided_at=timezone.now())
    return reporters


def unsettle(case: Case) -> None:
    """Make the flags that the last decision answered pending again, one for each reporter."""
    answered = case.flags.answered().order_by("-id")
    again = []
    seen = set(case.flags.pending().with_reporter().values_list("reporter_id", flat=True))
    for flag in answered:
        if flag.reporter_id is not None and flag.reporter_id in seen:
            continue
        seen.add(flag.reporter_id or 0)
        again.append(flag.pk)
    Flag.objects.filter(pk__in=again).update(outcome=constants.FlagOutcome.PENDING, decided_at=None)
