"""Data for a look at every page: something of everything, made through the use cases."""

import io
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from PIL import Image
from sqlalchemy import select

from cataloging import records
from cataloging.authorities import importing
from cataloging.authorities.described import Boxes, new_marc
from cataloging.authorities.models import Heading
from cataloging.authorities.writing import create_authority
from cataloging.baskets.contents import add_typed, open_basket
from cataloging.batch.acts import copies
from cataloging.batch.acts.runs import make_run as look_at_copies
from cataloging.batch.acts.withdrawing import plan_of
from cataloging.batch.rules import Rule
from cataloging.batch.rules.copies import Change as CopyChange
from cataloging.batch.runs import keep_rules, make_run
from cataloging.editor.drafts import keep_draft
from cataloging.imports.runs import begin, receive
from cataloging.items import CopyFacts, add_items
from cataloging.marc import formats
from cataloging.marc.formats import WRITERS
from cataloging.marc.model import data_field
from cataloging.models import ImportLine, Item, Record
from cataloging.papers.sheets import OWN, keep_sheet
from cataloging.quick import QuickTitle
from cataloging.search import follow
from cataloging.serials.binding import VolumeFacts, bind_issues, unbound
from cataloging.serials.claims import Chosen, claim_issues, late_at
from cataloging.serials.receiving import receive_month
from cataloging.serials.rules.pattern import Pattern
from cataloging.serials.titles import TitleFacts, take_title
from cataloging.stockbook.books.pages import print_final
from cataloging.stockbook.books.shelf import books_of
from cataloging.stockbook.central.splitting import (
    PurchaseFacts,
    begin_purchase,
    send_purchase,
)
from cataloging.stockbook.central.splitting import add_title as add_central
from cataloging.stockbook.vouchers import (
    LineFacts,
    VoucherFacts,
    add_title,
    close_voucher,
    open_voucher,
)
from cataloging.stockbook.weeding.deciding import DisposalFacts, decide, dispose
from cataloging.stockbook.weeding.models import WeedingLine
from cataloging.stockbook.weeding.proposals import HeadFacts, begin_weeding, propose
from cataloging.targets.models import (
    IsbnLine,
    IsbnList,
    Target,
    TargetAnswer,
    TargetFound,
    TargetSearch,
)
from circulation.bookdrop import open_drop, return_from_drop
from circulation.checkin import check_in
from circulation.checkout import check_out
from circulation.closures.plans import apply_closure, plan_closure
from circulation.deposits import deposit_in
from circulation.desk import perform
from circulation.fast_add import add_and_lend
from circulation.fees import charge, take_payment
from circulation.holds import place_hold
from circulation.losses.claims import make_claim
from circulation.losses.damage import add_rate, record_damage
from circulation.losses.lost import declare_lost
from circulation.losses.missing import start_search
from circulation.losses.proposals import propose_lost
from circulation.models import Loan, Transit
from circulation.money import rates
from circulation.money.batch_waivers import KINDS, Asked, plan_batch
from circulation.money.sales import sell
from circulation.money.tills import open_till
from circulation.notices.letters import print_letters
from circulation.notices.models import Notice, NoticeMessage
from circulation.notices.planning import plan_day
from circulation.notices.sending import form_messages
from circulation.offline.log import Command, Log, receive_log
from circulation.offline.replay import replay_waiting
from circulation.patrons.consent import consent_at_desk
from circulation.patrons.merge import merge_patrons
from circulation.patrons.models import Patron
from circulation.patrons.new_year import ClassMove, LeaverTerms, begin_school_year
from circulation.patrons.notes import write_note
from circulation.patrons.patrons import PatronFacts
from circulation.patrons.photos import keep_photo
from circulation.patrons.registration import send_registration
from circulation.patrons.requests import ask
from circulation.patrons.visits import VisitorFacts, register_visitor
from circulation.rotation import boxes, claims, figures, returning
from circulation.rotation.models import Consignment
from circulation.rulebook.drafts import make_draft, save_changes
from circulation.rulebook.open_loans import preview_open_loans
from circulation.rules.policy import Change
from circulation.stocktaking.scanning import Scan, record_scans
from circulation.stocktaking.takes import Plan, Scope, close_stock_take, freeze, plan_stock_take
from circulation.transits import send
from ils.accounts.actor import Actor, system_actor
from ils.accounts.passwords import hash_password
from ils.core import clock
from ils.core.config import config
from ils.core.db import reading, transaction
from ils.core.errors import Refused
from ils.core.jobs import run_next_job
from ils.org.settings import set_setting
from ils.org.units import branches_of
from ils.printing.labels import LabelSheet
from ils.reporting.periods import clock_named
from ils.reporting.reports import open_report
from opac.models import NewsPost
from opac.news import Draft, write_post
from tests import factories
from tests.browser import buying
from tests.browser.conftest import Place

