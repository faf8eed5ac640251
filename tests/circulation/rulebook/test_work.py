"""Rules are tried on what happened, looked over, explained, and given to open loans on purpose."""

from datetime import date, timedelta
from typing import Any

import pytest

from cataloging.models import Item
from circulation.models import Loan, PolicyRow
from circulation.patrons.models import Patron
from circulation.renew import renew
from circulation.rulebook import drafts, open_loans
from circulation.rulebook.explain import Explained, explain_lending
from circulation.rulebook.linting import brought_by, doubtful
from circulation.rulebook.models import RuleDraft, RulesApplied, RulesLine
from circulation.rules.policy import Change
from ils.core import clock
from ils.core.errors import Forbidden, Invalid, NotFound, Refused
from ils.core.jobs import run_next_job
from ils.org.units import unit
from tests.circulation.conftest import DAY_ONE, Library

DAY = timedelta(days=1)
DUE = DAY_ONE + 14 * DAY


def lent(library: Library, **more: Any) -> tuple[Item, Patron, Loan]:
    item, patron = library.item(**more.pop("copy", {})), library.patron(**more)
    answer = library.lend(item, patron)
    assert answer.ok, answer
    return item, patron, library.get(Loan, (answer.loan or {})["id"])


def act(library: Library, use_case: Any, *given: Any, actor: Any = None) -> Any:
    with library.writing() as session:
        return use_case(session, actor or library.head, *given)


def change(field: str, value: Any, item_type: str = "", category: str = "") -> Change:
    return Change(item_type, category, field, value)


def tried(library: Library, *changes: Change) -> dict[str, Any]:
    draft = act(library, drafts.make_draft, library.place.library.id, changes)
    found: dict[str, Any] = library.get(RuleDraft, draft.id).result
    return found


# --- trying a change -------------------------------------------------------------------------


def test_a_change_is_tried_on_past_loans_and_changes_nothing(library: Library) -> None:
    item, _patron, loan = lent(library)
    lent(library)
    library.on(DUE + 3 * DAY)
    library.take_back(item)
    told = tried(library, change("loan_days", 16))
    assert (told["loans"], told["later"], told["differing"]) == (2, 2, 2)
    assert (told["fine_before"], told["fine_after"]) == (6000, 2000)
    assert told["examples"][0]["due"] == [DUE.isoformat(), (DUE + 2 * DAY).isoformat()]
    assert library.get(Loan, loan.id).due_on == DUE
    assert [row.values for row in library.all(PolicyRow)] == [{}]


def test_refusals_are_counted_by_what_the_reader_had_at_that_moment(library: Library) -> None:
    patron = library.patron()
    items = [library.item() for _ in range(3)]
    for one in items:
        assert library.lend(one, patron).ok
    library.take_back(items[0])
    assert library.lend(library.item(), patron).ok
    told = tried(library, change("limit_total", 2))
    assert told["appear"] == {"limit_total": 2}, "the third, and the fourth that was again a third"
    assert (told["stopped"], told["allowed"]) == (2, 0)


def test_lateness_and_debts_of_that_moment_count(library: Library) -> None:
    library.rules(limit_overdue=5, per_day=3000)
    _item, patron, _loan = lent(library)
    library.on(DUE + 4 * DAY)
    assert library.lend(library.item(), patron).ok
    assert tried(library, change("limit_overdue", 0))["appear"] == {"overdue_over": 1}
    assert tried(library, change("limit_owed", 10_000))["appear"] == {"owed_over": 1}
    assert tried(library, change("limit_owed", 12_000))["appear"] == {}


def test_loans_of_another_library_are_not_looked_at(library: Library) -> None:
    foreign = library.place.foreign_branch
    with library.writing() as session:
        from tests import factories

        there = factories.create_actor(session, "clerk", foreign)
    item, patron = library.item(at=foreign), library.patron(at=foreign)
    assert library.lend(item, patron, actor=there).ok
    assert tried(library, change("loan_days", 20))["loans"] == 0


def test_a_draft_is_saved_once(lite: Library) -> None:
    draft = act(
        lite,
        drafts.make_draft,
        lite.place.library.id,
        [change("loan_days", 16), change("per_day", 700, category="child")],
    )
    act(lite, drafts.save_draft, draft.id)
    saved = {(r.category): r.values for r in lite.all(PolicyRow) if r.unit_id != lite.place.top.id}
    assert saved == {"": {"loan_days": 16}, "child": {"per_day": 700}}
    with pytest.raises(Refused):
        act(lite, drafts.save_draft, draft.id)


