"""Making, changing and ending quotas: by staff for anybody, by owners for their own tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.core.errors import ForbiddenError
from apps.core.problems import clean_reason, field_problem
from apps.core.rights import Actor
from apps.llm.constants import MAX_MODEL_CHARS, Period, QuotaKind, QuotaUnit
from apps.llm.errors import QuotaNotFoundError
from apps.llm.models import Quota
from apps.llm.services import naming

CHANGE = "llm.change_quota"
MAX_AMOUNT = 10**15
SUBJECT_FIELDS = {
    QuotaKind.PERSON: "user_id",
    QuotaKind.GROUP: "group_id",
    QuotaKind.MEMBER: "group_id",
    QuotaKind.TOKEN: "api_token_id",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose use a quota counts.

    Attributes:
        kind: one of `QuotaKind`.
        subject_id: the number of the person, group or token; 0 for everyone and for a model.
        model_name: all models of this name, where it is for such.
        chat_model_id: the one model of the catalogue, where it is for one.
    """

    kind: QuotaKind
    subject_id: int = 0
    model_name: str = ""
    chat_model_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What a quota allows.

    Attributes:
        unit: tokens, or money in nano-dollars.
        period: the stretch of the calendar.
        amount: how much; 0 for nothing at all.
        is_hard: whether what goes beyond it is refused; else the person is warned.
    """

    unit: QuotaUnit
    period: Period
    amount: int
    is_hard: bool = True


@transaction.atomic
def set_quota(*, actor: Actor | None, subject: Subject, limit: Limit, reason: str = "") -> Quota:
    """Make a quota, or change the amount of the one that there is of the same kind and period.

    One that refuses and one that warns are two, and both count: `beside` names the other one.

    It counts the calls that are asked for from its commit on. What is reserved already stays.

    Args:
        actor: a member of staff, or the owner of the token that it is for; None for a command.
        subject: whose use it counts.
        limit: what it allows.
        reason: why; needed from staff, not from the owner of a token.

    Raises:
        ForbiddenError: the actor may not.
        ValidationFailedError: the subject does not exist, the amount does not fit, or no reason.
    """
    is_owner = _require(actor, subject)
    reason = clean_reason(reason, field="reason", is_required=actor is not None and not is_owner)
    if not 0 <= limit.amount <= MAX_AMOUNT:
        raise field_problem("amount", gettext("Give a smaller amount."), "amount")
    key = {
        **_columns(subject),
        "unit": limit.unit.value,
        "period": limit.period.value,
        "is_hard": limit.is_hard,
        "by_staff": not is_owner,
    }
    quota, former = _write(key, limit.amount, reason, actor)
    audit.record(
        actor=actor,
        action=AuditAction.QUOTA_SET,
        target_type="quota",
        target_id=quota.pk,
        reason=reason,
        data={
            "kind": quota.kind,
            "subject_id": subject.subject_id,
            "model": quota.model_name,
            "chat_model_id": quota.chat_model_id,
            "unit": quota.unit,
            "period": quota.period,
            "from": former,
            "to": quota.amount,
            "is_hard": quota.is_hard,
        },
    )
    return quota


def beside(quota: Quota) -> Quota | None:
    """Return the quota that counts beside one of the same kind, and warns where that one refuses.

    Or refuses where it warns: whoever makes one soft has to end the hard one as well.
    """
    others = Quota.objects.open().set_by_hand().beside(quota)
    return others.order_by("-is_hard", "pk").first()


@transaction.atomic
def end_quota(*, actor: Actor | None, quota_id: int, reason: str = "") -> Quota:
    """End a quota: from the commit on nothing is counted or refused by it.

    Raises:
        ForbiddenError: the actor may not, or owns the token and staff set the limit.
        QuotaNotFoundError: there is no such quota, it has ended, or it is that of the settings.
        ValidationFailedError: no reason was given.
    """
    quota = (
        Quota.objects.select_for_update(of=("self",))
        .open()
        .set_by_hand()
        .filter(pk=quota_id)
        .first()
    )
    if quota is None:
        raise QuotaNotFoundError
    is_owner = _require(actor, Subject(QuotaKind(quota.kind), quota.api_token_id or 0))
    if is_owner and quota.by_staff:
        raise ForbiddenError(gettext("Staff set this limit. Ask an admin to change it."))
    reason = clean_reason(reason, field="reason", is_required=actor is not None and not is_owner)
    quota.ended_at = timezone.now()
    quota.save(update_fields=["ended_at"])
    audit.record(
        actor=actor,
        action=AuditAction.QUOTA_ENDED,
        target_type="quota",
        target_id=quota.pk,
        reason=reason,
        data={"kind": quota.kind, "unit": quota.unit, "period": quota.period},
    )
    return quota


def list_token_quotas(*, api_token_id: int, is_locked: bool = False) -> list[Quota]:
    """Return the quotas of one API token that hold; the caller has checked whose it is.

    Args:
        api_token_id: which token.
        is_locked: whether they are locked. One that is made meanwhile is kept out by the lock of
            the token, which whoever makes it takes.
    """
    rows = Quota.objects.open().of_token(api_token_id).order_by("pk")
    return list(rows.select_for_update(of=("self",)) if is_locked else rows)


def _require(actor: Actor | None, subject: Subject) -> bool:
    """Check that somebody may set a quota; tells whether they do it as the owner of a token.

    Raises:
        ForbiddenError: they may not.
    """
    if actor is None or actor.has_perm(CHANGE):
        return False
    token = _found("api_token_id", subject.subject_id) if subject.kind == QuotaKind.TOKEN else None
    if token is None or token.user_id != actor.pk:
        raise ForbiddenError
    return True


def _columns(subject: Subject) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "kind": subject.kind.value,
        "user_id": None,
        "group_id": None,
        "api_token_id": None,
        "model_name": "",
        "chat_model_id": None,
    }
    name = SUBJECT_FIELDS.get(subject.kind)
    if name is not None:
        if _found(name, subject.subject_id) is None:
            raise field_problem("subject_id", "There is nothing with this number.", "subject")
        columns[name] = subject.subject_id
    elif subject.kind == QuotaKind.MODEL:
        columns["model_name"] = _model_name(subject)
        columns["chat_model_id"] = subject.chat_model_id
    return columns


def _model_name(subject: Subject) -> str:
    if subject.chat_model_id is not None:
        return naming.name_of(subject.chat_model_id, field="chat_model_id")
    name = subject.model_name.strip()
    if not name or len(name) > MAX_MODEL_CHARS or "\x00" in name:
        raise field_problem("model_name", "Choose a model, or give a name.", "model")
    return name


def _found(column: str, number: int) -> Any:  # noqa: ANN401  a row of whichever model it is
    """Return whose quota it is; a token is locked, so that its limits change one after another."""
    kinds: dict[str, Any] = {
        "user_id": get_user_model(),
        "group_id": Group,
        "api_token_id": Quota._meta.get_field("api_token").related_model,  # noqa: SLF001
    }
    if not 0 < number < 2**63:
        return None
    rows = kinds[column].objects.filter(pk=number)
    return (rows.select_for_update() if column == "api_token_id" else rows).first()


def _write(
    key: dict[str, Any], amount: int, reason: str, actor: Actor | None
) -> tuple[Quota, int | None]:
    """Change the open quota with this key or make it; returns it with its former amount."""
    same = Quota.objects.open().same_as(Quota(**key))
    for _ in range(2):
        quota = same.select_for_update(of=("self",)).first()
        if quota is not None:
            former = quota.amount
            quota.amount, quota.reason = amount, reason
            quota.save(update_fields=["amount", "reason"])
            return quota, former
        try:
            with transaction.atomic():
                made_by = None if actor is None else actor.pk
                row = {**key, "amount": amount, "reason": reason, "created_by_id": made_by}
                return Quota.objects.create(**row), None
        except IntegrityError:
            continue
    raise QuotaNotFoundError
