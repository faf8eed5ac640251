"""A school's year in a browser: the list with photos brought in, again without doubles, the classes
moved up, and everything taken back."""

import io
import zipfile

import pytest
from PIL import Image
from sqlalchemy import select

from circulation.patrons.models import Patron
from ils.core.db import reading, transaction
from ils.printing import xlsx
from tests import factories
from tests.factories import PASSWORD
from tests.live import sign_in_staff

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HEADERS = ["STT", "Mã học sinh", "Họ và tên", "Ngày sinh", "Lớp", "Phụ huynh"]
PUPILS = [
    [1, "HS01", "Trần Văn An", "12/02/2014", "6A", "Trần Bình"],
    [2, "HS02", "Lê Thị Bé", "03/09/2011", "9A", "Lê Cả"],
    [3, "HS03", "Phạm Văn Đá", "không rõ", "6A", "Phạm Em"],
]


def photos() -> bytes:
    picture, out = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (300, 400), "teal").save(picture, "JPEG")
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("HS01.jpg", "le thi be.jpg", "ai đó.jpg"):
            archive.writestr(name, picture.getvalue())
    return out.getvalue()


def bring_in(page, server, *, with_photos: bool) -> str:
    page.goto(f"{server.url}/staff/patrons/classes")
    data = xlsx([("Danh sách", HEADERS, PUPILS)])
    page.set_input_files("[name=file]", {"name": "ds.xlsx", "mimeType": "x/x", "buffer": data})
    if with_photos:
        file = {"name": "anh.zip", "mimeType": "application/zip", "buffer": photos()}
        page.set_input_files("[name=photos]", file)
    page.click("form[enctype] button[type=submit]")
    page.fill("[name=school]", "THCS Sen")
    page.select_option("[name=category]", "child")
    page.check("[name=consent]")
    if with_photos:
        page.check("[name=photos_agreed]")
    page.click("main form button[type=submit]")
    page.wait_for_url("**/runs/*")
    assert "“không rõ”" in page.inner_text("main table tbody tr >> nth=0")
    page.click("[value=take]")
    page.wait_for_selector("[value=undo]")
    return page.inner_text("main")


def pupils() -> dict[str, tuple[str, bool]]:
    with reading() as session:
        rows = session.scalars(select(Patron).where(Patron.deleted_at.is_(None)))
        return {one.name: (one.school_class, one.photo_id is not None) for one in rows}


def undo(page, server) -> None:
    page.goto(f"{server.url}/staff/patrons/batches")
    page.click("form[action*='/undo'] button >> nth=0")
    page.wait_for_selector(".notice--ok")


def test_a_list_is_brought_in_moved_up_and_taken_back(page, place, serve) -> None:
    with transaction() as session:
        head = factories.create_staff_account(session, "head", place.province.branch)
    server = serve()
    sign_in_staff(page, server, head, PASSWORD)
    told = bring_in(page, server, with_photos=True)
    assert "ai đó.jpg" in told
    assert pupils() == {"Trần Văn An": ("6A", True), "Lê Thị Bé": ("9A", True)}
    bring_in(page, server, with_photos=False)
    assert len(pupils()) == 2

    page.goto(f"{server.url}/staff/patrons/new-year?year=2099–2100")
    assert page.input_value("[name=to_0]") == "7A"
    assert page.is_checked("[name=leaves_1]")
    page.click("[name=move]")
    page.wait_for_url("**/runs/*")
    assert {name: at for name, (at, _) in pupils().items()} == {
        "Trần Văn An": "7A",
        "Lê Thị Bé": "",
    }
    undo(page, server)
    assert {name: at for name, (at, _) in pupils().items()} == {
        "Trần Văn An": "6A",
        "Lê Thị Bé": "9A",
    }
    undo(page, server)  # the second list changed nobody
    undo(page, server)
    assert pupils() == {}
