"""One verdict on several cases, and exports: who may, what is refused, what can be taken back."""

import csv
import io
import json

import pytest

from apps.audit.models import AuditEvent
from apps.conversations.models import Message
from apps.core import spreadsheets
from apps.core.errors import ForbiddenError, ValidationFailedError
from apps.moderation.constants import CaseState, EnforcementKind, Verdict
from apps.moderation.errors import BatchNotFoundError
from apps.moderation.models import Case, Decision
from apps.moderation.services.decisions import strikes
from apps.moderation.services.decisions.decisions import Ruling
from apps.moderation.services.decisions.enforcements import Measure
from apps.moderation.services.desk import bulk, exports, queue_filters
from apps.users.models import User
from tests.factories import MessageFactory
from tests.moderation.factories import make_case, make_policy, make_staff

pytestmark = pytest.mark.django_db

OKAY = Ruling(verdict=Verdict.NO_VIOLATION)


@pytest.fixture
def lead() -> User:
    return make_staff("lead")


def picks(*cases: Case) -> list[bulk.Pick]:
    return [
        bulk.Pick(pk, version)
        for pk, version in Case.objects.filter(pk__in=[case.pk for case in cases]).values_list(
            "pk", "version"
        )
    ]


def hides() -> Ruling:
    return Ruling(
        verdict=Verdict.VIOLATES,
        policy_code="insults",
        reason="Spam wave.",
        measures=[Measure(kind=EnforcementKind.HIDE_MESSAGE)],
    )


def test_a_case_about_the_lead_is_left_out_of_the_sample(lead: User) -> None:
    own = make_case(MessageFactory(conversation__owner=lead, content="Mine."))
    other = make_case(MessageFactory(content="Another's."))
    batch = bulk.look(actor=lead, picks=picks(own, other))
    assert [sample.text for sample in batch.samples] == ["Another's."]
    assert [pick.case_id for pick in batch.picks] == [other.pk]


def test_each_case_gets_a_decision_of_its_own_and_all_share_a_batch(lead: User) -> None:
    make_policy()
    made = [make_case() for _ in range(3)]
    outcome = bulk.decide_many(actor=lead, picks=picks(*made), ruling=hides())
    assert (outcome.done, outcome.refused) == (3, [])
    decisions = Decision.objects.filter(batch_id=outcome.batch_id)
    assert sorted(decisions.values_list("case", flat=True)) == [case.pk for case in made]
    assert Message.objects.filter(hidden_at__isnull=False).count() == 3


def test_one_gesture_takes_the_whole_batch_back(lead: User) -> None:
    make_policy()
    made = [make_case(MessageFactory(content=f"Text {n} \u200b")) for n in range(3)]
    outcome = bulk.decide_many(actor=lead, picks=picks(*made), ruling=hides())
    undone = bulk.undo_batch(actor=lead, batch_id=outcome.batch_id, reason="A mistake.")
    assert (undone.done, undone.refused) == (3, [])
    assert not Message.objects.filter(hidden_at__isnull=False).exists()
    assert {strikes.active_points(case.subject_id) for case in made} == {0}
    assert set(Case.objects.values_list("state", flat=True)) == {CaseState.OPEN}
    with pytest.raises(BatchNotFoundError):
        bulk.undo_batch(actor=lead, batch_id=outcome.batch_id, reason="Again.")


def test_a_case_that_changed_is_left_as_it_is_and_named(lead: User) -> None:
    changed, same = make_case(), make_case()
    picked = picks(changed, same)
    make_case(Message.objects.get(pk=changed.message_id))
    outcome = bulk.decide_many(actor=lead, picks=picked, ruling=OKAY)
    assert outcome.done == 1
    assert outcome.refused[0].startswith(f"#{changed.pk}: This case changed")
    assert Decision.objects.get().case_id == same.pk


def test_above_twenty_the_number_has_to_be_typed(lead: User) -> None:
    picked = picks(*[make_case() for _ in range(21)])
    assert bulk.look(actor=lead, picks=picked).must_be_typed
    for typed in (None, 20):
        with pytest.raises(ValidationFailedError):
            bulk.decide_many(actor=lead, picks=picked, ruling=OKAY, typed_count=typed)
    assert not Decision.objects.exists()
    assert bulk.decide_many(actor=lead, picks=picked, ruling=OKAY, typed_count=21).done == 21