SHEET = "Họ tên;Ngày sinh;Lớp\nTrần Văn An;1/2/2012;6A\n;3/4/2013;7B\nLê Bình;không nhớ;8C\n"
TITLES = ("Số đỏ", "Dế Mèn phiêu lưu ký", "Kính vạn hoa", "Đất rừng phương Nam", "Tắt đèn")


@dataclass
class Furnished:
    """Who signs in, and what stands for each word in an address."""

    head: str
    admin: str
    card: str
    actors: dict[str, Actor]
    words: dict[str, Any]


def username(actor: Actor) -> str:
    """Return the name an actor signs in with."""
    from ils.accounts.models import Staff

    with reading() as session:
        return session.get_one(Staff, actor.staff_id).username


def furnish(place: Place) -> Furnished:
    """Fill a place with stock, readers, loans, holds, money, news, imports and a report."""
    province = place.province
    with transaction() as session:
        head = factories.create_actor(session, "head", province.branch, province.library)
        admin = factories.create_actor(session, "admin", province.top)
    words = _stock(place, head) | {"slug": province.library.slug, "unit_id": province.library.id}
    card = _lending(place, head, words)
    with transaction() as session:
        _news(session, head, words)
        month = clock_named("calendar_month").containing(clock.today()).previous
        report = open_report(session, head, province.library.id, "monthly", month.first)
        words["report_id"] = report.id
    _import(place, head, words)
    _persons(place, head, words)
    names = {"head": username(head), "admin": username(admin)}
    words["take_ids"] = _stock_takes(place, head)
    words |= _targets(place, head)
    words |= _rotation(place, head)
    _offline(place, head, card)
    words["token"] = _patron_sheet(place, names["head"], words)
    words |= {
        "number": 1,
        "tag": "008",
        "format": "ris",
        "code": "TV.G02",
        "staff_id": head.staff_id,
        "basket_id": _basket(head),
    }
    words["batch_run_id"] = _batch(head, int(words["basket_id"]))
    words |= _acts(place, head)
    words |= _newspapers(place, head)
    while run_next_job():
        pass
    follow.rebuild()
    return Furnished(names["head"], names["admin"], card, {"head": head, "admin": admin}, words)


def _stock(place: Place, head: Actor) -> dict[str, Any]:
    branch = place.province.branch
    with transaction() as session:
        register = factories.create_register(session, place.province.library, "VV")
        factories.create_collection(session, place.province.library)
        items = []
        for title in TITLES:
            record = factories.create_record(session, title)
            facts = CopyFacts(branch.id, price=45_000, call_number="895.9 NG")
            items += add_items(session, head, record.id, facts, register_id=register.id, copies=2)
        return _headings(session, place, head) | {
            "record_id": items[0].record_id,
            "item_id": items[0].id,
            "change_set_id": items[0].change_set_id,
            "barcodes": [item.barcode for item in items],
            "records": [item.record_id for item in items],
        }


def _newspapers(place: Place, head: Actor) -> dict[str, int]:
    """A daily with issues that came, are late, are bound and were claimed; a magazine."""
    branch, library = place.province.branch, place.province.library
    today = clock.today()
    begins = today - timedelta(days=30)
    with transaction() as session:
        register = factories.create_register(session, library, "BT")
        daily = Pattern("week", begins, weekdays=(1, 2, 3, 4, 5, 6, 7))
        monthly = Pattern("month", begins, days=(1, 15))
        facts = TitleFacts(branch.id, begins, price=5_000, copies=2)
        ids = [
            take_title(session, head, factories.create_record(session, name).id, facts, one).id
            for name, one in (("Nhân dân", daily), ("Thuốc và sức khỏe", monthly))
        ]
        receive_month(session, head, ids[0], begins, begins + timedelta(days=20))
        rows = [row.id for row in unbound(session, ids[0])][:5]
        bind_issues(session, head, ids[0], rows, VolumeFacts(register_id=register.id))
        late = late_at(session, branch.id)[0].slot
        asked = Chosen(late.title.id, late.issue.day)
        letter = claim_issues(session, head, branch.id, [asked], "Bưu điện")
        return {"serial_id": ids[0], "letter_id": letter.id}


