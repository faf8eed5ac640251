"""Personal data: copies, erasing with the facts first, histories, looks, requests."""

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from circulation.fees import charge, take_payment
from circulation.indicators import VALID_CARDS
from circulation.models import DeskCommand, Hold, LedgerEntry, Loan
from circulation.patrons.consent import record_consent
from circulation.patrons.erasure import erase_patron, half_month, stands_against
from circulation.patrons.history import detach_history, history_of, keep_history
from circulation.patrons.looks import looks_at
from circulation.patrons.models import Patron, PatronCard, PatronLook, PersonRequest
from circulation.patrons.notes import write_note
from circulation.patrons.person_data import person_data
from circulation.patrons.retention_jobs import erase_the_long_gone, keep_no_longer
from circulation.patrons.sign_in import patron_actor
from ils.core import clock, db
from ils.core.config import config
from ils.core.errors import NotFound, Refused
from ils.core.events import EventRow
from ils.reporting.figures import Measure, figures
from ils.reporting.scope import scope_of
from tests import factories
from tests.circulation.conftest import DAY_ONE

SECRETS = ("Nguyễn Thị Lan", "0905123456", "lan@example.org", "Tổ 4", "Hay quên thẻ")


def reader(library, **more):
    return library.patron(
        born_on=date(2010, 5, 20),
        sex="f",
        commune="Xã Bình Sơn",
        phone="0905123456",
        email="lan@example.org",
        address="Tổ 4",
        category="child",
        guardian_name="Lê Thị Hoa",
        consent=True,
        **more,
    )


def erase(library, patron):
    with library.writing() as session:
        erase_patron(session, library.head, patron.id)


def reported(library):
    """Figures of the month: loans, active readers by age, cards valid at its end, fines."""
    measures = [Measure(code) for code in ("TV.G02", "TV.E04", VALID_CARDS, "TV.G09")]
    with library.reading() as session:
        scope = scope_of(session, library.place.library.id)
        first = DAY_ONE.replace(day=1)
        table = figures(session, scope, measures, first, date(2026, 5, 31))
        halves = figures(session, scope, measures, first, date(2026, 5, 14))
        return table, halves


def test_erasing_is_refused_with_a_list_of_what_is_open(library):
    patron, item, other = reader(library), library.item(), library.item()
    library.lend(item, patron)
    library.hold(other, patron)
    library.do(charge, library.head, patron_id=patron.id, kind="service", amount=5_000)
    with library.reading() as session:
        found = {one.code: one.count or one.amount for one in stands_against(session, patron.id)}
    assert found == {"loans": 1, "holds": 1, "debt": 5_000}
    with pytest.raises(Refused, match="erase_blocked"):
        erase(library, patron)
    assert library.get(Patron, patron.id).name == "Nguyễn Thị Lan"


def test_a_guardian_is_not_erased_while_a_child_depends_on_them(lite):
    mother = lite.patron("Lê Thị Hoa")
    reader(lite, guardian_card=lite.card(mother))
    with pytest.raises(Refused, match="erase_blocked"):
        erase(lite, mother)


def test_an_erased_person_leaves_no_trace_but_figures_and_accounts(library):
    patron, item = reader(library), library.item()
    again = library.patron("Phạm Văn Chờ")
    with library.writing() as session:
        write_note(session, library.head, patron.id, "Hay quên thẻ")
    library.lend(item, patron)
    library.take_back(item)
    library.lend(item, again)
    library.take_back(item)
    held = library.hold(item, patron)
    assert held.ok
    library.do(charge, library.head, patron_id=patron.id, kind="service", amount=5_000)
    library.do(take_payment, library.head, patron_id=patron.id, amount=5_000)
    library.take_back(item)
    with library.writing() as session:
        hold = session.scalars(select(Hold)).one()
        hold.state, hold.ended_at, hold.cleared_at = "cancelled", clock.now(), clock.now()
    library.on(date(2026, 6, 20))
    before = reported(library)
    erase(library, patron)
    assert reported(library) == before
    with library.reading() as session:
        shell = session.get_one(Patron, patron.id)
        everything = json.dumps(
            [vars(shell), [vars(row) for row in session.scalars(select(DeskCommand))]],
            default=str,
            ensure_ascii=False,
        )
        assert not [secret for secret in SECRETS if secret in everything]
        assert session.scalars(select(Loan.patron_id).order_by(Loan.id)).all() == [None, again.id]
        assert session.scalars(select(Hold.patron_id)).all() == [None]
        assert set(session.scalars(select(LedgerEntry.patron_id))) == {patron.id}
        assert session.scalar(select(PatronCard.state).where(PatronCard.patron_id == patron.id))
        lent = select(EventRow.patron_ref).where(EventRow.kind == "loan_checked_out")
        refs = session.scalars(lent).all()
        assert len(set(refs)) == 2
        assert not {*refs} & {shell.event_ref, shell.id}
        with pytest.raises(NotFound):
            erase_patron(session, library.head, patron.id)
    assert not library.lend(item, shell).ok