def test_before_deciding_one_sees_how_many_people_and_five_of_the_cases(lead: User) -> None:
    first = make_case()
    message = MessageFactory(conversation=Message.objects.get(pk=first.message_id).conversation)
    made = [first, make_case(message), *[make_case() for _ in range(5)]]
    batch = bulk.look(actor=lead, picks=picks(*made))
    assert (batch.count, batch.people, len(batch.samples)) == (7, 6, 5)
    assert batch.samples[0].text == "A question?"


@pytest.mark.parametrize("duty", [None, "auditor"])
def test_only_leads_decide_in_bulk(duty: str | None) -> None:
    actor = make_staff(*([duty] if duty else []))
    picked = picks(make_case())
    with pytest.raises(ForbiddenError):
        bulk.look(actor=actor, picks=picked)
    with pytest.raises(ForbiddenError):
        bulk.decide_many(actor=actor, picks=picked, ruling=OKAY)
    assert not Decision.objects.exists()


def test_nothing_and_too_much_are_refused(lead: User) -> None:
    for many in ([], [bulk.Pick(n, 1) for n in range(1, 202)]):
        with pytest.raises(ValidationFailedError):
            bulk.look(actor=lead, picks=many)


def cell_of(value: spreadsheets.Cell) -> str:
    """Return the cell of an export that says why a case was decided."""
    row = {**dict.fromkeys(exports.COLUMNS, ""), "reason": value}
    text = io.StringIO(exports.as_csv([row], with_header=True), newline="")
    return next(csv.DictReader(text))["reason"]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "-1",
        " =HYPERLINK()",
        "\N{NO-BREAK SPACE}=1+1",
        "\N{ZERO WIDTH SPACE}=1+1",
        "\N{ZERO WIDTH NO-BREAK SPACE}=1+1",
        "\N{FULLWIDTH EQUALS SIGN}HYPERLINK()",
        "|x",
    ],
)
def test_a_formula_in_a_cell_is_text(text: str) -> None:
    assert cell_of(text) == f"'{text}"


def test_what_is_no_formula_stays_as_it_is() -> None:
    assert [cell_of(value) for value in ("a=b", "", None, -5)] == ["a=b", "", "", "-5"]


@pytest.mark.parametrize("text", ["ok;=HYPERLINK(1)", "ok\t=1+1", "ok\n=1+1"])
def test_no_part_of_a_cell_is_a_formula_at_whichever_sign_a_spreadsheet_splits(text: str) -> None:
    row: exports.Row = {**dict.fromkeys(exports.COLUMNS, 1), "reason": text}
    written = exports.as_csv([row], with_header=False)
    for sign in (",", ";", "\t"):
        lines = csv.reader(io.StringIO(written, newline=""), delimiter=sign)
        assert not [cell for line in lines for cell in line if cell.startswith("=")], sign


def test_an_export_ends_where_the_right_to_it_does(lead: User) -> None:
    make_case()
    chosen = queue_filters.parse({})
    assert len(exports.take_step(actor=lead, chosen=chosen, below=None)) == 1
    User.objects.get(pk=lead.pk).groups.clear()
    with pytest.raises(ForbiddenError):
        exports.take_step(actor=lead, chosen=chosen, below=None)


def test_an_export_holds_the_filtered_cases_and_is_recorded(lead: User) -> None:
    case, other = make_case(), make_case()
    Case.objects.filter(pk=case.pk).update(model='=cmd|"x"', severity=4)
    chosen = queue_filters.parse({"severity": "4"})
    exports.begin(actor=lead, chosen=chosen, file_format="csv")
    rows = exports.take_step(actor=lead, chosen=chosen, below=None)
    assert [row["id"] for row in rows] == [case.pk] != [other.pk]
    assert "'=cmd" in exports.as_csv(rows, with_header=True)
    assert json.loads(f"[{exports.as_json(rows, is_first=True)}]")[0]["severity"] == 4
    event = AuditEvent.objects.get(action="case.exported")
    assert (event.actor_id, event.data) == (lead.pk, {"filter": "severity=4", "format": "csv"})


def test_only_who_may_export_exports() -> None:
    with pytest.raises(ForbiddenError):
        exports.begin(actor=make_staff(), chosen=queue_filters.parse({}), file_format="csv")
    assert not AuditEvent.objects.filter(action="case.exported").exists()