def test_many_loans_are_tried_by_a_job(lite: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "AT_ONCE", 1)
    lent(lite)
    lent(lite)
    draft = act(lite, drafts.make_draft, lite.place.library.id, [change("loan_days", 16)])
    assert lite.get(RuleDraft, draft.id).result == {}
    with clock.at(lite.now):
        assert run_next_job()
    assert lite.get(RuleDraft, draft.id).result["later"] == 2


def test_what_cannot_be_a_value_is_not_tried(lite: Library) -> None:
    for wrong in ([], [change("loan_days", 9999)], [change("nonsense", 1)]):
        with pytest.raises(Invalid):
            act(lite, drafts.make_draft, lite.place.library.id, wrong)
    with pytest.raises(Forbidden):
        act(
            lite,
            drafts.make_draft,
            lite.place.library.id,
            [change("loan_days", 5)],
            actor=lite.clerk,
        )


# --- doubts ----------------------------------------------------------------------------------


def test_a_draft_is_told_which_doubts_it_would_bring(lite: Library) -> None:
    lite.rules(per_day=1000, cap=5000)
    with lite.reading() as session:
        at = unit(session, lite.place.library.id)
        codes = {one.code for one in brought_by(session, at, [change("cap", 800)])}
        assert codes == {"cap_below_rate"}
        assert "cap_below_rate" not in {one.code for one in doubtful(session, at)}


# --- loans already open ----------------------------------------------------------------------


def preview(library: Library, **more: Any) -> int:
    made = act(library, open_loans.preview_open_loans, library.place.library.id, *more.values())
    found: int = made.id
    return found


def lines(library: Library, made: int) -> list[RulesLine]:
    return [row for row in library.all(RulesLine) if row.applied_id == made]


def test_a_saved_rule_changes_no_open_loan(library: Library) -> None:
    _item, _patron, loan = lent(library)
    library.rules(loan_days=20, renew_limit=3)
    assert library.get(Loan, loan.id).due_on == DUE
    assert library.get(Loan, loan.id).policy_json["values"]["renew_limit"] == 1


def test_given_to_open_loans_due_dates_only_move_forward(library: Library) -> None:
    _item, _patron, loan = lent(library)
    library.rules(loan_days=20)
    made = preview(library)
    assert [(r.old_due, r.new_due, r.state) for r in lines(library, made)] == [
        (DUE, DUE + 6 * DAY, "planned")
    ]
    assert library.get(Loan, loan.id).due_on == DUE
    act(library, open_loans.apply_to_open_loans, made)
    changed = library.get(Loan, loan.id)
    assert changed.due_on == DUE + 6 * DAY
    assert changed.policy_json["values"]["loan_days"] == 20
    library.rules(loan_days=3)
    again = preview(library)
    act(library, open_loans.apply_to_open_loans, again)
    assert library.get(Loan, loan.id).due_on == DUE + 6 * DAY, "never earlier"


def test_undone_loans_have_their_old_rules_and_untouched_days_again(library: Library) -> None:
    _item, _patron, loan = lent(library)
    renewed_item, _reader, renewed = lent(library)
    library.rules(loan_days=20)
    made = preview(library)
    act(library, open_loans.apply_to_open_loans, made)
    library.on(DAY_ONE + 10 * DAY)
    assert library.do(renew, barcode=renewed_item.barcode).ok
    later = library.get(Loan, renewed.id).due_on
    act(library, open_loans.undo_application, made)
    assert library.get(Loan, loan.id).due_on == DUE
    assert library.get(Loan, loan.id).policy_json["values"]["loan_days"] == 14
    assert library.get(Loan, renewed.id).due_on == later
    assert library.get(RulesApplied, made).state == "undone"
    assert {row.state for row in lines(library, made)} == {"undone", "kept"}


def test_undone_too_late_nobody_becomes_overdue(library: Library) -> None:
    _item, _patron, loan = lent(library)
    library.rules(loan_days=20)
    made = preview(library)
    act(library, open_loans.apply_to_open_loans, made)
    library.on(DUE + DAY)
    act(library, open_loans.undo_application, made)
    assert library.get(Loan, loan.id).due_on == DUE + 6 * DAY


