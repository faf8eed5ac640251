"""Lists of school classes and zips of photos: understood, brought in once, taken back as one."""

import io
import unicodedata
import zipfile
from datetime import date

import pytest
from PIL import Image
from sqlalchemy import func, select

from cataloging.models import Barcode
from circulation.patrons.batch_models import PatronBatch, PatronBatchLine
from circulation.patrons.batches import end_batches, undo_batch
from circulation.patrons.classes import ListFacts, take_class_list, try_class_list
from circulation.patrons.erasure import erase_patron
from circulation.patrons.models import Patron, PatronCard
from circulation.patrons.photo_zip import open_zip
from circulation.patrons.spreadsheet import guess_columns, read_sheet
from ils.core.errors import Invalid, NotFound, Refused
from ils.core.files import KeptFile
from ils.printing import xlsx
from tests.circulation.conftest import Library
from tests.factories import create_actor

HEADERS = ["STT", "Mã học sinh", "Họ và tên", "Ngày sinh", "Giới tính", "Lớp"]
HEADERS += ["Họ tên phụ huynh", "Điện thoại phụ huynh"]
AN = [1, "HS001", "Trần Văn An", "12/02/2014", "Nam", "6A", "Trần Văn Bình", "0905 111 222"]
BE = [2, "HS002", "Lê Thị Bé", "03/09/2014", "Nữ", "6A", "Lê Văn Cả", "0905333444"]
WRONG = [3, "HS003", "", "03/09/2014", "Nữ", "6A", "", ""]
DAYLESS = [4, "HS004", "Phạm Văn Đá", "không rõ", "Nam", "6A", "Phạm Em", ""]


def sheet_of(*rows):
    return read_sheet(xlsx([("Lớp 6A", HEADERS, rows)]), "lop-6a.xlsx")


def take(library, *rows, photos=None, use=take_class_list, **more):
    sheet = sheet_of(*rows)
    more.setdefault("category", "child")
    more.setdefault("school_year", "2026–2027")
    facts = ListFacts(library.place.branch.id, consent=True, school="THCS Sen", **more)
    with library.writing() as session:
        extra = {"photos": photos} if photos is not None else {}
        return use(session, library.clerk, sheet, guess_columns(sheet.headers), facts, **extra)


def named(library, name):
    with library.reading() as session:
        return session.scalars(select(Patron).where(Patron.name == name)).one()


def zip_of(*names, content=None, method=zipfile.ZIP_STORED):
    if content is None:
        picture = io.BytesIO()
        Image.new("RGB", (300, 400), "teal").save(picture, "JPEG")
        content = picture.getvalue()
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
    assert (done.count("added"), [one.number for one in done.wrong]) == (2, [3, 4])
    assert [one.error.code for one in done.wrong] == ["name_missing", "cell_not_a_date"]
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
    assert [(r.what, r.boxes) for r in done.rows] == [("changed", ("school_class",)), ("same", ())]
    assert named(library, "Trần Văn An").school_class == "7A"
    assert len(library.all(Patron)) == 2


def test_rows_that_could_be_somebody_else_are_given_back(library: Library):
    take(library, AN)
    other = [1, "HS001", "Đỗ Thị Khác", *AN[3:]]
    twice = [2, "", *AN[2:]]
    done = take(library, other, AN, twice)
    assert [r.error.code if r.error else r.what for r in done.rows] == [
        "row_other_person",
        "same",
        "row_twice",
    ]
    for name in ("Vũ An", "Vũ Ân"):
        library.patron(name, born_on=date(2014, 1, 1))
    rows = ([1, "", name, "1/1/2014", "", "6A", "x", ""] for name in ("Vũ Ân", "vu an"))
    done = take(library, *rows)
    assert [r.error.code if r.error else r.what for r in done.rows] == ["changed", "row_several"]


def test_looking_stores_nothing(library: Library):
    tried = take(library, AN, WRONG, use=try_class_list)
    assert (tried.count("added"), len(tried.wrong)) == (1, 1)
    for table in (Patron, PatronCard, PatronBatch, Barcode):
        assert library.all(table) == []


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
    photos = open_zip(zip_of(*names))
    done = take(library, AN, BE, cam, cam_too, photos=photos, photos_agreed=True)
    found = done.photos
    assert (found.kept, found.matched.unknown) == (3, ["ai đó.jpg"])
    assert found.matched.several == ["do cam.jpg"]
    assert found.matched.twice == ["Trần Văn An.png"]
    assert found.others == ["ghi chú.txt"]
    assert found.without == ["Đỗ Cẩm"]
    assert named(library, "Lê Thị Bé").photo_id is not None


def test_photos_need_consent_and_must_be_pictures(library: Library):
    done = take(library, AN, photos=open_zip(zip_of("hs001.jpg")))
    assert [error.code for _, error in done.photos.wrong] == ["photo_not_agreed"]
    broken = open_zip(zip_of("hs001.jpg", content=b"no picture at all" * 50))
    done = take(library, AN, photos=broken, photos_agreed=True)
    assert [error.code for _, error in done.photos.wrong] == ["photo_unreadable"]
    assert named(library, "Trần Văn An").photo_id is None


def test_a_zip_that_unpacks_to_far_more_is_not_opened():
    bomb = zip_of("a.jpg", content=b"\0" * 5_000_000, method=zipfile.ZIP_DEFLATED)
    for data, code in ((bomb, "zip_bomb"), (b"PK no zip", "zip_unreadable")):
        with pytest.raises(Invalid, match=code):
            open_zip(data)
    with pytest.raises(Invalid, match="zip_empty"):
        open_zip(zip_of("readme.txt"))
    with pytest.raises(Invalid, match="zip_too_large"):
        open_zip(zip_of(*(f"{n}.jpg" for n in range(3001)), content=b""))


def test_a_list_is_taken_back_as_one(library: Library):
    known = library.patron("Lê Thị Bé", born_on=date(2014, 9, 3), school_class="5B")
    done = take(library, AN, BE, photos=open_zip(zip_of("hs001.jpg")), photos_agreed=True)
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
        with pytest.raises(NotFound, match="batch_unknown"):
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