def test_a_card_of_an_erased_person_is_refused(lite):
    patron, item = reader(lite), lite.item()
    card = lite.card(patron)
    erase(lite, patron)
    from circulation.checkout import check_out

    answer = lite.do(check_out, barcode=item.barcode, card=card)
    assert not answer.ok


@pytest.mark.parametrize(
    ("born", "left"),
    [
        (date(2010, 5, 14), date(2010, 5, 1)),
        (date(2010, 5, 15), date(2010, 5, 15)),
        (date(2012, 2, 29), date(2012, 2, 15)),
        (None, None),
    ],
)
def test_of_a_birth_date_the_half_month_stays(born, left):
    assert half_month(born) == left


def test_the_log_knows_a_patron_by_a_number_of_its_own(lite):
    patron, item = reader(lite), lite.item()
    lite.lend(item, patron)
    with lite.reading() as session:
        ref = session.get_one(Patron, patron.id).event_ref
        refs = session.scalars(select(EventRow.patron_ref).where(EventRow.patron_ref.is_not(None)))
        assert set(refs) == {ref}
        assert ref < 0


def test_a_finished_loan_leaves_its_reader_after_the_days_of_the_library(library):
    patron, keeper, item = reader(library), library.patron("Người Giữ"), library.item()
    with library.writing() as session:
        found = session.get_one(Patron, keeper.id)
        keep_history(session, patron_actor(session, found), found, on=True)
    for who in (patron, keeper):
        library.lend(item, who)
        library.take_back(item)
    open_one = library.item()
    library.lend(open_one, patron)
    before = reported(library)
    library.later(days=89)
    with library.writing() as session:
        assert detach_history(session) == 0
    library.later(days=2)
    with library.writing() as session:
        assert detach_history(session) == 1
        assert detach_history(session) == 0
    with library.reading() as session:
        ids = session.scalars(select(Loan.patron_id).order_by(Loan.id)).all()
        assert ids == [None, keeper.id, patron.id]
        assert history_of(session, keeper.id)[0] == 1
        kept = session.scalars(select(DeskCommand.patron_id)).all()
        assert kept.count(patron.id) == 0
    assert reported(library) == before


def test_a_loan_for_which_money_is_owed_stays(library):
    library.rules(per_day=1_000, loan_days=5)
    patron, item = reader(library), library.item()
    library.lend(item, patron)
    library.later(days=20)
    assert library.take_back(item).ok
    library.later(days=100)
    with library.writing() as session:
        assert detach_history(session) == 0
    with library.reading() as session:
        owed = session.scalar(select(func.sum(LedgerEntry.amount)))
    library.do(take_payment, library.head, patron_id=patron.id, amount=owed)
    with library.writing() as session:
        assert detach_history(session) == 1


def test_a_history_is_a_consent_of_its_own(lite):
    patron = reader(lite)
    with lite.writing() as session:
        found = session.get_one(Patron, patron.id)
        actor = patron_actor(session, found)
        keep_history(session, actor, found, on=True)
        assert found.keep_history
        assert found.consent_at is not None
        record_consent(session, actor, found, givers=["self"])
        assert not found.keep_history


def test_all_that_is_held_is_told(lite):
    patron, item = reader(lite), lite.item()
    with lite.writing() as session:
        write_note(session, lite.head, patron.id, "Hay quên thẻ")
    lite.lend(item, patron)
    with lite.reading() as session:
        data = person_data(session, patron.id)
    told = json.dumps(data, ensure_ascii=False)
    assert not [secret for secret in SECRETS if secret not in told]
    assert data["loans"][0]["title"] == "Dế Mèn phiêu lưu ký"
    assert [c["given_by"] for c in data["consents"]] == ["guardian", "self"]
    assert data["events_counted"] == 2  # the card and the loan
    assert "password" not in told