def _headings(session: Any, place: Place, head: Actor) -> dict[str, int]:
    """A library's own heading with a variant in use, a provisional one, a file of headings."""
    scope = place.province.library.id
    marc = new_marc(
        Boxes(
            "person", "Nam Cao", "1915-1951", ("Trần Hữu Tri",), ("Tô Hoài",), "Nhà văn", "Từ điển"
        )
    )
    made = create_authority(session, head, marc, scope=scope)
    factories.create_record(session, "Chí Phèo", author="Trần Hữu Tri", owner_id=scope)
    form = session.scalars(select(Heading).where(Heading.role == "provisional")).first()
    folder = config().files_dir / "authorities"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "sample").open("wb") as stream:
        formats.write([marc], "marcxml", stream)
    file = importing.receive(
        session, head, source=folder / "sample", file_name="tieu-de.xml", scope=scope
    )
    return {"authority_id": made.id, "heading_id": form.id, "import_id": file.id}


def _targets(place: Place, head: Actor) -> dict[str, int]:
    """A target for copy cataloguing, what it gave, and one that gave nothing."""
    marc: dict[str, Any] = {"leader": "00000nam a2200000 a 4500"}
    marc["fields"] = [
        {"001": "7"},
        data_field("245", "1", "0", ("a", "Mắt biếc")),
        data_field("852", " ", " ", ("a", "Kho")),
    ]
    with transaction() as session:
        at = place.province.library.id
        targets = [Target(unit_id=at, name=name, address="http://x.test/") for name in ("A", "B")]
        search = TargetSearch(made_by=head.staff_id, words="mat biec")
        targets[0].active = True
        session.add_all([*targets, search])
        session.flush()
        answers = [
            TargetAnswer(search_id=search.id, target_id=one.id, until=clock.now(), state=state)
            for one, state in zip(targets, ("answered", "failed"), strict=True)
        ]
        session.add_all(answers)
        session.flush()
        repairs = [{"code": "nfc", "where": "245"}]
        found = TargetFound(answer_id=answers[0].id, position=1, marc=marc, repairs=repairs)
        session.add(found)
        session.flush()
        isbn_list = IsbnList(
            staff_id=head.staff_id, name="Kiện sách", target_ids=[targets[0].id], lost={}
        )
        session.add(isbn_list)
        session.flush()
        line = IsbnLine(
            **{"list_id": isbn_list.id, "number": 1, "typed": "0131103628"},
            **{"isbn": "9780131103627", "state": "several", "reason": "other_number"},
            **{"title": "Mắt biếc", "search_id": search.id},
        )
        session.add(line)
        session.flush()
        return {
            "target_id": targets[0].id,
            "target_search_id": search.id,
            "found_id": found.id,
            "isbn_list_id": isbn_list.id,
            "isbn_line_id": line.id,
        }


def _lending(place: Place, head: Actor, words: dict[str, Any]) -> str:
    """Lend one late and one now, hold one on the shelf, one waiting, one on its way; return the reader's card."""
    branch = place.province.branch
    with transaction() as session:
        patron, other = (
            factories.create_patron(session, branch, name)
            for name in ("Nguyễn Thị Lan", "Phạm Văn Chờ")
        )
        patron.password_hash = hash_password(factories.PASSWORD)
        patron.must_change_password = False
        write_note(session, head, patron.id, "Hay quên thẻ ở nhà")
        card = factories.card_of(session, patron)
    words["patron_id"] = patron.id
    codes = words["barcodes"]
    with clock.at(clock.now() - timedelta(days=40)):
        late = perform(check_out, head, barcode=codes[0], patron_id=patron.id, key="f1")
        perform(check_out, head, barcode=codes[2], patron_id=other.id, key="f2")
    assert late.ok
    perform(check_out, head, barcode=codes[4], patron_id=patron.id, key="f4", overrides=_lifted())
    elsewhere = place.province.other_branch
    wanted = ((patron, 2, branch), (other, 6, branch), (other, 8, elsewhere))
    for n, (reader, record, pickup) in enumerate(wanted):
        held = perform(
            place_hold,
            head,
            record_id=words["records"][record],
            patron_id=reader.id,
            pickup_branch_id=pickup.id,
            key=f"h{n}",
            overrides=_lifted(),
        )
        assert held.ok, held
    perform(check_in, head, barcode=codes[2], key="r1")  # caught for the first reader
    perform(check_in, head, barcode=codes[8], key="r2")  # sent to where it is awaited
    again = perform(check_out, head, barcode=codes[0], patron_id=other.id, key="refused")
    assert not again.ok
    words["key"] = "refused"  # the answer that is explained
    words["slip_key"] = "r1"
    words |= _desk_pages(place, head, codes)
    perform(charge, head, patron_id=patron.id, kind="service", amount=15_000, key="c1")
    _money(place, head, words)
    with reading() as session:
        words["loan_id"] = session.scalars(
            select(Loan.id).where(Loan.patron_id == patron.id).order_by(Loan.id)
        ).first()
    words |= {"card": card, "barcode": codes[6]}
    _rules(head, words)
    _losses(place, head, words)
    _closure(head, words)
    _notices(place, head, words)
    return card


