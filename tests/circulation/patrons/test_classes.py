"""Lists of school classes and zips of photos: understood, brought in once, taken back as one."""

import io
import unicodedata
import zipfile
from dataclasses import dataclass
from datetime import date

import pytest
from PIL import Image
from sqlalchemy import func, select

from cataloging.models import Barcode
from circulation.patrons import class_runs
from circulation.patrons.batch_models import PatronBatch, PatronBatchLine, PatronBatchRow
from circulation.patrons.batch_runs import carry_out, rows_of
from circulation.patrons.batches import end_batches, undo_batch
from circulation.patrons.class_runs import look_at_list
from circulation.patrons.classes import ListFacts
from circulation.patrons.erasure import erase_patron
from circulation.patrons.models import Patron, PatronCard
from circulation.patrons.photo_zip import MOST_FILES, open_zip
from circulation.patrons.photos import drop_photo
from circulation.patrons.spreadsheet import guess_columns
from circulation.patrons.uploads import keep_upload, new_token, zip_file
from ils.core.errors import Invalid, NotFound, Refused
from ils.core.events import EventRow
from ils.core.files import KeptFile, forget_unused
from ils.printing import xlsx
from tests.circulation.conftest import Library
from tests.factories import create_actor

HEADERS = ["STT", "Mã học sinh", "Họ và tên", "Ngày sinh", "Giới tính", "Lớp"]
HEADERS += ["Họ tên phụ huynh", "Điện thoại phụ huynh"]
AN = [1, "HS001", "Trần Văn An", "12/02/2014", "Nam", "6A", "Trần Văn Bình", "0905 111 222"]
BE = [2, "HS002", "Lê Thị Bé", "03/09/2014", "Nữ", "6A", "Lê Văn Cả", "0905333444"]
WRONG = [3, "HS003", "", "03/09/2014", "Nữ", "6A", "", ""]
DAYLESS = [4, "HS004", "Phạm Văn Đá", "không rõ", "Nam", "6A", "Phạm Em", ""]


@dataclass
class Done:
    """An act as it stands, with what came of its rows and photos."""

    batch: PatronBatch
    rows: list[PatronBatchRow]
    photos: list[PatronBatchRow]

    def count(self, what):
        return sum(one.what == what for one in self.rows)

    def said(self):
        return [one.code or one.what for one in self.rows]

    def names(self, what):
        return [one.name for one in self.photos if one.what == what]


def as_it_stands(library, batch_id):
    with library.reading() as session:
        rows, photos = (rows_of(session, batch_id, part=part) for part in ("row", "photo"))
        return Done(session.get_one(PatronBatch, batch_id), list(rows), list(photos))


def sent(*rows, photos=None):
    token = new_token()
    keep_upload(token, xlsx([("Lớp 6A", HEADERS, rows)]), "lop-6a.xlsx")
    if photos is not None:
        zip_file(token).write_bytes(photos)
    return token


def look(library, *rows, photos=None, **more):
    token = sent(*rows, photos=photos)
    more.setdefault("category", "child")
    more.setdefault("school_year", "2026–2027")
    facts = ListFacts(library.place.branch.id, consent=True, school="THCS Sen", **more)
    with library.writing() as session:
        made = look_at_list(session, library.clerk, token, guess_columns(HEADERS), facts)
    return as_it_stands(library, made.id)


def take(library, *rows, replace_photos=False, **more):
    looked = look(library, *rows, **more)
    with library.writing() as session:
        carry_out(session, library.clerk, looked.batch.id, replace_photos=replace_photos)
    return as_it_stands(library, looked.batch.id)


def named(library, name):
    with library.reading() as session:
        return session.scalars(select(Patron).where(Patron.name == name)).one()


def picture(color):
    made = io.BytesIO()
    Image.new("RGB", (300, 400), color).save(made, "JPEG")
    return made.getvalue()


def zip_of(*names, content=None, method=zipfile.ZIP_STORED):
    content = picture("teal") if content is None else content
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name in names:
            archive.writestr(name, content)
    return out.getvalue()


def undo(library, batch, actor=None):
    with library.writing() as session:
        return undo_batch(session, actor or library.clerk, batch.id)


def test_columns_are_guessed_from_what_schools_write():
    columns = guess_columns(HEADERS)
    names = ("student_code", "name", "born", "sex", "school_class", "guardian_name")
    assert [columns[box] for box in (*names, "guardian_phone")] == [1, 2, 3, 4, 5, 6, 7]


