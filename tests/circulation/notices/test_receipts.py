"""Receipts on paper, by mail or not at all: the patron's word, the library's custom, the desk's key."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from circulation.fees import charge, reverse, take_payment
from circulation.models import LedgerEntry
from circulation.notices.models import NoticeMessage
from circulation.notices.reach import choose_way, mark_bad
from circulation.notices.receipts import mail_loans
from circulation.patrons.models import Patron
from circulation.renew import renew_all
from circulation.rules.consent import LENDING
from circulation.rules.notices import Reach, receipt_way
from circulation.undo import undo
from ils.core import db
from tests import factories
from tests.circulation.conftest import Library
from tests.circulation.notices.conftest import Desk, Post
from tests.circulation.views.conftest import Desk as Browser

Reader = Callable[..., Any]
OPEN = Reach(offered=frozenset({"email"}), email=True, agrees=False)


@pytest.mark.parametrize(
    ("chosen", "usual", "reach", "way"),
    [
        ("", "print", OPEN, "print"),
        ("", "none", OPEN, "none"),
        ("email", "none", OPEN, "email"),  # the reader's word is agreement enough
        ("none", "email", OPEN, "none"),
        ("", "email", OPEN, "print"),  # without it the agreement to messages is needed
        ("", "email", OPEN.asked(), "email"),
        ("email", "none", Reach(offered=frozenset({"email"})), "print"),  # no address
        ("email", "none", Reach(email=True), "print"),  # no server
    ],
)
def test_a_receipt_goes_the_way_that_was_chosen(
    chosen: str, usual: str, reach: Reach, way: str
) -> None:
    assert receipt_way(chosen, usual, reach) == way


def wants(library: Library, patron: Any, receipt: str) -> None:
    with library.writing() as session:
        found = session.get_one(Patron, patron.id)
        facts = {"channel": "", "courtesies": True, "language": "vi"}
        choose_way(session, library.clerk, found, receipt=receipt, **facts)


def end_turn(library: Library, patron: Any, *, asked: bool = False) -> dict[int, str]:
    with library.writing() as session:
        return mail_loans(session, library.clerk, [patron.id], asked=asked)


def text_of(post: Post) -> str:
    return post.taken[-1].get_content()


def test_what_was_lent_in_a_turn_is_mailed_once_and_beside_the_message_of_the_day(
    lite: Library, app: Any, reader: Reader, post: Post
) -> None:
    desk = Desk(lite)
    patron = reader(purposes=(LENDING,))
    old = lite.item(lite.record("Tắt đèn"))
    lite.lend(old, patron)
    lite.on(lite.today + timedelta(days=1))
    new = [lite.item(lite.record(title)) for title in ("Số đỏ", "Lão Hạc")]
    for item in new:
        lite.lend(item, patron)
    assert end_turn(lite, patron) == {}  # has not asked for mail
    wants(lite, patron, "email")
    assert end_turn(lite, patron) == {patron.id: "lan@sen.example"}
    assert end_turn(lite, patron) == {}
    lite.close(lite.today.weekday())
    with app.app_context():  # as the worker does: it speaks the reader's language
        assert desk.send() == 1  # held back by nothing
    assert "phiếu mượn của Nguyễn Thị Lan" in post.taken[0]["Subject"]
    text = text_of(post)
    head, rest = text.split("Đang mượn từ trước:", 1)
    assert "“Số đỏ”" in head
    assert "“Lão Hạc”" in head
    assert "“Tắt đèn”" in rest
    assert "hạn trả 30/05/2026" in head
    assert [one.state for one in desk.notices()] == ["sent", "sent"]
    assert desk.send() == 0


def test_what_was_undone_before_the_mail_went_is_not_told(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    patron = reader()
    wants(library, patron, "email")
    stays, goes = (library.item(library.record(title)) for title in ("Số đỏ", "Lão Hạc"))
    library.lend(stays, patron)
    lent = library.lend(goes, patron)
    end_turn(library, patron)
    assert library.do(undo, token=lent.undo_token).ok
    assert desk.send() == 1
    assert "Số đỏ" in text_of(post)
    assert "Lão Hạc" not in text_of(post)


def test_a_renewal_is_a_receipt_of_its_own(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    patron = reader()
    wants(library, patron, "email")
    library.lend(library.item(library.record("Số đỏ")), patron)
    end_turn(library, patron)
    desk.send()
    library.on(library.today + timedelta(days=10))
    assert all(one.ok for one in library.do(renew_all, patron_id=patron.id))
    assert end_turn(library, patron)
    assert desk.send() == 1
    assert len(post.taken) == 2


def test_a_receipt_goes_to_the_address_of_the_moment_of_sending(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    patron, silent = reader(), reader("Trần Văn Hai", email="hai@sen.example")
    for one in (patron, silent):
        wants(library, one, "email")
        library.lend(library.item(), one)
        end_turn(library, one)
    with library.writing() as session:
        session.get_one(Patron, patron.id).email = "lan.moi@sen.example"
        mark_bad(session, silent.id, "email", silent.email)
    assert desk.send() == 1
    assert post.to == ["lan.moi@sen.example"]
    assert sorted(desk.states()) == [
        ("loan_receipt", "dropped", "no_channel"),
        ("loan_receipt", "sent", ""),
    ]


def test_a_receipt_that_is_refused_marks_the_address_and_goes_no_other_way(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    patron = reader()
    wants(library, patron, "email")
    library.lend(library.item(), patron)
    end_turn(library, patron)
    post.at_rcpt = ["550 no such user"]
    assert desk.send() == 0
    assert desk.states() == [("loan_receipt", "failed", "way_failed")]
    assert len(desk.messages()) == 1
    library.lend(library.item(), patron)
    assert end_turn(library, patron) == {}  # on paper from now on


def test_the_day_has_its_message_whatever_receipts_went(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    patron = reader()
    wants(library, patron, "email")
    library.lend(library.item(library.record("Số đỏ")), patron)
    library.on(library.today + timedelta(days=17))
    over = {"overdue_over": "đã hứa trả"}
    assert library.lend(library.item(library.record("Lão Hạc")), patron, overrides=over).ok
    assert end_turn(library, patron)
    assert desk.day() == 2
    assert [one.alone for one in desk.messages()] == [True, False]


def test_money_is_told_by_mail_with_its_number_and_a_voided_receipt_is_not(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    patron = reader(language="en")
    with library.writing() as session:
        found = session.get_one(Patron, patron.id)
        choose_way(
            session, library.clerk, found, channel="", courtesies=True, language="en",
            receipt="email",
        )  # fmt: skip
    for kind, amount in (("service", 5000), ("card_fee", 20000)):
        library.do(charge, library.head, patron_id=patron.id, kind=kind, amount=amount)
    first = library.do(take_payment, patron_id=patron.id, amount=15000)
    second = library.do(take_payment, patron_id=patron.id, amount=10000)
    assert len(desk.messages()) == 2
    [entry] = [
        row for row in library.all(LedgerEntry) if row.receipt_id == second.slip["receipt_id"]
    ]
    assert library.do(reverse, library.head, entry_id=entry.id, reason_text="nhầm").ok
    assert desk.send() == 1
    assert f"Receipt {first.slip['number']}" in text_of(post)
    assert "15.000" in text_of(post)
    assert "Card fee 10.000" in text_of(post)
    assert ("money_receipt", "dropped", "void") in desk.states()


# --- at the desk -----------------------------------------------------------------------------


@pytest.fixture
def by_mail(desk: Browser, post: Post) -> Browser:
    """The desk of a library whose server sends mail; the first patron has an address."""
    with db.transaction() as session:
        session.get_one(Patron, desk.patron.id).email = "lan@sen.example"
    return desk


def receipts() -> list[NoticeMessage]:
    with db.reading() as session:
        return list(session.query(NoticeMessage).order_by(NoticeMessage.id))


def choose(browser: Any, patron_id: int, receipt: str) -> None:
    facts = {"channel": "", "language": "vi", "receipt": receipt}
    assert browser.post(f"/staff/notices/patron/{patron_id}", data=facts).status_code == 302


class TestAtTheDesk:
    @pytest.fixture
    def desk(self, app: Any, province: Any, staff_client: Any) -> Browser:
        from tests.circulation.views.conftest import desk as made

        return made.__wrapped__(app, province, staff_client)

    def test_one_key_ends_the_turn_with_the_slip_by_mail(self, by_mail: Browser) -> None:
        desk = by_mail
        opened = desk.scan(desk.card)
        assert "Alt+G" not in opened["panel"]  # nothing is out yet
        desk.scan(desk.item.barcode, patron=desk.patron.id, key="k1")
        assert 'data-hotkey="Alt+G"' in desk.scan(desk.card)["panel"]
        done = desk.act("mail_slip", slip=f"loans:{desk.patron.id}", patron=desk.patron.id)
        assert "l…@sen.example" in done["headline"]
        assert done["patron"] is None
        assert [one.channel for one in receipts()] == ["email"]
        again = desk.act("mail_slip", slip=f"loans:{desk.patron.id}", patron=desk.patron.id)
        assert again["tone"] == "red"
        assert len(receipts()) == 1

    def test_after_the_turn_paper_is_offered_and_mail_by_the_key(self, by_mail: Browser) -> None:
        desk = by_mail
        desk.scan(desk.item.barcode, patron=desk.patron.id, key="k1")
        done = desk.scan("", patron=desk.patron.id)
        assert (done["prints"]["kind"], done["prints"]["when"]) == ("loan", "ask")
        assert 'data-hotkey="Alt+G"' in done["top"]
        assert receipts() == []
        assert desk.act("mail_slip", slip=done["prints"]["mail"])["tone"] == "green"
        assert len(receipts()) == 1

    @pytest.mark.parametrize(("word", "when"), [("none", "never"), ("print", "always")])
    def test_the_patrons_word_counts_more_than_the_workstations(
        self, by_mail: Browser, word: str, when: str
    ) -> None:
        desk = by_mail
        choose(desk.browser, desk.patron.id, word)
        desk.scan(desk.item.barcode, patron=desk.patron.id, key="k1")
        assert desk.scan("", patron=desk.patron.id)["prints"]["when"] == when
        assert receipts() == []

    def test_who_wants_mail_gets_it_whether_the_turn_is_ended_or_the_next_card_comes(
        self, by_mail: Browser
    ) -> None:
        desk = by_mail
        choose(desk.browser, desk.patron.id, "email")
        desk.scan(desk.item.barcode, patron=desk.patron.id, key="k1")
        done = desk.scan("", patron=desk.patron.id)
        assert "l…@sen.example" in done["headline"]
        assert done["prints"]["when"] == "never"
        desk.scan(desk.other_item.barcode, patron=desk.patron.id, key="k2")
        assert desk.scan(desk.second_card, patron=desk.patron.id)["patron"] == desk.second.id
        assert len(receipts()) == 2

    def test_a_payment_offers_its_receipt_on_paper_and_by_mail(
        self, by_mail: Browser, province: Any
    ) -> None:
        desk = by_mail
        with db.transaction() as session:
            head = factories.create_actor(session, "head", province.branch)
            charge(session, head, patron_id=desk.patron.id, kind="service", amount=5000, key="c")
        paid = desk.act("pay", amount="5000", patron=desk.patron.id, key="p1")
        assert paid["prints"]["kind"] == "receipt"
        paper = desk.browser.get(paid["prints"]["url"])
        assert paper.data.startswith(b"%PDF")
        assert desk.act("mail_slip", slip=paid["prints"]["mail"])["tone"] == "green"
        assert desk.act("mail_slip", slip=paid["prints"]["mail"])["tone"] == "red"
        assert len(receipts()) == 1

    def test_another_librarys_receipt_is_not_known(
        self, by_mail: Browser, province: Any, staff_client: Any
    ) -> None:
        desk = by_mail
        with db.transaction() as session:
            head = factories.create_actor(session, "head", province.branch)
            charge(session, head, patron_id=desk.patron.id, kind="service", amount=5000, key="c")
        paid = desk.act("pay", amount="5000", patron=desk.patron.id, key="p1")
        stranger = staff_client("clerk", province.foreign_branch)
        facts = {"act": "mail_slip", "slip": paid["prints"]["mail"]}
        stranger.post("/staff/desk/act", data=facts)
        facts["slip"] = f"loans:{desk.patron.id}"
        stranger.post("/staff/desk/act", data=facts)
        assert receipts() == []