def _notices(place: Place, head: Actor, words: dict[str, Any]) -> None:
    """Letters printed and waiting, calls to make, notices in every state."""
    branch = place.province.branch
    with transaction() as session:
        called = factories.create_patron(session, branch, "Lý Thị Gọi", phone="0600111222")
        written = factories.create_patron(session, branch, "Mai Văn Thư", commune="Xã Sen")
        late = factories.create_patron(session, branch, "Cao Văn Muộn", commune="Xã Hồ")
        codes = [factories.create_item(session, branch).barcode for _ in range(3)]
    with clock.at(clock.now() - timedelta(days=45)):
        for code, reader in zip(codes, (called, written, late), strict=True):
            perform(check_out, head, barcode=code, patron_id=reader.id, key=f"told{reader.id}")
    with transaction() as session:
        plan_day(session)
    form_messages()
    with transaction() as session:
        words["batch_id"] = print_letters(session, head, groups=["commune:Xã Sen"]).id
        rows = session.execute(
            select(NoticeMessage.id, NoticeMessage.patron_id).order_by(NoticeMessage.id)
        ).all()
        words["message_id"] = next(one for one, reader in rows if reader == called.id)
        words["notice_id"] = session.scalars(select(Notice.id).order_by(Notice.id)).first()


def _offline(place: Place, head: Actor, card: str) -> None:
    """A log with something of every kind to look at that needs no other rows."""
    sent = (("check_in", "LẠ-1", ""), ("check_out", "LẠ-2", card), ("dance", "LẠ-3", ""))
    commands = [
        Command(f"off-{n}", n, act, clock.now(), head.staff_id, head.unit_id, code, who)
        for n, (act, code, who) in enumerate(sent)
    ]
    perform(receive_log, head, Log("desk-1", clock.now() - timedelta(hours=1), commands))
    replay_waiting(place.province.library.id)


def _rules(head: Actor, words: dict[str, Any]) -> None:
    """Try a rule that would refuse, and preview other rules for the loans that are open."""
    library_id = words["unit_id"]
    changes = [Change("", "", "limit_total", 1), Change("", "", "loan_days", 21)]
    with transaction() as session:
        written: Any = session.get_one(Record, words["record_id"]).marc
        words["record_draft_id"] = keep_draft(session, head, written).id
        words["twin_record_id"] = records.create_record(session, head, written).id
        words["voucher_ids"] = _vouchers(session, head, words)
        words["books"] = _books(session, head, library_id)
        words |= _weedings(session, head, library_id)
        words["purchase_ids"] = _purchases(session, words["record_id"])
        words |= buying.furnish(session, head, words["record_id"], words["patron_id"])
        sheet = LabelSheet("", "Tomy 145", 3, 7, 63.5, 38.1, 7.2, 15.0, 2.5)
        kept = keep_sheet(session, head, library_id, sheet)
        words["sheet_id"] = kept.code.removeprefix(OWN)
        words["draft_id"] = make_draft(session, head, library_id, changes).id
        save_changes(
            session,
            head,
            library_id,
            [Change("", "", "cap", 500), Change("comic", "", "loan_days", 7)],
        )
        words["applied_id"] = preview_open_loans(session, head, library_id).id