def test_running_fines_are_shown_before_and_after(library: Library) -> None:
    _item, _patron, _loan = lent(library)
    library.on(DUE + 4 * DAY)
    library.rules(per_day=500)
    (line,) = lines(library, preview(library))
    assert (line.fine_before, line.fine_after) == (4000, 2000)


def test_only_the_loans_asked_for_are_changed(library: Library) -> None:
    lent(library, category="child", guardian_name="Nguyễn Thị Mẹ")
    _item, _patron, comic = lent(library, copy={"item_type": "comic"})
    library.rules(loan_days=20)
    found = lines(library, preview(library, item_type="comic", category="adult"))
    assert [row.loan_id for row in found] == [comic.id]


def test_a_date_typed_by_hand_stays(library: Library) -> None:
    item, patron = library.item(), library.patron()
    typed = DAY_ONE + 5 * DAY
    assert library.lend(item, patron, due_on=typed).ok
    library.rules(loan_days=20)
    (line,) = lines(library, preview(library))
    assert line.new_due == typed


def test_many_loans_are_changed_by_a_job(lite: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_loans, "AT_ONCE", 2)
    loans = [lent(lite)[2] for _ in range(3)]
    lite.rules(loan_days=20)
    made = preview(lite)
    act(lite, open_loans.apply_to_open_loans, made)
    with clock.at(lite.now):
        assert run_next_job()
    assert {lite.get(Loan, one.id).due_on for one in loans} == {DUE + 6 * DAY}


def test_each_step_is_taken_once_and_by_those_who_may(lite: Library) -> None:
    lite.rules(loan_days=20)
    made = preview(lite)
    with pytest.raises(NotFound):
        act(lite, open_loans.apply_to_open_loans, made, actor=lite.clerk)
    act(lite, open_loans.apply_to_open_loans, made)
    for use_case in (open_loans.apply_to_open_loans, open_loans.discard_application):
        with pytest.raises(Refused):
            act(lite, use_case, made)


# --- explaining ------------------------------------------------------------------------------


def explained(library: Library, item: Item, patron: Patron, **more: Any) -> Any:
    card = library.card(patron)
    with library.reading() as session:
        return explain_lending(
            session, library.clerk, barcode=item.barcode or "", card=card, now=library.now, **more
        )


def test_an_explanation_says_what_lending_would_do_and_does_nothing(library: Library) -> None:
    library.close(6)
    library.rules(loan_days=16, renew_limit=2)  # 31 May is a Sunday
    item, patron = library.item(), library.patron()
    told = explained(library, item, patron)
    assert isinstance(told, Explained)
    assert told.stops == []
    assert [step.code for step in told.due.steps] == ["BASE", "PUSHED_TO_OPEN"]
    assert told.due.on == date(2026, 6, 1)
    assert len(told.renewals) == 2
    assert told.resolved.origins["loan_days"].unit_id == library.place.library.id
    assert library.all(Loan) == []
    lending = library.lend(item, patron)
    assert library.get(Loan, (lending.loan or {})["id"]).due_on == told.due.on


def test_it_gives_the_same_reasons_as_the_desk(library: Library) -> None:
    library.rules(limit_total=1)
    _item, patron, _loan = lent(library)
    other = library.item(use="reading_room")
    told = explained(library, other, patron, kind="home")
    refused = library.lend(other, patron, kind="home")
    assert [one.code for one in told.reasons] == refused.reason_codes()
    assert told.figures.loans == 1


def test_it_tells_what_a_late_return_would_cost(library: Library) -> None:
    library.rules(per_day=1000, cap=5000, cap_to_price=False)
    told = explained(library, library.item(), library.patron())
    assert [(one.amount, one.limits) for one in told.late[:4]] == [
        (1000, ()),
        (3000, ()),
        (5000, ("CAP",)),
        (5000, ("CAP",)),
    ]


def test_unknown_cards_and_barcodes_are_said_to_be_so(library: Library) -> None:
    with library.reading() as session:
        told = explain_lending(session, library.clerk, barcode="XX", card="YY")
    assert {one.code for one in told} == {"item_unknown", "card_unknown"}
