"""The fee book and the deposit book agree with the ledger, show every number, and print."""

import io
from dataclasses import replace
from datetime import date, timedelta

import openpyxl

from circulation.deposits import deposit_in, deposit_out, deposit_to_debt
from circulation.fees import charge, reverse, take_payment
from circulation.models import LedgerEntry, Receipt
from circulation.money import books, papers, rates
from circulation.money.running import running_fines, with_names
from circulation.money.sales import sell
from circulation.money.tills import close_till, open_till, till_report, till_seen
from ils.core.money import in_words
from ils.org.office import Office
from tests.circulation.conftest import Library
from tests.circulation.money.rates_of_a_library import set_rate

OFFICE = Office("UBND tỉnh", "Thư viện", "Tỉnh")


def book(library: Library, first: date, last: date, only=None) -> books.FeeBook:
    with library.reading() as session:
        return books.fee_book(session, library.place.library.id, first, last, only)


def charged(library: Library, patron, amount: int, kind: str) -> None:
    library.do(charge, library.head, patron_id=patron.id, kind=kind, amount=amount)


def pays(library: Library, patron, amount: int) -> int:
    paid = library.do(take_payment, patron_id=patron.id, amount=amount)
    return int(paid.slip["receipt_id"])


def void(library: Library, receipt_id: int, why: str = "ghi nhầm") -> None:
    line = next(
        e for e in library.all(LedgerEntry) if e.receipt_id == receipt_id and e.kind == "payment"
    )
    assert library.do(reverse, library.head, entry_id=line.id, reason_text=why).ok


def test_every_number_stands_in_the_fee_book_the_void_ones_without_money(library: Library):
    patron = library.patron()
    charged(library, patron, 10_000, "card_fee")
    charged(library, patron, 50_000, "lost_price")
    first = pays(library, patron, 15_000)
    void(library, first)
    pays(library, patron, 30_000)
    library.do(deposit_in, patron_id=patron.id, amount=100_000)
    copy = set_rate(library, rates.set_price, name="Phô tô", amount=500)
    library.do(sell, quantities={copy: 4}, payer="Anh Ba")
    found = book(library, library.today, library.today)
    assert [line.receipt.number for line in found.lines] == [1, 2, 3, 4]
    assert [line.state for line in found.lines] == ["void", "", "deposit_in", ""]
    assert [line.parts for line in found.lines] == [
        {},
        {"card_fee": 10_000, "compensation": 20_000},
        {},
        {"service": 2_000},
    ]
    assert (found.total(), found.total("card_fee"), found.gaps) == (32_000, 10_000, [])
    assert [line.payer for line in found.lines][-1] == "Anh Ba"


def test_a_receipt_voided_in_a_later_month_is_taken_off_there(library: Library):
    patron = library.patron()
    charged(library, patron, 10_000, "service")
    paid = pays(library, patron, 10_000)
    may = (date(2026, 5, 1), date(2026, 5, 31))
    june = (date(2026, 6, 1), date(2026, 6, 30))
    library.on(date(2026, 6, 3))
    void(library, paid)
    assert [(line.state, line.total) for line in book(library, *may).lines] == [
        ("void_later", 10_000)
    ]
    assert [(line.state, line.total) for line in book(library, *june).lines] == [
        ("taken_off", -10_000)
    ]
    assert book(library, may[0], june[1]).total() == 0


def test_the_book_of_a_month_is_what_the_ledger_took_in_it(library: Library):
    patron = library.patron()
    for n in range(6):
        charged(library, patron, 7_000, ("service", "card_fee", "processing")[n % 3])
        paid = pays(library, patron, 5_000)
        if n % 2:
            void(library, paid)
        library.later(days=9)
    sums = {"credit": 1, "debit": -1}
    for month in (5, 6, 7):
        first = date(2026, month, 1)
        last = date(2026, month + 1, 1) - timedelta(days=1)
        took = sum(
            sums[e.direction] * e.amount
            for e in library.all(LedgerEntry)
            if e.kind in ("payment", "reversal") and first <= e.effective_on <= last
        )
        assert book(library, first, last).total() == took


def test_a_branch_sees_its_own_receipts(lite: Library):
    patron = lite.patron()
    charged(lite, patron, 9_000, "service")
    pays(lite, patron, 1_000)
    lite.do(take_payment, lite.far_clerk, patron_id=patron.id, amount=2_000)
    own = book(lite, lite.today, lite.today, [lite.place.other_branch.id])
    assert ([line.receipt.number for line in own.lines], own.gaps) == ([2], [])