def _losses(place: Place, head: Actor, words: dict[str, Any]) -> None:
    """A copy claimed to be back, one lost, one damaged, one long overdue, one searched for."""
    branch = place.province.branch
    with transaction() as session:
        reader = factories.create_patron(session, branch, "Đặng Văn Mất")
        add_rate(
            session,
            head,
            library_id=words["unit_id"],
            name="Rách bìa",
            amount=5_000,
            percent=None,
        )
        codes = [factories.create_item(session, branch).barcode for _ in range(5)]
    with clock.at(clock.now() - timedelta(days=90)):
        lent = [
            perform(check_out, head, barcode=code, patron_id=reader.id, key=f"lost{n}")
            for n, code in enumerate(codes[:4])
        ]
    loans = [(one.loan or {})["id"] for one in lent]
    items = [(one.item or {})["id"] for one in lent]
    perform(make_claim, head, loan_id=loans[0], kind="returned", key="claim")
    case = perform(declare_lost, head, item_id=items[1], note="rơi", key="lose")
    perform(check_in, head, barcode=codes[2], key="wet")
    perform(record_damage, head, item_id=items[2], loan_id=loans[2], amount=9_000, key="torn")
    perform(start_search, head, barcode=codes[4] or "", key="seek")
    with transaction() as session:
        set_setting(session, head, words["unit_id"], "notices.before_lost", False)
        propose_lost(session)
    words["loss_id"] = case.facts["loss_id"]


def _closure(head: Actor, words: dict[str, Any]) -> None:
    """Close the days on which loans are due, and the last two weeks, of which fines are offered."""
    days = [clock.today() + timedelta(days=n) for n in (-20, -19, 13, 14, 15)]
    with transaction() as session:
        closed = dict.fromkeys(days, "Bão số 3")
        plan = plan_closure(session, head, words["unit_id"], closed, "Bão số 3")
        words["plan_id"] = apply_closure(session, head, plan.id).id
        plan_closure(session, head, words["unit_id"], {days[-1]: "Bão"}, "Bão số 4")


def _desk_pages(place: Place, head: Actor, codes: list[str]) -> dict[str, Any]:
    """Empty the book drop, read a book here, serve a class and a family, add a title quickly."""
    branch = place.province.branch
    with transaction() as session:
        parent, *pupils = (
            factories.create_patron(session, branch, name, school="THCS Sen", school_class=klass)
            for name, klass in (("Bùi Mẹ", ""), ("Bùi An", "6A"), ("Đỗ Bình", "6A"))
        )
        pupils[0].guardian_id = parent.id
        drop_id = open_drop(session, head).id
    perform(return_from_drop, head, drop_id=drop_id, barcode=codes[3], key="d1")
    perform(check_out, head, barcode=codes[5], patron_id=parent.id, key="d2", kind="reading_room")
    quick = QuickTitle(branch.id, "Truyện tranh mới", "TM-001")
    perform(add_and_lend, head, facts=quick, patron_id=pupils[0].id, key="d3")
    return {"drop_id": drop_id, "parent_id": parent.id}


def _persons(place: Place, head: Actor, words: dict[str, Any]) -> None:
    """Give the reader a photo, a child, a request and a consent; somebody registers on the site."""
    branch = place.province.branch
    picture = io.BytesIO()
    Image.new("RGB", (600, 800), "darkgreen").save(picture, "JPEG")
    with transaction() as session:
        consent_at_desk(
            session, head, words["patron_id"], givers=["self"], purposes=["photo", "messages"]
        )
        keep_photo(session, head, words["patron_id"], picture.getvalue())
        reader = session.get_one(Patron, words["patron_id"])
        factories.create_patron(
            session,
            branch,
            "Nguyễn Văn Bé",
            category="child",
            guardian_card=factories.card_of(session, reader),
        )
        words["request_id"] = ask(session, head, reader, "correct", "Sai ngày sinh").id
        facts = PatronFacts(
            "Nguyễn Thị Lan", "", branch.id, born_year=1990, phone="0905123456", consent=True
        )
        _twice(session, head, branch, words)
        words["registration_id"] = send_registration(session, facts).id
        leaver = factories.create_patron(
            session, branch, "Lê Ra Trường", school="THCS Sen", school_class="9A"
        )
        factories.create_patron(
            session, branch, "Lê Thị Lớn", category="child", born_year=2000, guardian_name="Mẹ"
        )
        register_visitor(session, head, VisitorFacts("Trần Khách", "CCCD", "042199000123", "Đọc"))
    perform(charge, head, patron_id=leaver.id, kind="service", amount=3_000, key="c9")
    with transaction() as session:
        moves, terms = [ClassMove("THCS Sen", "9A", "")], LeaverTerms(block="Trả nợ trước")
        words["batch_id"] = begin_school_year(session, head, "2026–2027", moves, terms).id
        words["many_ids"] = [words["batch_id"]]


