"""Another library's things: every staff address is asked for them, and gives none away.

Records are the province's union catalogue, so what is only about a record is for all to see.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from cataloging.acquisitions.models import BudgetLine, PurchaseOrder, Suggestion, Supplier
from cataloging.authorities.described import Boxes, new_marc
from cataloging.authorities.models import AuthorityImport, Heading
from cataloging.authorities.writing import create_authority
from cataloging.baskets.contents import open_basket
from cataloging.batch.acts.models import ActRun
from cataloging.batch.models import BatchRules, BatchRun
from cataloging.change_sets import new_change_set
from cataloging.editor.drafts import keep_draft
from cataloging.marc.model import Marc, data_field
from cataloging.models import ImportRun, Item
from cataloging.papers.models import LabelSheetRow
from cataloging.serials.models import SerialClaim, SerialIssue, SerialVolume
from cataloging.serials.receiving import receive_issue
from cataloging.serials.rules.pattern import Pattern
from cataloging.serials.titles import TitleFacts, take_title
from cataloging.stockbook.central.models import CentralPurchase
from cataloging.stockbook.central.splitting import PurchaseFacts, begin_purchase
from cataloging.stockbook.models import Voucher
from cataloging.stockbook.vouchers import VoucherFacts, open_voucher
from cataloging.stockbook.weeding.models import Disposal, Weeding
from cataloging.stockbook.weeding.proposals import HeadFacts, begin_weeding
from cataloging.targets.models import (
    IsbnLine,
    IsbnList,
    Target,
    TargetAnswer,
    TargetFound,
    TargetSearch,
)
from circulation import desk
from circulation.bookdrop import open_drop
from circulation.checkout import check_out
from circulation.closures.models import ClosurePlan
from circulation.closures.plans import plan_closure
from circulation.holds import place_hold
from circulation.losses.damage import add_rate
from circulation.losses.models import Claim, Loss, LossProposal
from circulation.models import BookDrop, Hold, ItemSearch, Loan, Transit
from circulation.money.models import BatchWaiver
from circulation.money.rates import set_price
from circulation.money.sales import sell
from circulation.money.tills import open_till
from circulation.notices.models import Notice, NoticeLetters, NoticeMessage, NoticeWish
from circulation.offline.log import Command, Log, receive_log
from circulation.patrons.batch_models import PatronBatch
from circulation.patrons.batches import Batch
from circulation.patrons.merge import merge_patrons
from circulation.patrons.models import BlockNote, PatronCard
from circulation.patrons.notes import write_note
from circulation.patrons.patrons import PatronFacts
from circulation.patrons.registration import send_registration
from circulation.patrons.requests import ask
from circulation.rotation import boxes
from circulation.rulebook.drafts import make_draft
from circulation.rulebook.models import RuleDraft, RulesApplied
from circulation.rulebook.open_loans import preview_open_loans
from circulation.rules.policy import Change
from circulation.sip2.terminals import add_terminal
from circulation.stocktaking.takes import Plan, Scope, plan_stock_take
from ils.accounts.actor import system_actor
from ils.accounts.models import Staff
from ils.core import clock, db
from ils.core.audit import AuditEntry
from ils.core.files import KeptFile
from ils.org.models import CalendarDay
from ils.reporting.reports import open_report
from ils.web.door import declared_for
from opac.news import Draft, write_post
from tests import factories

SECRET = "Nguyệt Người Xa"

# Whose things a library may look at though they are another's, and why.
SHARED = {
    "record_id": "records are the union catalogue",
    "tag": "MARC 21 itself",
    "code": "the name of an indicator",
    "number": "a version of a record",
    "token": "a file being looked through; tested with its pages",
    "filename": "static files",
    "group": "the name of a part of a stock-taking; whose it is says take_id",
    "form": "spreadsheet or paper",
    "which": "the name of a list; whose rows it shows is tested with the lists",
}


# What an address must be sent to act at all.
SENT: dict[str, dict[str, Any]] = {
    "holds.act": {"act": "missing"},
    "transits.act": {"act": "not_arrived"},
    "offline.settle": {"how": "ok"},
    "desk.correct": {"why": "x"},
    "notices.called": {"result": "reached", "tries": "0"},
    "notices.message": {"act": "went"},
    "notices.patron": {"channel": "letter", "language": "en"},
    "losses.claim": {"act": "withdraw"},
    "losses_case.act": {"act": "cancel", "why": "x"},
    "losses_case.item": {"act": "damage"},
    "losses_case.loan": {"act": "lost"},
    "patrons.card": {"act": "renew"},
    "patrons.add_note": {"text": "x", "block": ""},
    "patrons.answer": {"act": "done"},
    "patrons.consents": {"act": "withdraw", "giver": "self"},
    "patrons.decline": {"reason": "x"},
    "patrons.erase": {"name": SECRET},
    "patrons.family": {"act": "leave"},
    "patrons.new_request": {"kind": "erase"},
    "stockbook.act": {"act": "strike"},
    "weeding.act": {"act": "strike"},
    "weeding.add": {"numbers": "x"},
    "stockbook.add": {"title": "x"},
    "cataloging.withdraw": {"reason": "worn", "on": "01/02/2026"},
    "admin.change_staff": {"act": "close"},
    "closures.act": {"act": "apply"},
    "rotation.act": {"act": "cancel"},
    "rotation_scans.arrival": {"code": "x"},
    "rotation_scans.scan": {"code": "x"},
    "rotation_points.told": {"act": "tell", "month": "2026-11"},
    "rulebook.end_draft": {"act": "save"},
    "rulebook.act_on_application": {"act": "apply"},
    "news.edit": {"title": "x"},
    "reporting.act": {"act": "submit"},
    "money_accounts.act": {"act": "deposit_in", "amount": "5000"},
    "money_tills.cash": {"act": "added", "amount": "5000", "reason": "x"},
    "money_sales.take_back": {"reason": "x"},
}


@dataclass
class Foreign:
    """Things of another library, each under the name that addresses give its number."""

    ids: dict[str, Any]


def _record(title: str) -> Marc:
    fields = [data_field("245", "0", "0", ("a", title))]
    return {"leader": "00000nam a2200000 a 4500", "fields": fields}


@pytest.fixture
def foreign(app: Any, province: factories.Province) -> Foreign:
    """A foreign library with a patron, a loan, a hold, a note, a report, news and staff."""
    with db.transaction() as session:
        clerk = factories.create_actor(session, "head", province.foreign_branch)
        officer = factories.create_actor(session, "head", province.foreign_library)
        patron = factories.create_patron(session, province.foreign_branch, SECRET)
        waiting = factories.create_patron(session, province.foreign_branch, SECRET)
        item = factories.create_item(session, province.foreign_branch)
        card = factories.card_of(session, patron)
        note = write_note(session, clerk, patron.id, f"{SECRET} nợ sách")
        change_set = new_change_set(session, clerk, "edit", SECRET)
        library_id = province.foreign_library.id
        facts = VoucherFacts("gift", province.foreign_branch.id, number="1", source=SECRET)
        voucher = open_voucher(session, officer, facts)
        book = factories.create_register(session, province.foreign_library, "XA")
        purchase = begin_purchase(
            session, system_actor(), PurchaseFacts(SECRET, clock.today(), SECRET)
        )
        weeding = begin_weeding(session, officer, library_id, HeadFacts(SECRET))
        disposal = Disposal(
            weeding_id=weeding.id, kind="destroyed", number=SECRET, dated_on=clock.today()
        )
        session.add(disposal)
        session.flush()
        run = ImportRun(file_name=SECRET, file_path="", format="iso2709", library_id=library_id)
        session.add(run)
        own = create_authority(
            session, officer, new_marc(Boxes("person", SECRET)), scope=province.foreign_library.id
        )
        form = session.scalars(select(Heading).where(Heading.authority_id == own.id)).one()
        file = AuthorityImport(
            file_name=SECRET, file_path="", format="iso2709", scope=province.foreign_library.id
        )
        session.add(file)
        day = CalendarDay(unit_id=province.foreign_library.id, day=clock.today(), reason=SECRET)
        session.add(day)
        closed = dict.fromkeys([clock.today()], SECRET)
        plan = plan_closure(session, officer, library_id, closed, SECRET)
        tried = make_draft(session, officer, library_id, [Change("", "", "loan_days", 9)])
        applied = preview_open_loans(session, officer, library_id)
        last_month = (clock.today().replace(day=1) - timedelta(days=1)).replace(day=1)
        unsaved = keep_draft(session, officer, _record(SECRET))
        report = open_report(session, officer, province.foreign_library.id, "monthly", last_month)
        post = write_post(session, officer, Draft(title=SECRET))
        sent = send_registration(
            session,
            PatronFacts(
                SECRET,
                "",
                province.foreign_branch.id,
                born_year=1990,
                phone="0905123456",
                consent=True,
            ),
        )
        asked = ask(session, clerk, patron, "correct", SECRET)
        batch = Batch.begin(session, officer, "classes", library_id=library_id)
        batch = batch.close(about=SECRET)
        photo = KeptFile(
            sha256="0" * 64,
            kind="patron_photo",
            name=SECRET,
            mime="image/jpeg",
            size=1,
            unit_id=province.foreign_branch.id,
        )
        session.add(photo)
        price = set_price(
            session,
            officer,
            unit_id=province.foreign_library.id,
            name=SECRET,
            amount=500,
            valid_from=clock.today(),
        )
        at = province.foreign_branch.id
        transit = Transit(
            item_id=factories.create_item(session, province.foreign_branch).id,
            from_branch_id=at,
            to_branch_id=at,
            reason="manual",
        )
        search = ItemSearch(item_id=item.id, branch_id=at, why="not_on_shelf")
        sheet = LabelSheetRow(
            library_id=province.foreign_library.id,
            name=SECRET,
            columns=1,
            rows=1,
            width=50,
            height=20,
        )
        supplier = Supplier(unit_id=library_id, name=SECRET)
        budget = BudgetLine(library_id=library_id, year=2026, name=SECRET, amount=1)
        wish = Suggestion(library_id=library_id, title=SECRET, match="x")
        session.add_all([transit, search, sheet, supplier, budget, wish])
        session.flush()
        order = PurchaseOrder(library_id=library_id, branch_id=at, supplier_id=supplier.id)
        session.add(order)
        machine, _password = add_terminal(
            session, clerk, name="may.xa", branch_id=province.foreign_branch.id, note=SECRET
        )
        scope = Scope((province.foreign_branch.id,))
        point = boxes.write_point(session, clerk, boxes.PointFacts(SECRET))
        box = boxes.open_box(session, clerk, point.id, SECRET)
        take = plan_stock_take(session, officer, Plan(SECRET, scope))
        staff = session.scalars(select(Staff).where(Staff.id == clerk.staff_id)).one()
        staff.name = SECRET
        session.flush()
    with db.transaction() as session:
        twice = [
            factories.create_patron(session, province.foreign_branch, SECRET) for _ in range(2)
        ]
        merged = merge_patrons(session, officer, twice[0].id, twice[1].id)
    lent = desk.perform(check_out, clerk, barcode=item.barcode, card=card, key="f1")
    held = desk.perform(
        place_hold,
        clerk,
        record_id=item.record_id,
        patron_id=waiting.id,
        pickup_branch_id=province.foreign_branch.id,
        key="f2",
    )
    refused = desk.perform(check_out, clerk, barcode=item.barcode, patron_id=waiting.id, key="f3")
    with db.transaction() as session:
        drop_id = open_drop(session, clerk).id
    drawer = desk.perform(open_till, clerk, name=SECRET, float_amount=0, key="f4")
    sold = desk.perform(sell, clerk, quantities={price.id: 1}, payer=SECRET, key="f5")
    assert lent.ok
    assert held.ok
    assert not refused.ok
    with db.reading() as session:
        loan_id, hold_id = (
            session.scalars(select(Loan.id)).one(),
            session.scalars(select(Hold.id)).one(),
        )
    lost = _losses(clerk, province, loan_id, item.id)
    with db.transaction() as session:
        basket = open_basket(session, clerk, SECRET)
        change = BatchRun(staff_id=clerk.staff_id, name=SECRET, rules=[])
        kept = BatchRules(staff_id=clerk.staff_id, name=SECRET, rules=[])
        many = ActRun(staff_id=clerk.staff_id, act="change", name=SECRET, plan={"changes": []})
        session.add_all([change, kept, many])
        session.flush()
    return Foreign(
        {
            "patron_id": patron.id,
            "item_id": item.id,
            "note_id": note.id,
            "change_set_id": change_set.id,
            "run_id": run.id,
            "voucher_id": voucher.id,
            "book": f"accession-{book.id}",
            "weeding_id": weeding.id,
            "purchase_id": purchase.id,
            "supplier_id": supplier.id,
            "budget_id": budget.id,
            "suggestion_id": wish.id,
            "order_id": order.id,
            "disposal_id": disposal.id,
            "authority_id": own.id,
            "basket_id": basket.id,
            "batch_run_id": change.id,
            "act_run_id": many.id,
            "batch_rules_id": kept.id,
            "heading_id": form.id,
            "import_id": file.id,
            "day_id": day.id,
            "report_id": report.id,
            "post_id": post.id,
            "staff_id": staff.id,
            "unit_id": province.foreign_library.id,
            "file_id": photo.id,
            "plan_id": plan.id,
            "terminal_id": machine.id,
            "take_id": take.id,
            "box_id": box.id,
            "point_id": point.id,
            "registration_id": sent.id,
            "request_id": asked.id,
            "merge_id": merged.id,
            "batch_id": batch.id,
            "draft_id": tried.id,
            "record_draft_id": unsaved.id,
            "applied_id": applied.id,
            **lost,
            "loan_id": loan_id,
            "hold_id": hold_id,
            "transit_id": transit.id,
            "search_id": search.id,
            "sheet_id": sheet.id,
            "key": "f3",
            "slip_key": "f1",
            "drop_id": drop_id,
            "till_id": drawer.facts["till_id"],
            "receipt_id": sold.slip["receipt_id"],
            "line_id": _offline_line(clerk),
            **_notices(province, patron.id),
            **_targets(province, clerk.staff_id),
            **_serials(province, clerk),
        }
    )


def _serials(province: factories.Province, clerk: Any) -> dict[str, int]:
    """A newspaper of another library, a letter that asks for it, a bound volume."""
    at, library_id = province.foreign_branch.id, province.foreign_library.id
    today = clock.today()
    with db.transaction() as session:
        record = factories.create_record(session, "Nhân dân")
        pattern = Pattern("week", today, weekdays=tuple(range(1, 8)))
        facts = TitleFacts(at, today, note=SECRET)
        title = take_title(session, clerk, record.id, facts, pattern)
        receive_issue(session, clerk, title.id, today)
        letter = SerialClaim(
            library_id=library_id, branch_id=at, year=1, number=1, made_on=today, receiver=SECRET
        )
        volume = SerialVolume(
            serial_id=title.id,
            label=SECRET,
            item_id=factories.create_item(session, province.foreign_branch).id,
            change_set_id=new_change_set(session, clerk, "items").id,
            bound_on=today,
        )
        session.add_all([letter, volume])
        session.flush()
        return {"serial_id": title.id, "letter_id": letter.id, "volume_id": volume.id}


def _notices(province: factories.Province, patron_id: int) -> dict[str, int]:
    """A notice of another library, its call, and letters printed there."""
    at = {"branch_id": province.foreign_branch.id, "library_id": province.foreign_library.id}
    today = clock.today()
    with db.transaction() as session:
        batch = NoticeLetters(library_id=province.foreign_library.id, count=1)
        call = NoticeMessage(
            once="x", patron_id=patron_id, channel="phone", day=today, body=SECRET, **at
        )
        session.add_all([batch, call])
        session.flush()
        told = Notice(
            key="x",
            what="apology",
            patron_id=patron_id,
            planned_on=today,
            message_id=call.id,
            **at,
        )
        session.add(told)
        session.flush()
        return {"message_id": call.id, "notice_id": told.id, "batch_id": batch.id}


def _targets(province: factories.Province, staff_id: int) -> dict[str, int]:
    """A target of another library, and what somebody there found at it."""
    with db.transaction() as session:
        target = Target(unit_id=province.foreign_library.id, name=SECRET, address="http://x.test/")
        search = TargetSearch(made_by=staff_id, words=SECRET)
        session.add_all([target, search])
        session.flush()
        answer = TargetAnswer(search_id=search.id, target_id=target.id, until=clock.now())
        session.add(answer)
        session.flush()
        found = TargetFound(
            answer_id=answer.id, position=1, marc={"leader": " " * 24, "fields": [{"001": SECRET}]}
        )
        session.add(found)
        isbn_list = IsbnList(staff_id=staff_id, name=SECRET, target_ids=[target.id])
        session.add(isbn_list)
        session.flush()
        line = IsbnLine(list_id=isbn_list.id, number=1, typed=SECRET, state="wrong", title=SECRET)
        session.add(line)
        session.flush()
        return {
            "target_id": target.id,
            "target_search_id": search.id,
            "found_id": found.id,
            "isbn_list_id": isbn_list.id,
            "isbn_line_id": line.id,
        }


def _offline_line(clerk: Any) -> int:
    """A line of another library's desk that waits for a person."""
    command = Command("far-1", 1, "dance", clock.now(), clerk.staff_id, clerk.unit_id, SECRET)
    line = desk.perform(receive_log, clerk, Log("far", clock.now(), [command]))[0]
    return line.id


