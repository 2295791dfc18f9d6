"""What decisions do to texts and people, each with its inverse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from django.utils import timezone

from apps.conversations.constants import STATE_NOTICES, Author, ReplyState
from apps.conversations.endings import Ended
from apps.conversations.models import Conversation, Message, Reply
from apps.conversations.services import locking, rewriting, visibility
from apps.core.problems import field_problem
from apps.moderation import constants
from apps.moderation.constants import EnforcementKind, EnforcementState
from apps.moderation.models import Case, CaseSnapshot, Decision, Enforcement
from apps.moderation.querysets import EnforcementQuerySet
from apps.moderation.services.cases import snapshots
from apps.moderation.services.decisions import links, redactions, sanctions
from apps.moderation.services.decisions.effects import Measure as Measure
from apps.moderation.services.decisions.effects import Planned
from apps.users.models import User


def apply(
    *, decision: Decision, case: Case, planned: Sequence[Planned], actor: User | None
) -> list[Enforcement]:
    """Carry out what was planned for a decision.

    Args:
        decision: violates, with its reasons.
        case: locked.
        planned: what is left to do, texts before people.
        actor: who decided; None for a rule or the product itself.

    Raises:
        ValidationFailedError: a passage lies outside the text, or a measure does not fit.
        RoleRequiredError: the actor may not do this to that person.
    """
    done = []
    for one in planned:
        if case.is_about_person and one.kind not in constants.WITHOUT_A_TEXT:
            text = "This case is about a person. Only the person can be acted on."
            raise field_problem("measures", text, "measure_needs_text")
        enforcement = Enforcement(decision=decision, kind=one.kind, ends_at=one.ends_at)
        enforcement.data = _what_is_kept(one)
        _target(enforcement, case)
        _do(enforcement, case, decision, actor)
        enforcement.save()
        done.append(enforcement)
    return done


def _what_is_kept(planned: Planned) -> dict[str, object]:
    named = {"spans": planned.measure.spans, "share_id": planned.measure.share_id}
    return {key: value for key, value in named.items() if value}


def record_withheld(
    *, decision: Decision, case: Case, snapshot: CaseSnapshot, ended: Ended | None
) -> Enforcement:
    """Write down that policy withheld a text by itself, and when; nothing is left to do."""
    is_answer = case.target_role == Author.ASSISTANT
    kind = EnforcementKind.RETRACT_ANSWER if is_answer else EnforcementKind.HIDE_MESSAGE
    enforcement = Enforcement(decision=decision, kind=kind, data={"snapshot_id": snapshot.pk})
    if ended is not None:
        enforcement.data["ended"] = asdict(ended)
    _target(enforcement, case)
    if is_answer:
        enforcement.data["was_never_seen"] = snapshot.shown_chars == 0
    message = None if is_answer else Message.objects.filter(pk=case.text_number).first()
    if message is not None and message.is_hidden:
        enforcement.data["hidden_at"] = _hidden_at(message)
        enforcement.data["was_never_seen"] = message.hidden_at == message.created_at
    enforcement.save()
    return enforcement


def end(lapsed: Iterable[Enforcement]) -> None:
    """Count no longer as active what its targets do not show any more."""
    numbers = [one.pk for one in lapsed]
    Enforcement.objects.filter(pk__in=numbers).update(state=EnforcementState.EXPIRED)


def reverse(*, enforcement: Enforcement, by: Decision, actor: User | None, reason: str) -> None:
    """Take an active enforcement back; a text returns byte for byte.

    Args:
        enforcement: active.
        by: the decision that takes it back.
        actor: who decided.
        reason: why, for the records of the owning apps.
    """
    enforcement.state = EnforcementState.REVERSED
    enforcement.reversed_by = by
    enforcement.save(update_fields=["state", "reversed_by"])
    _undo(enforcement, actor, reason)


def reapply(*, enforcement: Enforcement, decision: Decision, actor: User | None) -> None:
    """Do again what a decision had reversed, because that decision was taken back.

    What has ended by its time meanwhile, or has lost what it was about, is left as it is.
    """
    is_over = enforcement.ends_at is not None and enforcement.ends_at <= timezone.now()
    enforcement.state = EnforcementState.EXPIRED if is_over else EnforcementState.ACTIVE
    enforcement.reversed_by = None
    if not is_over and _has_target(enforcement):
        _do(enforcement, decision.case, enforcement.decision, actor)
    enforcement.save()


def _has_target(enforcement: Enforcement) -> bool:
    case = enforcement.decision.case
    if enforcement.kind == EnforcementKind.REVOKE_SHARE:
        return links.exists(enforcement)
    if enforcement.kind in constants.ENFORCED_BY_PERSONS:
        return bool(User.objects.filter(pk=case.subject_id).exists())
    return Message.objects.filter(pk=case.text_number).exists()


def _target(enforcement: Enforcement, case: Case) -> None:
    if enforcement.kind in constants.WITHOUT_A_TEXT:
        enforcement.subject_id = case.subject_id
    elif enforcement.kind == EnforcementKind.LOCK_CONVERSATION:
        enforcement.conversation_id = case.conversation_id
    else:
        enforcement.message_id = case.message_id


def _do(enforcement: Enforcement, case: Case, decision: Decision, actor: User | None) -> None:
    kind = EnforcementKind(enforcement.kind)
    reason = decision.reason or "Decided by a rule."
    if kind in constants.ENFORCED_BY_PERSONS:
        sanctions.impose(enforcement=enforcement, decision=decision, actor=actor)
    elif kind == EnforcementKind.LOCK_CONVERSATION:
        _lock(enforcement, case, actor, reason)
    elif kind == EnforcementKind.REVOKE_SHARE:
        links.revoke(enforcement=enforcement, decision=decision, actor=actor)
    else:
        _withdraw_text(enforcement, case, decision, actor, reason)


def _lock(enforcement: Enforcement, case: Case, actor: User | None, reason: str) -> None:
    """Lock a conversation; what had locked it before, if it was open since, is over."""
    number = case.talk_number
    if locking.lock_conversation(actor=actor, conversation_id=number, reason=reason):
        end(_others_alike(enforcement).on_conversation(number))


def _withdraw_text(
    enforcement: Enforcement, case: Case, decision: Decision, actor: User | None, reason: str
) -> None:
    message = Message.objects.select_related("conversation").filter(pk=case.text_number).first()
    if message is None:
        raise field_problem("measures", "The message does not exist any more.", "message_gone")
    snapshot = snapshots.ensure_snapshot(case=case, message=message)
    enforcement.data = {"snapshot_id": snapshot.pk, **enforcement.data}
    match enforcement.kind:
        case EnforcementKind.HIDE_MESSAGE:
            _hide(enforcement, message, decision, actor, reason)
        case EnforcementKind.REDACT_SPAN if enforcement.pk and redactions.is_withheld(message):
            return
        case EnforcementKind.REDACT_SPAN:
            spans = [(start, end) for start, end in enforcement.data.get("spans", ())]
            rewriting.redact_spans(
                actor=actor,
                message_id=message.pk,
                spans=spans,
                reason=reason,
                reason_for_user=decision.told,
            )
        case _:
            if not Reply.objects.filter(pk=message.pk).exists():
                raise field_problem("measures", "Only an answer can be withheld.", "not_an_answer")
            told = STATE_NOTICES[ReplyState.WITHHELD]
            if decision.told:
                told = f"{told} Reason: {decision.told}"
            ended = rewriting.withhold_answer(
                actor=actor, message_id=message.pk, notice=told, reason=reason
            )
            _keep_end(enforcement, ended)


def _hide(
    enforcement: Enforcement, message: Message, decision: Decision, actor: User | None, reason: str
) -> None:
    """Hide a message and keep when: what staff have hidden by other ways stays so after an undo."""
    if message.is_hidden:
        holding = _others_alike(enforcement).hiding(message=message.pk, since=message.hidden_at)
        former = holding.first()
        known = None if former is None else former.data.get("hidden_at", _hidden_at(message))
        enforcement.data["hidden_at"] = known
        return
    hidden = visibility.hide_message(
        actor=actor,
        message_id=message.pk,
        reason=reason,
        reason_for_user=decision.told,
    )
    enforcement.data["hidden_at"] = _hidden_at(hidden)


def _keep_end(enforcement: Enforcement, ended: Ended) -> None:
    """Keep how an answer had ended; one that was withheld already had ended before that."""
    if ended.state != ReplyState.WITHHELD:
        enforcement.data["ended"] = asdict(ended)
        return
    former = _others_alike(enforcement).on_message(enforcement.message_id).first()
    if former is not None and "ended" in former.data:
        enforcement.data["ended"] = former.data["ended"]


def _others_alike(enforcement: Enforcement) -> EnforcementQuerySet:
    same = Enforcement.objects.active().of_kind(enforcement.kind)
    return same.exclude(pk=enforcement.pk).order_by("id")


def _hidden_at(message: Message) -> str:
    return message.hidden_at.isoformat() if message.hidden_at is not None else ""


def _undo(enforcement: Enforcement, actor: User | None, reason: str) -> None:
    kind = EnforcementKind(enforcement.kind)
    if kind in constants.ENFORCED_BY_PERSONS:
        sanctions.withdraw(enforcement=enforcement, actor=actor, reason=reason)
        return
    if kind == EnforcementKind.REVOKE_SHARE:
        links.give_back(enforcement=enforcement, actor=actor, reason=reason)
        return
    if _holds_elsewhere(enforcement):
        return
    if kind == EnforcementKind.LOCK_CONVERSATION:
        conversation_id = enforcement.decision.case.talk_number
        if Conversation.objects.filter(pk=conversation_id).exists():
            locking.unlock_conversation(actor=actor, conversation_id=conversation_id, reason=reason)
        return
    message = Message.objects.filter(pk=enforcement.decision.case.text_number).first()
    if message is not None:
        _give_back_text(enforcement, message, actor, reason)


def _give_back_text(
    enforcement: Enforcement, message: Message, actor: User | None, reason: str
) -> None:
    match enforcement.kind:
        case EnforcementKind.HIDE_MESSAGE:
            is_ours = enforcement.data.get("hidden_at", _hidden_at(message)) == _hidden_at(message)
            if message.is_hidden and is_ours:
                visibility.restore_message(actor=actor, message_id=message.pk, reason=reason)
        case EnforcementKind.REDACT_SPAN:
            if not redactions.is_withheld(message):
                text, told = redactions.first_text_of(enforcement)
                rewriting.restore_text(
                    actor=actor, message_id=message.pk, text=text, reason=reason, told=told
                )
        case _:
            text, told = redactions.first_text_of(enforcement)
            end = enforcement.data.get("ended")
            rewriting.release_answer(
                actor=actor,
                message_id=message.pk,
                text=text,
                reason=reason,
                told=told,
                ended=Ended(**end) if end else None,
            )


def _holds_elsewhere(enforcement: Enforcement) -> bool:
    """Tell whether another decision keeps the same thing from view."""
    if enforcement.kind == EnforcementKind.REDACT_SPAN:
        return False
    same = _others_alike(enforcement)
    case = enforcement.decision.case
    if enforcement.kind == EnforcementKind.LOCK_CONVERSATION:
        return same.on_conversation(case.talk_number).exists()
    if enforcement.kind == EnforcementKind.HIDE_MESSAGE:
        since = Message.objects.filter(pk=case.text_number).values_list("hidden_at", flat=True)
        return same.hiding(message=case.text_number, since=since.first()).exists()
    return same.on_message(case.text_number).exists()
