"""Patrons, their cards and their passwords."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.patrons.cards import active_card, issue_card, renew_card, replace_card
from circulation.patrons.models import PatronCard
from circulation.patrons.patrons import (
    PatronFacts,
    age_on,
    find_patrons,
    likely_same,
    normal_phone,
    register_patron,
)
from circulation.patrons.sign_in import change_patron_password, give_password, sign_in_patron
from circulation.patrons.spreadsheet import guess_columns, read_sheet, take_patrons
from ils.accounts.actor import system_actor
from ils.core import clock
from ils.core.errors import Invalid, NotFound, Refused
from ils.core.events import EventRow
from ils.printing import xlsx
from tests.factories import (
    Province,
    card_of,
    create_actor,
    create_item,
    create_patron,
    create_province,
)

SYSTEM = system_actor()


@pytest.fixture
def place(both_session: Session) -> Province:
    import ils.app  # noqa: F401 — declares settings and permissions

    return create_province(both_session)


def kinds(session: Session) -> list[str]:
    return list(session.scalars(select(EventRow.kind).order_by(EventRow.id)))


def test_a_first_card_is_counted_as_issued_and_a_second_one_is_not(
    both_session: Session, place: Province
) -> None:
    patron = create_patron(both_session, place.branch)
    replace_card(both_session, SYSTEM, patron.id)
    renew_card(both_session, SYSTEM, patron.id)
    assert kinds(both_session) == ["card_issued", "card_replaced", "card_renewed"]
    states = set(both_session.scalars(select(PatronCard.state)))
    assert states == {"lost", "active"}


def test_cards_are_numbered_in_a_series(both_session: Session, place: Province) -> None:
    first, second = (create_patron(both_session, place.branch, n) for n in ("A", "B"))
    assert int(card_of(both_session, second)[2:]) == int(card_of(both_session, first)[2:]) + 1


def test_a_card_never_equals_an_item(both_session: Session, place: Province) -> None:
    item = create_item(both_session, place.branch, barcode="TV000001")
    patron = create_patron(both_session, place.branch, with_card=False)
    with pytest.raises(Invalid):
        issue_card(both_session, SYSTEM, patron.id, number=(item.barcode or "").lower())
    assert issue_card(both_session, SYSTEM, patron.id).number == "TV000002"


def test_renewing_counts_from_the_later_of_today_and_the_end(
    both_session: Session, place: Province
) -> None:
    ahead = clock.today() + timedelta(days=30)
    patron = create_patron(both_session, place.branch, issued_on=clock.today(), expires_on=ahead)
    assert renew_card(both_session, SYSTEM, patron.id).expires_on.year == ahead.year + 1
    late = create_patron(
        both_session, place.branch, "Muộn", issued_on=date(2020, 1, 1), expires_on=date(2021, 1, 1)
    )
    assert renew_card(both_session, SYSTEM, late.id).expires_on > clock.today()


def test_a_child_needs_a_guardian(both_session: Session, place: Province) -> None:
    facts = PatronFacts("Bé Na", "child", place.branch.id, born_on=date(2016, 1, 1))
    with pytest.raises(Invalid) as refused:
        register_patron(both_session, SYSTEM, facts)
    assert refused.value.facts["field"] == "guardian_name"


def test_patrons_are_found_without_marks_in_order_of_given_names(
    both_session: Session, place: Province
) -> None:
    for name in ("Trần Văn Đức", "Lê Thị Ánh", "Nguyễn Đức Bình"):
        create_patron(both_session, place.branch, name)
    found, total = find_patrons(both_session, SYSTEM, "duc")
    assert [f.patron.name for f in found] == ["Nguyễn Đức Bình", "Trần Văn Đức"]
    assert total == 2
    everyone, _total = find_patrons(both_session, SYSTEM, "")
    assert [f.patron.name.split()[-1] for f in everyone] == ["Ánh", "Bình", "Đức"]


def test_a_clerk_does_not_see_patrons_of_another_library(
    both_session: Session, place: Province
) -> None:
    create_patron(both_session, place.foreign_branch, "Người Xa")
    clerk = create_actor(both_session, "clerk", place.branch, place.library)
    assert find_patrons(both_session, clerk, "Người Xa")[1] == 0


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("0912 345 678", "0912345678"),
        ("+84 912345678", "0912345678"),
        ("01689123456", "0389123456"),
        ("0120.123.4567", "0701234567"),
    ],
)
def test_telephone_numbers_get_one_form(typed: str, kept: str) -> None:
    assert normal_phone(typed) == kept


def test_the_same_person_is_noticed_before_a_second_registration(
    both_session: Session, place: Province
) -> None:
    create_patron(both_session, place.branch, "Nguyễn Thị Hòa", born_on=date(1990, 5, 1))
    again = PatronFacts("nguyen thi hoa", "adult", place.branch.id, born_on=date(1990, 5, 1))
    other = PatronFacts("Nguyễn Thị Hòa", "adult", place.branch.id, born_on=date(1991, 5, 1))
    assert likely_same(both_session, again, place.library.id)
    assert not likely_same(both_session, other, place.library.id)


def test_age_is_counted_in_whole_years(both_session: Session, place: Province) -> None:
    patron = create_patron(both_session, place.branch, born_on=date(2010, 6, 15))
    assert age_on(patron, date(2026, 6, 14)) == 15
    assert age_on(patron, date(2026, 6, 15)) == 16


def test_a_patron_signs_in_with_the_password_given_at_the_desk(
    both_session: Session, place: Province
) -> None:
    patron = create_patron(both_session, place.branch)
    card = card_of(both_session, patron)
    assert sign_in_patron(both_session, card, "") is None
    made = give_password(both_session, SYSTEM, patron.id)
    assert sign_in_patron(both_session, card.lower(), made) is patron
    change_patron_password(both_session, patron, made, "hoa sen trong đầm")
    assert sign_in_patron(both_session, card, made) is None
    assert sign_in_patron(both_session, card, "hoa sen trong đầm") is patron


def test_a_replaced_card_opens_no_account(both_session: Session, place: Province) -> None:
    patron = create_patron(both_session, place.branch)
    old = card_of(both_session, patron)
    made = give_password(both_session, SYSTEM, patron.id)
    replace_card(both_session, SYSTEM, patron.id)
    assert sign_in_patron(both_session, old, made) is None


def test_deleted_or_foreign_patrons_are_unknown(both_session: Session, place: Province) -> None:
    with pytest.raises(NotFound):
        give_password(both_session, SYSTEM, 999)
    patron = create_patron(both_session, place.branch)
    with pytest.raises(Refused):
        issue_card(both_session, SYSTEM, patron.id)
    assert active_card(both_session, patron.id)


SHEET = [
    ["STT", "Họ và tên", "Ngày sinh", "Giới tính", "Lớp", "Phụ huynh", "SĐT phụ huynh"],
    [1, "Trần Bảo An", "12/03/2014", "Nữ", "6A", "Trần Văn Bình", "0912345678"],
    [2, "Lê Minh Khôi", 2014, "Nam", "6A", "Lê Văn Cường", ""],
    [3, "", "12/03/2014", "Nữ", "6A", "Ai Đó", ""],
    [4, "Phạm Không Ngày", "hôm qua", "Nam", "6A", "Phạm Văn Dũng", ""],
]


def test_a_class_list_becomes_patrons_and_wrong_rows_are_told(
    both_session: Session, place: Province
) -> None:
    sheet = read_sheet(xlsx([("6A", SHEET[0], SHEET[1:])]), "6A.xlsx")
    columns = guess_columns(sheet.headers)
    assert {"name", "born", "sex", "school_class", "guardian_name", "guardian_phone"} <= set(
        columns
    )
    facts = {"branch_id": place.branch.id, "category": "child", "consent": True}
    outcome = take_patrons(both_session, SYSTEM, sheet, columns, **facts)
    assert (outcome.added, outcome.known) == (2, 0)
    assert [(n, error.code) for n, _row, error in outcome.wrong] == [
        (3, "name_missing"),
        (4, "cell_not_a_date"),
    ]
    found, _total = find_patrons(both_session, SYSTEM, "khoi")
    assert found[0].patron.born_year == 2014
    assert found[0].card is not None


def test_a_column_goes_to_the_box_that_its_header_names_best() -> None:
    headers = ["STT", "Họ và tên", "Ngày sinh", "Lớp", "SĐT phụ huynh", "Họ tên cha mẹ", "Số ĐT"]
    assert guess_columns(headers) == {
        "name": 1,
        "born": 2,
        "school_class": 3,
        "guardian_phone": 4,
        "guardian_name": 5,
        "phone": 6,
    }
    assert guess_columns(["Ten", "So the", "Dien thoai"]) == {"name": 0, "card": 1, "phone": 2}
    assert guess_columns(["Họ và tên", "Giới", "ĐT"]) == {"name": 0, "sex": 1, "phone": 2}


def test_the_same_list_again_adds_nobody(both_session: Session, place: Province) -> None:
    rows = [["Họ tên", "Số thẻ"], ["Trần A", "HS001"], ["Trần B", "HS002"]]
    sheet = read_sheet(xlsx([("x", rows[0], rows[1:])]), "x.xlsx")
    columns = guess_columns(sheet.headers)
    facts = {"branch_id": place.branch.id, "category": "adult", "consent": False}
    assert take_patrons(both_session, SYSTEM, sheet, columns, **facts).added == 2
    again = take_patrons(both_session, SYSTEM, sheet, columns, **facts)
    assert (again.added, again.known, again.wrong) == (0, 2, [])


def test_a_file_that_is_no_spreadsheet_is_refused() -> None:
    for data in (b"", b"not a sheet", b"PK\x03\x04broken"):
        with pytest.raises(Invalid):
            read_sheet(data, "x.xlsx")