def test_a_list_registers_who_is_new_and_gives_wrong_rows_back(library: Library):
    done = take(library, AN, BE, WRONG, DAYLESS)
    assert done.said() == ["added", "added", "name_missing", "cell_not_a_date"]
    assert (done.batch.state, done.batch.facts["wrong"]) == ("done", 2)
    an = named(library, "Trần Văn An")
    told = (an.school_class, an.school_year, an.student_code, an.school, an.guardian_phone, an.sex)
    assert told == ("6A", "2026–2027", "HS001", "THCS Sen", "0905111222", "m")
    assert an.born_on == date(2014, 2, 12)
    assert an.consent_at is not None
    assert len(library.all(PatronCard)) == 2


def test_the_same_list_again_doubles_nobody(library: Library):
    take(library, AN, BE)
    again = take(library, AN, BE)
    assert (again.count("same"), len(library.all(Patron))) == (2, 2)
    moved = [*AN[:5], "7A", *AN[6:]]
    without_marks = [2, "", unicodedata.normalize("NFD", "lê thị BÉ"), *BE[3:]]
    done = take(library, moved, without_marks)
    told = [(one.what, one.facts.get("boxes")) for one in done.rows]
    assert told == [("changed", ["school_class"]), ("same", None)]
    assert named(library, "Trần Văn An").school_class == "7A"
    assert len(library.all(Patron)) == 2


def test_rows_that_could_be_somebody_else_are_given_back(library: Library):
    take(library, AN)
    other = [1, "HS001", "Đỗ Thị Khác", *AN[3:]]
    twice = [2, "", *AN[2:]]
    done = take(library, other, AN, twice)
    assert done.said() == ["row_other_person", "same", "row_twice"]
    for name in ("Vũ An", "Vũ Ân"):
        library.patron(name, born_on=date(2014, 1, 1))
    rows = ([1, "", name, "1/1/2014", "", "6A", "x", ""] for name in ("Vũ Ân", "vu an"))
    done = take(library, *rows)
    assert done.said() == ["changed", "row_several"]


def test_looking_says_what_would_happen_and_stores_nothing(library: Library, monkeypatch):
    monkeypatch.setattr(class_runs, "ROWS", 1)  # the look forgets each row before the next
    nameless = [5, "HS001", "Ai Khác", *AN[3:]]
    tried = look(library, AN, WRONG, [6, "", *AN[2:]], nameless, photos=zip_of("hs001.jpg"))
    assert tried.said() == ["added", "name_missing", "row_twice", "row_other_person"]
    assert (tried.batch.state, tried.names("kept")) == ("draft", ["hs001.jpg"])
    for table in (Patron, PatronCard, PatronBatchLine, Barcode, KeptFile, EventRow):
        assert library.all(table) == []
    with library.writing() as session:
        done = carry_out(session, library.clerk, tried.batch.id)
    assert as_it_stands(library, done.id).said() == tried.said()
    with pytest.raises(Refused, match="batch_begun"), library.writing() as session:
        carry_out(session, library.clerk, tried.batch.id)


def test_photos_find_their_people_by_code_card_and_name(library: Library):
    take(library, AN)
    an_card = library.card(named(library, "Trần Văn An"))
    cam = [3, "HS005", "Đỗ Cầm", "1/1/2014", "", "6A", "x", ""]
    cam_too = [4, "HS006", "Đỗ Cẩm", "2/1/2014", "", "6A", "x", ""]
    names = (
        f"anh/{an_card}.jpg",
        "anh/hs002.JPG",
        unicodedata.normalize("NFD", "03. Đỗ_Cầm (6A).jpg"),
        "do cam.jpg",
        "ai đó.jpg",
        "Trần Văn An.png",
        "__MACOSX/._x.jpg",
        "ghi chú.txt",
    )
    done = take(library, AN, BE, cam, cam_too, photos=zip_of(*names), photos_agreed=True)
    assert (len(done.names("kept")), done.names("unknown")) == (3, ["ai đó.jpg"])
    assert done.names("several") == ["do cam.jpg"]
    assert done.names("twice") == ["Trần Văn An.png"]
    assert (done.batch.facts["photos"], done.batch.facts["others"]) == (3, 1)
    assert named(library, "Đỗ Cẩm").photo_id is None
    assert named(library, "Lê Thị Bé").photo_id is not None


def test_photos_need_consent_and_must_be_pictures(library: Library):
    done = take(library, AN, photos=zip_of("hs001.jpg"))
    assert [one.code for one in done.photos] == ["photo_not_agreed"]
    broken = zip_of("hs001.jpg", content=b"no picture at all" * 50)
    done = take(library, AN, photos=broken, photos_agreed=True)
    assert [one.code for one in done.photos] == ["photo_unreadable"]
    assert named(library, "Trần Văn An").photo_id is None