def test_the_deposit_book_carries_what_is_held_from_line_to_line(library: Library):
    patron = library.patron()
    library.do(deposit_in, patron_id=patron.id, amount=100_000)
    library.on(date(2026, 6, 2))
    library.do(deposit_out, patron_id=patron.id, amount=30_000)
    charged(library, patron, 20_000, "lost_price")
    library.do(deposit_to_debt, patron_id=patron.id, amount=20_000, reason_text="mất sách")
    used = next(e for e in library.all(LedgerEntry) if e.kind == "deposit_to_debt")
    library.do(reverse, library.head, entry_id=used.id, reason_text="đổi ý")
    with library.reading() as session:
        found = books.deposit_book(
            session, library.place.library.id, None, date(2026, 6, 1), date(2026, 6, 30)
        )
        held = books.deposits_held(session, [library.place.branch.id])
    assert (found.before, found.after) == (100_000, 70_000)
    moves = [(one.taken, one.given_back, one.used, one.held_after) for one in found.lines]
    assert moves == [(0, 30_000, 0, 70_000), (0, 0, 20_000, 50_000), (0, 0, -20_000, 70_000)]
    assert [(one.patron_id, one.amount) for one in held] == [(patron.id, 70_000)]


def test_the_books_add_up_page_by_page_and_in_the_spreadsheet(lite: Library):
    patron = lite.patron()
    charged(lite, patron, 90_000, "service")
    for _ in range(40):
        pays(lite, patron, 1_000)
    paper = papers.fee_book_paper(book(lite, lite.today, lite.today), lite.today, lite.today)
    pages = papers._pages(paper)
    assert [len(page["rows"]) for page in pages] == [15, 18, 7]
    assert pages[1]["sums_before"][0][10] == "15.000"
    assert [row[10] for row in pages[-1]["sums_after"]] == ["7.000", "40.000"]
    pdf = papers.book_pdf(paper, OFFICE)
    assert f"/Count {len(pages)}".encode() in pdf, "as many as were cut"
    for few in (9, 10, 16, 33, 34):
        cut = papers._pages(replace(paper, rows=paper.rows[:1] * few))
        assert len(cut) == 1 or 2 <= len(cut[-1]["rows"]) <= 11, "rows and names on one page"
    sheet = openpyxl.load_workbook(io.BytesIO(papers.book_xlsx(paper, OFFICE))).active
    last = [row for row in sheet.iter_rows(values_only=True) if row[3] == "Tổng cộng"]
    assert last[0][10] == 40_000


def test_receipts_and_the_closing_of_a_till_print(lite: Library):
    till = lite.do(open_till, name="Quầy 1", float_amount=0).facts["till_id"]
    patron = lite.patron()
    charged(lite, patron, 25_000, "service")
    paid = pays(lite, patron, 25_000)
    lite.do(deposit_in, patron_id=patron.id, amount=50_000)
    void(lite, paid)
    lite.do(close_till, till_id=till, counted={50_000: 1, 20_000: 1, 5_000: 1})
    with lite.reading() as session:
        for one in session.query(Receipt):
            assert papers.receipt_pdf(session, one).startswith(b"%PDF")
        report = till_report(session, till_seen(session, lite.clerk, till))
        assert papers.till_pdf(session, report).startswith(b"%PDF")
        assert [r.number for r in report.voided] == [1]


def test_running_fines_are_those_of_the_desk(library: Library):
    library.rules(per_day=1_000, grace=0, loan_days=14, cap=9_000)
    library.close(6)
    patron = library.patron()
    for _ in range(3):
        library.lend(library.item(), patron)
        library.later(days=4)
    library.later(days=15)
    branches = [library.place.branch.id, library.place.other_branch.id]
    with library.reading() as session:
        found = running_fines(session, branches, library.today)
        from circulation.blocks import loans_of_patron

        own = loans_of_patron(session, patron.id, library.now)
        assert [(o.loan.id, o.days_late, o.running_fine) for o in own if o.days_late] == [
            (one.loan_id, one.days, one.amount) for one in found
        ]
        rows = with_names(session, found)
    assert {row["patron"] for row in rows} == {"Nguyễn Thị Lan"}
    assert max(one.amount for one in found) == 9_000
    pays(library, patron, 3_000)  # posts all of them: nothing runs until tomorrow
    with library.reading() as session:
        assert [one.amount for one in running_fines(session, branches, library.today)] == [0] * 3


def test_amounts_are_read_out_as_people_say_them():
    said = {
        0: "Không đồng",
        15: "Mười lăm đồng",
        21: "Hai mươi mốt đồng",
        105: "Một trăm linh năm đồng",
        25_000: "Hai mươi lăm nghìn đồng",
        1_005_000: "Một triệu không trăm linh năm nghìn đồng",
        2_000_000_010: "Hai tỷ không trăm mười đồng",
        -500: "Âm năm trăm đồng",
    }
    assert {amount: in_words(amount) for amount in said} == said
