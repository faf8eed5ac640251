"""The desk in its modes: book drop, in-house use, reading room, class, family, batch, commands."""

import io
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from cataloging.models import Item
from circulation.models import BookDrop, DeskCommand, Loan
from circulation.patrons.models import Patron
from circulation.views.desk_workstation import wrong_keys
from ils.core import clock, db
from ils.core.audit import AuditEntry
from ils.printing.codes import qr_svg
from tests import factories
from tests.circulation.views.conftest import FETCH, Desk, open_loans
from tests.factories import PASSWORD


def latest(model: Any) -> Any:
    with db.reading() as session:
        return session.scalars(select(model).order_by(model.id.desc()).limit(1)).one()


def test_a_book_drop_session_goes_from_the_mode_to_its_totals(desk: Desk) -> None:
    desk.scan(desk.item.barcode, patron=desk.patron.id)
    begun = desk.act("mode", to="drop")
    drop = int(begun["state"]["drop"])
    back = desk.scan(desk.item.barcode, mode="drop", drop=drop)
    assert back["silent"]
    assert open_loans() == 0
    card = desk.scan(desk.card, mode="drop", drop=drop)
    assert card["tone"] == "red"
    assert 'data-answer="y"' in card["top"]  # opened only when asked
    assert 'data-answer="n"' in card["top"]
    ended = desk.browser.post(f"/staff/desk/drops/{drop}/end", follow_redirects=True)
    assert "Hộp trả sách lúc" in ended.get_data(as_text=True)
    assert latest(BookDrop).totals["returned"] == 1
    assert desk.browser.get(f"/staff/desk/slips/drop/{drop}.pdf").data.startswith(b"%PDF")
    assert desk.browser.get("/staff/desk/drops").status_code == 200


def test_in_house_use_and_reading_room_are_modes(desk: Desk) -> None:
    counted = desk.scan(desk.item.barcode, mode="in_house", key="i1")
    assert "đọc tại chỗ" in counted["headline"]
    lent = desk.scan(desk.other_item.barcode, mode="room", patron=desk.patron.id, key="r1")
    assert lent["tone"] == "green"
    assert latest(Loan).kind == "reading_room"
    page = desk.browser.get("/staff/desk/reading-room").get_data(as_text=True)
    assert desk.patron.name in page
    sheet = desk.browser.get("/staff/desk/reading-room?format=xlsx")
    assert sheet.data.startswith(b"PK")


def test_commands_are_obeyed_through_layouts(desk: Desk) -> None:
    assert desk.scan(";bookdrop")["mode"] == "drop"
    assert desk.scan(";bôkdrop")["mode"] == "drop"  # Telex was on
    assert desk.scan("mroo,")["mode"] == "room"  # a French keyboard
    assert desk.scan(";inhouse")["mode"] == "in_house"
    assert desk.scan(";lend", mode="drop")["mode"] == ""
    assert desk.scan(";nothing")["tone"] == "red"
    desk.scan(desk.item.barcode, patron=desk.patron.id, key="lent")
    assert desk.scan(";print", patron=desk.patron.id)["prints"]["now"]
    assert desk.browser.get("/staff/desk/commands.pdf").data.startswith(b"%PDF")


@pytest.fixture
def pupils(desk: Desk, province: Any) -> list[Patron]:
    with db.transaction() as session:
        return [
            factories.create_patron(
                session,
                province.branch,
                name,
                school="THCS Kim Liên",
                school_class="6A",
            )
            for name in ("Lê An", "Trần Bình", "Phạm Cúc")
        ]


GROUP = {"group": "class:6A@THCS Kim Liên"}


def test_a_class_is_served_by_number_card_or_in_list_order(
    desk: Desk,
    pupils: list[Patron],
) -> None:
    chosen = desk.scan("2", **GROUP)
    assert chosen["patron"] == pupils[1].id
    assert desk.scan("9", **GROUP)["tone"] == "red"
    with db.reading() as session:
        card = factories.card_of(session, pupils[0])
    by_card = desk.scan(card, patron=pupils[1].id, **GROUP)
    assert (by_card["patron"], by_card["state"]["group"]) == (pupils[0].id, GROUP["group"])
    assert "group" not in desk.scan(desk.card, **GROUP)["state"]  # not of this class
    begun = desk.act("in_order", **GROUP)
    assert begun["patron"] == pupils[0].id
    lent = desk.scan(desk.item.barcode, patron=pupils[0].id, in_order="1", **GROUP)
    assert lent["patron"] == pupils[1].id
    lent = desk.scan(desk.other_item.barcode, patron=pupils[2].id, in_order="1", **GROUP)
    assert lent["patron"] is None  # the list is done
    sheet = desk.browser.get("/staff/desk/class.pdf", query_string=GROUP)
    assert sheet.data.startswith(b"%PDF")
    page = desk.browser.get("/staff/desk/classes").get_data(as_text=True)
    assert "6A" in page
    back = desk.scan(desk.item.barcode, **GROUP)  # in any order, nobody need be open
    assert "Đã trả" in back["headline"]