def _losses(clerk: Any, province: factories.Province, loan_id: int, item_id: int) -> dict[str, int]:
    """A claim, a case, a proposal and a line of the list of damages of another library."""
    today, at = clock.today(), province.foreign_branch.id
    with db.transaction() as session:
        claim = Claim(
            loan_id=loan_id, branch_id=at, kind="returned", claimed_on=today, second_from=today
        )
        case = Loss(
            kind="lost",
            item_id=item_id,
            branch_id=at,
            happened_on=today,
            why="declared",
            way="none",
            note=SECRET,
        )
        proposal = LossProposal(loan_id=loan_id, branch_id=at, due_on=today, proposed_on=today)
        rate = add_rate(
            session,
            clerk,
            library_id=province.foreign_library.id,
            name=SECRET,
            amount=5_000,
            percent=None,
        )
        waived = BatchWaiver(
            unit_id=province.foreign_library.id, decision="1", decided_on=today, reason=SECRET
        )
        session.add_all([claim, case, proposal, waived])
        session.flush()
        cases = {"claim_id": claim.id, "loss_id": case.id, "waived_id": waived.id}
        return {**cases, "rate_id": rate.id}


def staff_rules(app: Any) -> Iterator[tuple[Any, str]]:
    """Every staff address with each method it takes."""
    for rule in sorted(app.url_map.iter_rules(), key=str):
        declared = declared_for(app, rule.endpoint)
        if declared is not None and declared.who == "staff":
            for method in sorted(rule.methods & {"GET", "POST"}):
                yield rule, method