def test_those_long_gone_are_erased_and_those_who_owe_are_not(library):
    gone, debtor, new = (library.patron(name) for name in ("Đã Xa", "Còn Nợ", "Mới Đến"))
    library.do(charge, library.head, patron_id=debtor.id, kind="service", amount=5_000)
    library.later(days=365 + 60 * 31)
    with library.writing() as session:
        factories.create_patron(session, library.place.branch, "Vừa Nhập", expires_on=clock.today())
    with library.writing() as session:
        session.get_one(Patron, new.id).created_at = clock.now()
    with clock.at(library.now):
        assert erase_the_long_gone() == 1
    with library.reading() as session:
        names = set(session.scalars(select(Patron.name)))
    assert names == {"", "Còn Nợ", "Mới Đến", "Vừa Nhập"}
    assert library.get(Patron, gone.id).deleted_at is not None


def test_the_night_lets_go_of_old_looks_and_old_sheets(lite):
    patron = reader(lite)
    with lite.writing() as session:
        for days in (1, 800):
            at = clock.now() - timedelta(days=days)
            session.add(PatronLook(staff_id=1, patron_id=patron.id, why="record", at=at))
    folder = config().files_dir / "patron-sheets"
    folder.mkdir(parents=True)
    (folder / "abc").write_text("Nguyễn Thị Lan")
    with clock.at(max(lite.now, clock.now() + timedelta(days=8))):
        keep_no_longer()
    assert not list(folder.iterdir())
    with db.reading() as session:
        assert len(looks_at(session, patron.id)) <= 1


# -- pages ---------------------------------------------------------------------------------------


@pytest.fixture
def patron(province):
    with db.transaction() as session:
        return factories.create_patron(session, province.branch, consent=True)


def test_every_look_is_written_once_a_turn_and_shown_to_the_head(province, staff_client, patron):
    clerk = staff_client("clerk", province.branch)
    for _ in range(3):
        clerk.get(f"/staff/patrons/{patron.id}")
    clerk.get(f"/staff/desk?patron={patron.id}")
    with db.reading() as session:
        assert [look.why for look, _ in looks_at(session, patron.id)] == ["desk", "record"]
    assert clerk.get("/staff/patrons/looks").status_code == 403
    head = staff_client("head", province.library)
    page = head.get("/staff/patrons/looks").text
    assert "Cán bộ clerk" in page
    assert "mở hồ sơ" in page
    assert "Cán bộ clerk" not in head.get("/staff/patrons/looks?staff=ai+do").text
    foreign = staff_client("head", province.foreign_library)
    assert "Nguyễn Thị Lan" not in foreign.get("/staff/patrons/looks").text


def test_copies_are_given_at_the_desk(province, staff_client, patron):
    clerk = staff_client("clerk", province.branch)
    told = clerk.get(f"/staff/patrons/{patron.id}/data.json")
    assert told.json["person"]["name"] == "Nguyễn Thị Lan"
    assert told.json["looks"][0]["why"] == "export"
    assert clerk.get(f"/staff/patrons/{patron.id}/data.pdf").data.startswith(b"%PDF")


def test_a_person_is_erased_by_the_head_who_types_the_name(province, staff_client, patron):
    page = f"/staff/patrons/{patron.id}/erase"
    assert staff_client("clerk", province.branch).get(page).status_code == 403
    head = staff_client("head", province.library)
    assert "Không có gì vướng" in head.get(page).text
    assert head.post(page, data={"name": "Ai đó"}).status_code == 422
    assert head.post(page, data={"name": "nguyễn thị lan"}).status_code == 302
    assert head.get(f"/staff/patrons/{patron.id}").status_code == 404


def test_a_patron_chooses_asks_and_gets_copies(province, patron_client, staff_client, patron):
    mine = patron_client(patron)
    assert mine.get("/account/data.json").json["person"]["name"] == "Nguyễn Thị Lan"
    assert mine.get("/account/data.pdf").data.startswith(b"%PDF")
    mine.post("/account/data", data={"act": "history_on"})
    assert "không giữ lịch sử" not in mine.get("/account/history").text
    mine.post("/account/data", data={"act": "ask", "kind": "correct", "text": "Sai ngày sinh"})
    head = staff_client("head", province.library)
    assert "Sai ngày sinh" in head.get("/staff/patrons/requests").text
    with db.reading() as session:
        asked = session.scalars(select(PersonRequest)).one()
        assert asked.due_on == clock.today() + timedelta(days=10)
        assert session.get_one(Patron, patron.id).keep_history
    answer = f"/staff/patrons/requests/{asked.id}"
    head.post(answer, data={"act": "refuse", "answer": ""})
    head.post(answer, data={"act": "done", "answer": "Đã sửa theo giấy khai sinh"})
    assert "Đã sửa theo giấy khai sinh" in mine.get("/account/data").text
    mine.post("/account/data", data={"act": "withdraw"})
    with db.reading() as session:
        found = session.get_one(Patron, patron.id)
        assert (found.consent_at, found.keep_history) == (None, False)
