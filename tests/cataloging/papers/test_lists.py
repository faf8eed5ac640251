"""Lists of new books and bibliographies: grouped, numbered through, with an index."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from sqlalchemy.orm import Session

from cataloging.papers.chosen import titles_entered, titles_named
from cataloging.papers.lists import BY_AUTHOR, BY_CLASS, BY_SUBJECT, grouped, index_of, list_xlsx
from ils.core import clock
from ils.core.errors import Invalid
from tests.cataloging.papers.test_cards import title
from tests.factories import create_item, create_province, create_record


def test_titles_are_numbered_through_their_classes() -> None:
    titles = [
        title(id=1, main_class="8"),
        title(id=2, main_class="5", class_number="510"),
        title(id=3, main_class="x", class_number="", call_number=""),
    ]
    groups = grouped(titles, BY_CLASS)
    assert [group.heading for group in groups] == [
        "500 Khoa học tự nhiên, toán học",
        "800 Văn học",
        "Chưa phân loại",
    ]
    assert [one.number for group in groups for one in group.entries] == [1, 2, 3]
    assert groups[1].entries[0].copies == "Kho thiếu nhi: TN.00012-00013"
    assert [group.heading for group in grouped(titles[:1], BY_SUBJECT)] == ["Văn học thiếu nhi"]
    assert index_of(groups, BY_AUTHOR) == [("Tô Hoài", "1, 2, 3")]


def test_new_books_are_those_the_library_entered_in_the_period(both_session: Session) -> None:
    place = create_province(both_session)
    today = clock.today()
    new, old = create_record(both_session), create_record(both_session, "Đất rừng phương Nam")
    create_item(both_session, place.branch, new, accessioned_on=today)
    create_item(both_session, place.branch, new, accessioned_on=today - timedelta(days=90))
    create_item(both_session, place.branch, old, accessioned_on=today - timedelta(days=90))
    create_item(both_session, place.foreign_branch, old, accessioned_on=today)
    library = place.library.id
    (found,) = titles_entered(both_session, library, today - timedelta(days=7), today)
    assert (found.id, len(found.copies)) == (new.id, 1)  # the old copy of it is no news
    assert [t.id for t in titles_named(both_session, library, [old.id, new.id])] == [old.id, new.id]
    with pytest.raises(Invalid, match="period_backward"):
        titles_entered(both_session, library, today, today - timedelta(days=1))


def test_the_spreadsheet_has_a_line_for_each_title() -> None:
    made = list_xlsx("Thư mục", "tháng 11", grouped([title()], BY_CLASS))
    sheet = openpyxl.load_workbook(BytesIO(made)).active
    assert sheet is not None
    rows: list[Any] = list(sheet.iter_rows(values_only=True))
    assert rows[-1][:3] == (1, "800 Văn học", "Tô Hoài")