def state() -> dict[str, Any]:
    """What must be as before, whatever was asked; nothing is done without a line in the audit."""
    with db.reading() as session:
        return {
            "loans": session.scalars(select(Loan.closed_at)).all(),
            "holds": session.scalars(select(Hold.state)).all(),
            "searches": session.scalars(select(ItemSearch.closed_at)).all(),
            "transits": session.scalars(select(Transit.cancelled_at)).all(),
            "notes": session.scalars(select(BlockNote.lifted_at)).all(),
            "days": session.scalar(select(func.count()).select_from(CalendarDay)),
            "drafts": session.scalars(select(RuleDraft.state)).all(),
            "applied": session.scalars(select(RulesApplied.state)).all(),
            "closures": session.scalars(select(ClosurePlan.state)).all(),
            "cards": session.scalars(select(PatronCard.expires_on)).all(),
            "claims": session.scalars(select(Claim.resolved_at)).all(),
            "losses": session.scalars(select(Loss.state)).all(),
            "waived": session.scalars(select(BatchWaiver.state)).all(),
            "told": session.scalars(select(Notice.state)).all(),
            "wishes": session.scalars(select(NoticeWish.channel)).all(),
            "proposals": session.scalars(select(LossProposal.state)).all(),
            "staff": session.scalars(select(Staff.active)).all(),
            "items": session.scalars(select(Item.lifecycle)).all(),
            "vouchers": session.scalars(select(Voucher.state)).all(),
            "purchases": session.scalars(select(CentralPurchase.state)).all(),
            "weedings": session.scalars(select(Weeding.state)).all(),
            "issues": session.scalars(select(SerialIssue.state)).all(),
            "batches": session.scalars(select(PatronBatch.ended_at)).all(),
            "drops": session.scalars(select(BookDrop.ended_at)).all(),
            "audited": session.scalar(select(func.count()).select_from(AuditEntry)),
        }