def _money(place: Place, head: Actor, words: dict[str, Any]) -> None:
    """Open a till, take a payment and a deposit, sell to somebody; set rates at the library."""
    library, today = place.province.library.id, clock.today()
    with transaction() as session:
        resolution = {"resolution": "35/2025/NQ-HĐND", "valid_from": today}
        rates.set_card_fee(session, head, unit_id=library, amount=10_000, **resolution)
        rates.set_exemption(session, head, unit_id=library, name="Hộ nghèo", **resolution)
        decided = {"decision": "12/QĐ-TV", "decided_on": today - timedelta(days=30)}
        days = {"from_on": today - timedelta(days=20), "to_on": today - timedelta(days=10)}
        rates.set_amnesty(session, head, unit_id=library, **decided, **days)
        copy = rates.set_price(
            session, head, unit_id=library, name="Phô tô A4", amount=500, valid_from=today
        )
    opened = perform(open_till, head, name="Quầy 1", float_amount=100_000, key="m1")
    patron = {"patron_id": words["patron_id"]}
    perform(take_payment, head, amount=5_000, key="m2", post_running=False, **patron)
    perform(deposit_in, head, amount=50_000, key="m3", **patron)
    sold = perform(sell, head, quantities={copy.id: 3}, payer="Anh Ba", key="m4")
    words |= {"till_id": opened.facts["till_id"], "receipt_id": sold.slip["receipt_id"]}
    perform(charge, head, kind="service", amount=2_000, key="m5", **patron)
    with transaction() as session:
        debts, why = Asked(kinds=KINDS), {"reason": "Ngày sách", "decided_on": today}
        old = plan_batch(session, head, library, debts, decision="15/QĐ-TV", **why)
        words["waived_id"] = old.id


def _twice(session: Any, head: Actor, branch: Any, words: dict[str, Any]) -> None:
    """Register somebody twice, and somebody three times, of whom two records are one again."""
    names = ("Vũ Thị Hòa", "Vu Thi Hoa", "VŨ THỊ HÒA")
    three = [factories.create_patron(session, branch, n, phone="0905000111") for n in names]
    words["merge_id"] = merge_patrons(session, head, three[0].id, three[1].id).id
    words["twin_id"] = three[2].id


def _lifted() -> dict[str, str]:
    return {"overdue_over": "thử", "owed_over": "thử"}


def _news(session: Any, head: Actor, words: dict[str, Any]) -> None:
    text = "Mời bạn đọc đến dự.\n\n- Kể chuyện\n- Đố vui\n"
    post = write_post(session, head, Draft("Ngày hội đọc sách", "Cả ngày", text, clock.today()))
    province_post = NewsPost(
        unit_id=int(head.held[0].path.split("/")[1]),
        slug=post.slug,
        title="Hội thi của tỉnh",
        published_on=clock.today(),
    )
    session.add(province_post)
    words |= {"post_id": post.id, "post": post.slug}


def _basket(head: Actor) -> int:
    """Put the copies of a title, and what is nothing, into a basket beside an empty one."""
    with transaction() as session:
        open_basket(session, head, "Giỏ trống")
        basket = open_basket(session, head, "Sách cần in nhãn")
        codes = session.scalars(select(Item.barcode).where(Item.barcode.is_not(None)).limit(3))
        add_typed(session, head, basket.id, "\n".join(map(str, codes)))
        return basket.id


def _batch(head: Actor, basket_id: int) -> int:
    """Look at what rules, kept under a name, would change in the records of a basket."""
    rules = [Rule("add_field", "650", put="$a Văn học $2 btkkhcn", ind1=" ", ind2="7")]
    with transaction() as session:
        keep_rules(session, head, "Thêm chủ đề", rules)
        return make_run(session, head, basket_id, rules).id


def _acts(place: Place, head: Actor) -> dict[str, Any]:
    """Look at what a move of every copy would do, those that are lent among them; at withdrawing
    them, and at deleting the records."""
    with transaction() as session:
        there = place.province.other_branch.id
        plan = copies.plan_of(session, head, [CopyChange("branch_id", "set", there)])
        ids = session.scalars(select(Item.id).where(Item.owner_id == place.province.library.id))
        ids = ids.all()
        records = session.scalars(select(Record.id)).all()
        made = [
            look_at_copies(session, head, "change", "Chuyển kho", plan, ids),
            look_at_copies(session, head, "withdraw", "Cũ", plan_of("worn", "", None), ids),
            look_at_copies(session, head, "delete", "Trùng", {}, records),
        ]
        return {"act_run_id": made[0].id, "act_run_ids": [one.id for one in made]}