def test_a_parent_fetches_what_waits_for_the_child(desk: Desk) -> None:
    with db.transaction() as session:
        session.get_one(Patron, desk.second.id).guardian_id = desk.patron.id
    desk.scan(desk.item.barcode, patron=desk.second.id, key="a")
    opened = desk.scan(desk.card)
    assert f"family:{desk.patron.id}" in opened["panel"]
    family = desk.act("group", open_group=f"family:{desk.patron.id}", patron=desk.patron.id)
    assert desk.second.name in family["panel"]
    with clock.at(clock.now() + timedelta(minutes=1)):  # no double scan
        asked = desk.scan(desk.item.barcode, patron=desk.patron.id, group=family["state"]["group"])
    assert asked["asks"]  # the child's own loan: renew or return, not "on loan to another"
    assert asked["patron"] == desk.second.id


def test_an_unknown_item_is_added_and_lent(desk: Desk) -> None:
    unknown = desk.scan("TM-777", patron=desk.patron.id)
    assert 'value="TM-777"' in unknown["top"]
    lent = desk.act(
        "fast_add", patron=desk.patron.id, title="Truyện mới", barcode="TM-777", price="25k"
    )
    assert lent["tone"] == "green"
    assert latest(Item).price == 25_000
    assert desk.act("fast_add", patron=desk.patron.id, title="", barcode="X1")["tone"] == "red"
    refused = desk.act("fast_add", patron=desk.patron.id, title="Sách <lạ>", barcode="LẠ 1")
    assert "Sách &lt;lạ&gt;" in refused["top"]  # nothing typed is lost


def test_a_pasted_list_is_done_line_by_line_and_keeps_what_was_not(
    desk: Desk,
) -> None:
    lines = "\n".join([desk.card, desk.item.barcode, "KHONG-CO", "", desk.other_item.barcode])
    done = desk.browser.post("/staff/desk/batch", data={"lines": lines, "key": "b"})
    page = done.get_data(as_text=True)
    assert open_loans() == 2
    assert "Đã xong 3 trong 4 dòng" in page
    assert ">KHONG-CO</textarea>" in page
    many = desk.browser.post("/staff/desk/batch", data={"lines": "\n".join(["x"] * 301)})
    assert many.status_code == 422
    assert "x\nx" in many.get_data(as_text=True).replace("\r", "")


def test_a_photo_is_read_where_the_browser_cannot(desk: Desk) -> None:
    photo = picture(desk.card)
    read = desk.browser.post(
        "/staff/desk/camera",
        data={"photo": (io.BytesIO(photo), "p.png")},
        headers={"X-Requested-With": "fetch"},
    )
    assert read.json == {"codes": [desk.card]}
    page = desk.browser.post("/staff/desk/camera", data={"photo": (io.BytesIO(photo), "p.png")})
    assert page.status_code == 303
    assert f"patron={desk.patron.id}" in page.headers["Location"]
    nothing = desk.browser.post(
        "/staff/desk/camera", data={"photo": (io.BytesIO(picture("")), "p.png")}
    )
    assert "Không thấy mã vạch" in nothing.get_data(as_text=True)
    text = desk.browser.post("/staff/desk/camera", data={"photo": (io.BytesIO(b"xyz"), "p.png")})
    assert "không phải ảnh" in text.get_data(as_text=True)


def picture(text: str) -> bytes:
    """A photo of a QR code, or of nothing."""
    import segno
    from PIL import Image

    assert qr_svg("x")
    out = io.BytesIO()
    if text:
        segno.make(text, error="m").save(out, kind="png", scale=6, border=4)
    else:
        Image.new("L", (200, 200), 255).save(out, "PNG")
    return out.getvalue()


def approver(province: Any, app: Any) -> tuple[str, Any]:
    """The head of the library with a PIN, and the number of the card."""
    from ils.accounts.pins import new_card, set_pin

    with db.transaction() as session:
        head = factories.create_actor(session, "head", province.library)
        assert set_pin(session, head, "8350", PASSWORD, "")
        return new_card(session, head), head