def test_no_staff_address_gives_or_changes_what_is_another_librarys(
    app: Any, province: factories.Province, staff_client: Any, foreign: Foreign
) -> None:
    browser = staff_client("head", province.library)
    before = state()
    asked: dict[str, int] = {}
    assert SENT.keys() <= app.view_functions.keys()
    for rule, method in staff_rules(app):
        wanted = rule.arguments - SHARED.keys()
        if not wanted:
            continue
        unknown = wanted - foreign.ids.keys()
        assert not unknown, f"{rule}: add a foreign {unknown} to this test"
        values = {name: foreign.ids[name] for name in wanted}
        values |= dict.fromkeys(rule.arguments & SHARED.keys(), 1)
        url = app.url_map.bind("localhost").build(rule.endpoint, values, method)
        answer = browser.open(
            url, method=method, data=SENT.get(rule.endpoint, {}) if method == "POST" else None
        )
        refused = (403, 404) if method == "GET" else (302, 400, 403, 404, 409, 422)
        assert answer.status_code in refused, (method, url, answer.status_code)
        assert state() == before, (method, url)
        assert SECRET.encode() not in answer.data, (method, url)
        for name in wanted:
            asked[name] = asked.get(name, 0) + 1
    assert asked.keys() == foreign.ids.keys()


def test_no_list_can_be_turned_to_another_library(
    app: Any, province: factories.Province, staff_client: Any, foreign: Foreign
) -> None:
    browser = staff_client("head", province.library)
    foreign_unit, foreign_branch = province.foreign_library.id, province.foreign_branch.id
    asked = 0
    for rule, method in staff_rules(app):
        if rule.arguments or method != "GET":
            continue
        for unit in (foreign_unit, foreign_branch):
            words = ("unit", "unit_id", "library", "library_id", "branch", "branch_id", "at")
            answer = browser.get(str(rule), query_string=dict.fromkeys(words, unit))
            assert answer.status_code < 500, rule
            assert SECRET.encode() not in answer.data, (rule, unit)
            asked += 1
    assert asked > 20