def _import(place: Place, head: Actor, words: dict[str, Any]) -> None:
    """Bring in a file of one sound and one broken record, and leave another waiting."""
    iso = WRITERS["iso2709"][1]
    marc = {
        "leader": "00000nam a2200000   4500",
        "fields": [
            {"001": "b1"},
            {"245": {"ind1": "1", "ind2": "0", "subfields": [{"a": "Chí Phèo"}]}},
        ],
    }
    file = place.folder / "sach.mrc"
    file.write_bytes(iso(marc) + b"some words between\n" + iso(marc)[:60])
    with transaction() as session:
        runs = [
            receive(
                session,
                head,
                source=file,
                file_name="sach.mrc",
                library_id=place.province.library.id,
                options={"opening_balance": True},
            )
            for _ in range(2)
        ]
        words["run_ids"] = [run.id for run in runs]
        begin(session, head, runs[0].id)
    while run_next_job():
        pass
    with reading() as session:
        lines = session.scalars(select(ImportLine).where(ImportLine.run_id == runs[0].id)).all()
        words["lines"] = [line.id for line in lines]
        words["rejected"] = next(line.id for line in lines if line.outcome == "rejected")
    words["run_id"] = runs[0].id
    _import_sheets(place, head, words)


def _import_sheets(place: Place, head: Actor, words: dict[str, Any]) -> None:
    """Bring in a list with one row to mend, and leave another waiting with its columns shown."""
    file = place.folder / "so.csv"
    file.write_text(
        "Nhan đề;Tác giả;Số ĐKCB;Giá tiền\nTắt đèn;Ngô Tất Tố;TN.90001-90002;45.000đ\n"
        "Bỉ vỏ;Nguyên Hồng;TN.90003;rẻ\n"
    )
    with transaction() as session:
        runs = [
            receive(
                session,
                head,
                source=file,
                file_name="so.csv",
                library_id=place.province.library.id,
                options={"opening_balance": True},
            ).id
            for _ in range(2)
        ]
        begin(session, head, runs[0])
    while run_next_job():
        pass
    words["run_ids"] += runs
    words["sheet_run"] = runs[0]


def _patron_sheet(place: Place, name: str, words: dict[str, Any]) -> str:
    """Upload a spreadsheet with a wrong row as the head does, take it and look at it as a class; return its token."""
    browser = place.app.test_client()
    browser.post("/staff/sign-in", data={"username": name, "password": factories.PASSWORD})
    file = (io.BytesIO(SHEET.encode()), "ban-doc.csv")
    sent = browser.post("/staff/patrons/import", data={"file": file})
    assert sent.status_code == 302, sent.get_data(as_text=True)[-2000:]
    facts = {"column_0": "name", "column_1": "born", "column_2": "school_class", "take": "1"}
    facts |= {"branch_id": str(place.province.branch.id), "category": "child"}
    taken = browser.post(sent.location, data=facts)
    assert taken.status_code == 200, taken.get_data(as_text=True)[-2000:]
    listed = browser.post(sent.location.replace("/import/", "/classes/"), data=facts)
    assert listed.status_code == 302, listed.get_data(as_text=True)[-2000:]
    words["many_ids"].append(int(listed.location.rsplit("/", 1)[-1]))
    return str(sent.location.rsplit("/", 1)[-1])


def _stock_takes(place: Place, head: Actor) -> list[int]:
    """Plan one stock-taking, count in another, close a third."""
    made = []
    with transaction() as session:
        head = factories.create_actor(session, "head", place.province.library)
        scope = Scope((place.province.branch.id,))
        for n in range(3):
            take = plan_stock_take(session, head, Plan(f"Kiểm kê {n}", scope))
            made.append(take.id)
            if n:
                freeze(session, head, take.id)
                scans = [Scan(f"k{n}-1", "LA-1"), Scan(f"k{n}-2", "VV00001")]
                record_scans(session, head, take.id, scans, scanner="A")
        close_stock_take(session, head, made[2])
    return made