def test_a_photo_is_replaced_only_when_chosen_and_the_old_one_comes_back(library: Library):
    take(library, AN, photos=zip_of("hs001.jpg"), photos_agreed=True)
    first = named(library, "Trần Văn An").photo_id
    other = zip_of("hs001.jpg", content=picture("crimson"))
    kept = take(library, AN, photos=other)
    assert (kept.names("had_one"), named(library, "Trần Văn An").photo_id) == (["hs001.jpg"], first)
    done = take(library, AN, photos=other, replace_photos=True)
    assert (done.names("replaced"), done.batch.facts["replaced"]) == (["hs001.jpg"], 1)
    second = named(library, "Trần Văn An").photo_id
    assert second != first
    library.later(days=2)
    with library.writing() as session:
        assert forget_unused(session) == 0  # the old one waits as long as this can be undone
    assert undo(library, done.batch).back == 1
    assert named(library, "Trần Văn An").photo_id == first
    assert [file.id for file in library.all(KeptFile)] == [first]


def test_a_replaced_photo_goes_with_the_consent_and_when_all_is_final(library: Library):
    take(library, AN, photos=zip_of("hs001.jpg"), photos_agreed=True)
    take(library, AN, photos=zip_of("hs001.jpg", content=picture("navy")), replace_photos=True)
    an = named(library, "Trần Văn An")
    with library.writing() as session:
        drop_photo(session, library.clerk, an.id)
    assert library.all(KeptFile) == []
    take(library, AN, photos=zip_of("hs001.jpg"), photos_agreed=True)
    take(library, AN, photos=zip_of("hs001.jpg", content=picture("navy")), replace_photos=True)
    library.later(days=31)
    with library.writing() as session:
        end_batches(session)
        assert forget_unused(session) == 1
    assert [file.id for file in library.all(KeptFile)] == [named(library, an.name).photo_id]


def test_a_zip_that_unpacks_to_far_more_is_not_opened():
    bomb = zip_of("a.jpg", content=b"\0" * 5_000_000, method=zipfile.ZIP_DEFLATED)
    for data, code in ((bomb, "zip_bomb"), (b"PK no zip", "zip_unreadable")):
        with pytest.raises(Invalid, match=code):
            open_zip(data)
    with pytest.raises(Invalid, match="zip_empty"):
        open_zip(zip_of("readme.txt"))
    with pytest.raises(Invalid, match="zip_too_large"):
        open_zip(zip_of(*(f"{n}.jpg" for n in range(MOST_FILES + 1)), content=b""))


def test_a_list_is_taken_back_as_one(library: Library):
    known = library.patron("Lê Thị Bé", born_on=date(2014, 9, 3), school_class="5B")
    done = take(library, AN, BE, photos=zip_of("hs001.jpg"), photos_agreed=True)
    undone = undo(library, done.batch)
    assert (undone.back, list(undone.left)) == (2, [])
    (left,) = library.all(Patron)
    assert (left.id, left.school_class, left.student_code) == (known.id, "5B", "")
    assert len(library.all(PatronCard)) == len(library.all(Barcode)) == 1
    assert library.all(KeptFile) == []
    assert len(library.events("card_issued")) == 1
    with pytest.raises(Refused, match="batch_ended"):
        undo(library, done.batch)


def test_who_was_touched_since_stays(library: Library):
    done = take(library, AN, BE)
    an = named(library, "Trần Văn An")
    assert library.lend(library.item(), an).ok
    undone = undo(library, done.batch)
    assert (undone.back, [one.id for one in undone.left]) == (1, [an.id])
    assert [one.name for one in library.all(Patron)] == ["Trần Văn An"]


def test_another_library_cannot_take_it_back_and_after_thirty_days_nobody(library: Library):
    done = take(library, AN)
    with library.writing() as session:
        stranger = create_actor(session, "head", library.place.foreign_library)
        with pytest.raises(NotFound, match="patron_batch_unknown"):
            undo_batch(session, stranger, done.batch.id)
    library.later(days=31)
    with library.writing() as session:
        assert end_batches(session) == 1
        assert session.scalar(select(func.count()).select_from(PatronBatchLine)) == 0
    with pytest.raises(Refused, match="batch_ended"):
        undo(library, done.batch)


def test_erasing_a_person_forgets_what_the_list_changed(lite: Library):
    done = take(lite, AN, BE)
    with lite.writing() as session:
        erase_patron(session, lite.head, named(lite, "Trần Văn An").id)
    assert len(lite.all(PatronBatchLine)) == 1
    assert undo(lite, done.batch, lite.head).back == 1