def test_a_supervisor_approves_one_act_without_signing_in(
    desk: Desk,
    province: Any,
    app: Any,
) -> None:
    card, head = approver(province, app)
    with db.transaction() as session:
        session.get_one(Item, desk.item.id).use = "not_for_loan"
    facts = {"patron": desk.patron.id, "command": "check_out", "barcode": desk.item.barcode}
    refused = desk.scan(desk.item.barcode, patron=desk.patron.id, key="q1")
    assert 'name="approver_card"' in refused["top"]
    facts |= {"question": "q1", "code": "not_for_loan", "needs_reason": "1"}
    facts |= {"why": "Triển lãm", "approver_card": card}
    wrong = desk.browser.post(
        "/staff/desk/act", data={"act": "override", **facts, "approver_pin": "0000"}, headers=FETCH
    )
    assert wrong.status_code == 409
    assert "không khớp" in wrong.json["detail"]  # the page says it beside what was typed
    assert open_loans() == 0
    lent = desk.act("override", **facts, approver_pin="8350")
    assert lent["tone"] == "green"
    assert open_loans() == 1
    with db.reading() as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.action == "override")).all()
        acted = session.scalars(select(DeskCommand.actor_id)).all()
    assert [row.facts["approved_by"] for row in rows] == [head.staff_id]
    assert {row.actor_id for row in rows} == set(acted)  # the clerk acted, the head approved
    again = desk.scan(desk.other_item.barcode, patron=desk.patron.id)
    assert again["tone"] == "green"


def test_an_override_without_words_asks_again(desk: Desk) -> None:
    with db.transaction() as session:
        session.get_one(Item, desk.item.id).lifecycle = "in_process"
    desk.scan(desk.item.barcode, patron=desk.patron.id, key="q2")
    again = desk.act(
        "override",
        patron=desk.patron.id,
        question="q2",
        command="check_out",
        barcode=desk.item.barcode,
        code="item_in_process",
        needs_reason="1",
        why="",
    )
    assert "data-question" in again["top"]
    assert again["asks"]


def test_a_wrong_loan_is_corrected_after_the_minute(desk: Desk) -> None:
    desk.scan(desk.item.barcode, patron=desk.patron.id)
    loan_id = latest(Loan).id
    address = f"/staff/desk/correct/{loan_id}"
    assert "không hề có" in desk.browser.get(address).get_data(as_text=True)
    assert desk.browser.post(address, data={"why": " "}).status_code == 422
    assert desk.browser.post(address, data={"why": "Quét nhầm"}).status_code == 302
    assert open_loans() == 0
    refused = desk.browser.post(address, data={"why": "Lần nữa"})
    assert refused.status_code == 409


def test_slips_come_in_three_widths_and_the_last_comes_again(desk: Desk) -> None:
    assert desk.browser.get("/staff/desk/slips/last.pdf").status_code == 404
    desk.scan(desk.item.barcode, patron=desk.patron.id)
    ended = desk.scan("", patron=desk.patron.id)
    assert ended["prints"] == {
        "kind": "loan",
        "url": f"/staff/desk/slips/loans/{desk.patron.id}.pdf",
        "when": "ask",
    }
    for paper in ("80", "58", "a5", "?"):
        slip = desk.browser.get(ended["prints"]["url"], query_string={"paper": paper})
        assert slip.data.startswith(b"%PDF")
    assert desk.browser.get("/staff/desk/slips/last.pdf").data.startswith(b"%PDF")
    assert desk.browser.get("/staff/desk/slips/answer/nothing.pdf").status_code == 404
    assert desk.scan("", patron=desk.second.id)["prints"] is None  # nothing was lent


def test_a_workstation_keeps_its_paper_sounds_and_keys(desk: Desk) -> None:
    browser = desk.browser
    facts = {"name": "Quầy 2", "paper": "58", "volume": "20", "print:loan": "always"}
    assert (
        browser.post("/staff/desk/workstation", data=facts | {"key:F2": "F10"}).status_code == 422
    )
    kept = browser.post("/staff/desk/workstation", data=facts | {"key:F2": "Alt+7"})
    assert kept.status_code == 302
    page = browser.get("/staff/desk").get_data(as_text=True)
    assert 'data-volume="20"' in page
    assert 'data-print-loan="always"' in page
    desk.scan(desk.item.barcode, patron=desk.patron.id, key="w1")
    with db.reading() as session:
        from ils.core.events import EventRow

        assert session.scalars(
            select(EventRow.workstation).where(EventRow.kind == "loan_checked_out")
        ).all() == ["Quầy 2"]
    browser.set_cookie("desk", "%7Bbroken")
    assert browser.get("/staff/desk").status_code == 200


def test_keys_of_others_and_keys_given_twice_are_refused() -> None:
    assert wrong_keys({"F2": "Alt+2"}) == []
    assert wrong_keys({"F2": "F5"}) == ["F5"]
    assert wrong_keys({"F2": "K"}) == ["K"]
    assert wrong_keys({"F2": "F9"}) == ["F9"]  # it prints
    assert wrong_keys({"F2": "F9", "F9": "F2"}) == []  # exchanged
    assert wrong_keys({"Alt+X": "F2"}) == ["F2"]


def test_a_spoiled_barcode_that_may_be_two_items_is_asked_about(
    desk: Desk,
    province: Any,
) -> None:
    with db.transaction() as session:
        for barcode in ("DD001", "D9001"):
            factories.create_item(session, province.branch, barcode=barcode)
    asked = desk.scan("Đ001", mode="checkin")
    assert asked["tone"] == "amber"
    assert "DD001" in asked["top"]
    assert "D9001" in asked["top"]