def _rotation(place: Place, head: Actor) -> dict[str, Any]:
    """A box being packed, one at a school, one back with a copy missing, one at a branch."""
    made = []
    with transaction() as session:
        places = (
            boxes.PointFacts("Trường THCS Sen", "school", contact="Cô Hà", phone="0918000201"),
            boxes.PointFacts("Chi nhánh", "branch", place.province.other_branch.id),
        )
        points = [boxes.write_point(session, head, facts) for facts in places]
        for n in range(4):
            box = boxes.open_box(session, head, points[n == 3].id)
            for _ in range(2):
                item = factories.create_item(session, place.province.branch)
                boxes.pack(session, head, box_id=box.id, barcode=item.barcode or "")
            made.append(box.id)
            if n:
                due = clock.today() + timedelta(days=60)
                boxes.send_box(session, head, box_id=box.id, due_on=due, seal=f"NP {n}")
                figures.new_link(session, head, box_id=box.id)
        month = clock.today().replace(day=1)
        told = {"visits": 30, "reads": 20, "loans": 9}
        figures.report_figures(session, head, box_id=made[1], month=month, **told)
        returning.take_back(session, head, box_id=made[1], barcode="LẠ-7")
        returning.close_box(session, head, box_id=made[2], missing=True)
        claims.settle_box(session, head, box_id=made[2], paper="BB 2", amount=90_000)
        claims.let_off(session, head, box_id=made[2], amount=10_000, paper="QĐ 5")
        paid = {"box_id": made[2], "amount": 50_000, "key": "point-pays"}
        claims.take_point_payment(session, head, **paid)
        token = figures.link_of(session.get_one(Consignment, made[1]))
        sent = factories.create_item(session, place.province.branch)
        there = {"to_branch_id": place.province.other_branch.id, "key": "sent-away"}
        send(session, head, barcode=sent.barcode or "", **there)
        transit_id = session.query(Transit.id).filter_by(item_id=sent.id).scalar()
    words = {"box_ids": made, "point_id": points[0].id, "point_token": token}
    return words | {"transit_id": transit_id}


def _books(session: Any, head: Actor, library_id: int) -> list[str]:
    """Print the registers as final, as far as they go; those printed come first."""
    codes = [book.code for book in books_of(session, library_id)]
    done = []
    for code in codes:
        with suppress(Refused):
            print_final(session, head, library_id, code, with_rest=True)
            done.append(code)
    return [*done[:2], *(code for code in codes if code not in done)][:4]


def _weedings(session: Any, head: Actor, library_id: int) -> dict[str, Any]:
    """A list that is proposed, with a copy on its way on it, and one decided and destroyed."""
    today, made = clock.today(), []
    branch = branches_of(session, library_id)[0]
    away, torn, burnt = (factories.create_item(session, branch) for _ in range(3))
    session.add(
        Transit(item_id=away.id, from_branch_id=branch.id, to_branch_id=branch.id, reason="manual")
    )
    for items in ([away, torn], [burnt]):
        council = [{"name": "Trần Thị Sen", "role": "Chủ tịch Hội đồng"}]
        facts = HeadFacts("Đợt 1", council, "1/BB", today, "2/QĐ", today, "Giám đốc")
        made.append(begin_weeding(session, head, library_id, facts).id)
        propose(session, head, made[-1], [item.id for item in items], reason="worn")
    decide(session, head, made[1])
    lines = session.scalars(select(WeedingLine.id).where(WeedingLine.weeding_id == made[1])).all()
    minutes = DisposalFacts("destroyed", "3/BB", today, "Lò đốt")
    disposal = dispose(session, head, made[1], lines, minutes)
    return {"weeding_ids": made, "disposal_id": disposal.id}


def _purchases(session: Any, record_id: int) -> list[int]:
    """A central purchase that is being split, and one sent to the libraries."""
    made: list[int] = []
    admin = system_actor()
    for number in ("PC-1", "PC-2"):
        made.append(begin_purchase(session, admin, PurchaseFacts(number, clock.today())).id)
        add_central(session, admin, made[-1], record_id=record_id, price=9_000, copies=2)
    send_purchase(session, admin, made[1])
    return made


def _vouchers(session: Any, head: Actor, words: dict[str, Any]) -> list[int]:
    """Receive a gift, and begin an invoice whose sum does not fit yet."""
    today, made = clock.today(), []
    branch_id = branches_of(session, words["unit_id"])[0].id
    for kind in ("gift", "invoice"):
        facts = VoucherFacts(kind, branch_id, number=f"{kind} 1", dated_on=today, total=9)
        made.append(open_voucher(session, head, facts).id)
        add_title(session, head, made[-1], LineFacts(2, 9_000), record_id=words["record_id"])
        add_title(session, head, made[-1], LineFacts(1, 5_000), fresh={"title": "Truyện mới"})
    close_voucher(session, head, made[0], in_spite=True)
    return made
