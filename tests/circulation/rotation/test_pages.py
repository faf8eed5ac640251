"""Rotation in the browser: a box from packing to its return, the point on its phone, the papers."""

import re
from typing import Any

import pytest

from cataloging.models import Item
from circulation.models import Receipt
from circulation.rotation.models import (
    Consignment,
    ConsignmentFigures,
    ConsignmentLine,
    ConsignmentPayment,
    RotationPoint,
)
from ils.core import clock, db
from tests import factories


def rows(model: Any) -> list[Any]:
    with db.reading() as session:
        return session.query(model).order_by(model.id).all()


@pytest.fixture
def head(province: Any, staff_client: Any) -> Any:
    return staff_client("head", province.branch)


def copies(province: Any, count: int) -> list[Any]:
    with db.transaction() as session:
        return [factories.create_item(session, province.branch) for _ in range(count)]


def point(head: Any, name: str = "Trường THCS Sen", **more: Any) -> int:
    facts = {"name": name, "kind": "school", "contact": "Cô Hà", "active": "1"} | more
    assert head.post("/staff/rotation/points/new", data=facts).status_code == 302
    return next(one.id for one in rows(RotationPoint) if one.name == name)


def sent(head: Any, province: Any, items: list[Any], **more: Any) -> str:
    """A box packed by scanning and sent; its address."""
    url = head.post("/staff/rotation/new", data={"point": point(head, **more)}).location
    for item in items:
        answer = head.post(f"{url}/scan", data={"code": item.barcode}, headers=FETCH)
        assert answer.json["outcome"] == "packed", answer.json
    head.post(url, data={"act": "send", "due_on": "h+60", "seal": "NP 12", "taken_by": "Cô Hà"})
    return str(url)


FETCH = {"X-Requested-With": "fetch"}


def test_a_box_from_packing_to_the_list_of_what_is_missing(head: Any, province: Any) -> None:
    items = copies(province, 3)
    url = sent(head, province, items)
    again = head.post(f"{url}/scan", data={"code": "LẠ 1"}, headers=FETCH)
    assert again.json["outcome"] == "extra"
    for item in items[:2]:  # without scripts
        head.post(f"{url}/scan", data={"code": item.barcode})
    refused = head.post(url, data={"act": "close", "seal_back": "NP 77"})
    assert refused.status_code == 409
    assert "NP 77" in refused.text
    assert items[2].accession_no in refused.text
    line = rows(ConsignmentLine)[2]
    head.post(url, data={"act": "close", "missing": "1", "lost": line.id})
    with db.reading() as session:
        assert session.get_one(Item, items[2].id).lifecycle == "lost"
    head.post(url, data={"act": "reopen"})
    with db.reading() as session:
        assert session.get_one(Item, items[2].id).lifecycle == "active"
        assert session.get_one(Consignment, 1).state == "sent"
    head.post(url, data={"act": "close", "missing": "1"})
    head.post(url, data={"act": "settle", "paper": "BB 3", "amount": "45k"})
    assert "45.000" in head.get(url).text or "45000" in head.get(url).text
    for paper in ("manifest.pdf", "minutes.pdf?back=1", "missing.pdf?size=a5", "minutes.pdf"):
        assert head.get(f"{url}/{paper}").data.startswith(b"%PDF"), paper
    assert head.get(f"{url}/box.xlsx").data.startswith(b"PK")
    for listed in ("boxes.xlsx?which=all", "book.pdf?which=all"):
        assert head.get(f"/staff/rotation/{listed}").status_code == 200


def test_the_point_tells_by_its_link_without_signing_in(
    app: Any, head: Any, province: Any, client: Any
) -> None:
    url = sent(head, province, copies(province, 2))
    link = re.search(r'href="http://[^/]+(/points/[^"]+)"', head.get(url).text)[1]
    page = client.get(link)
    assert page.status_code == 200
    assert "Trường THCS Sen" in page.text
    assert client.post(link, data={"act": "received", "copies": "x"}).status_code == 422
    client.post(link, data={"act": "received", "copies": "2", "name": "Hà"})
    month = f"{clock.today():%Y-%m}"
    told = {"act": "figures", "month": month, "visits": "30", "reads": "12", "loans": "9"}
    wrong = client.post(link, data=told | {"visits": "-1"})
    assert (wrong.status_code, 'value="12"' in wrong.text) == (422, True)
    client.post(link, data=told)
    client.post(link, data=told | {"visits": "31"})
    (figures,) = rows(ConsignmentFigures)
    assert (figures.visits, figures.channel) == (31, "phone")
    assert rows(Consignment)[0].received_copies == 2
    assert client.get(link + "x").status_code == 404
    head.post(url, data={"act": "link"})
    assert client.get(link).status_code == 404  # only the newest opens


def test_figures_are_typed_or_scanned_never_both(head: Any, province: Any) -> None:
    (item,) = copies(province, 1)
    url = f"{sent(head, province, [item])}/figures"
    month = f"{clock.today():%Y-%m}"
    head.post(url, data={"act": "scan", "month": month, "code": item.barcode})
    head.post(url, data={"act": "scan", "month": month, "code": item.barcode})
    assert rows(ConsignmentFigures)[0].reads == 2
    head.post(url, data={"act": "forget", "month": month})
    head.post(url, data={"act": "tell", "month": month, "visits": "5", "told_by": "Cô Hà"})
    assert (
        head.post(url, data={"act": "scan", "month": month, "code": item.barcode}).status_code
        == 409
    )
    assert "Cô Hà" in head.get(url).text


def test_a_box_moves_on_with_papers_of_its_own(head: Any, province: Any) -> None:
    items = copies(province, 3)
    url = sent(head, province, items)
    next_point = point(head, "Bưu điện xã", kind="post_office")
    absent = rows(ConsignmentLine)[0].id
    words = {"point": next_point, "due_on": "h+90", "absent": absent, "taken_by": "Chú Ba"}
    answer = head.post(f"{url}/move", data=words)
    assert answer.status_code == 302, answer.text
    old, new = rows(Consignment)
    assert (old.state, new.state, new.from_id) == ("closed", "sent", old.id)
    states = [line.state for line in rows(ConsignmentLine)]
    assert states == ["missing_at_point", "moved_on", "moved_on", "out", "out"]
    assert "LC 01" in head.get(answer.location).text
    assert head.get(f"{answer.location}/minutes.pdf").data.startswith(b"%PDF")


def test_a_box_is_chosen_from_shelves_and_from_an_earlier_one(head: Any, province: Any) -> None:
    items = copies(province, 2)
    url = head.post("/staff/rotation/new", data={"point": point(head)}).location
    assert items[0].accession_no in head.get(f"{url}/choose").text
    head.post(f"{url}/choose", data={"items": [one.id for one in items]})
    assert len(rows(ConsignmentLine)) == 2
    (listed,) = copies(province, 1)
    told = head.post(
        f"{url}/choose", data={"codes": f"{listed.barcode}\r\nLẠ-9"}, follow_redirects=True
    )
    assert "LẠ-9" in told.text
    assert len(rows(ConsignmentLine)) == 3
    year = rows(Consignment)[0].year
    assert head.get(f"/staff/rotation/?number=lc1/{year}").location == url
    head.post(url, data={"act": "unpack", "line": rows(ConsignmentLine)[0].id})
    head.post(url, data={"act": "cancel"})
    assert rows(ConsignmentLine) == []
    assert rows(Consignment)[0].state == "canceled"


def test_a_box_sent_by_mistake_is_opened_again_the_same_day(head: Any, province: Any) -> None:
    url = sent(head, province, copies(province, 1))
    head.post(url, data={"act": "unsend"})
    assert (rows(Consignment)[0].state, rows(ConsignmentLine)[0].state) == ("draft", "packed")
    head.post(url, data={"act": "send", "due_on": "h+60"})
    head.post(url, data={"act": "receive", "copies": "1"})
    assert head.post(url, data={"act": "unsend"}).status_code == 409
    head.post(url, data={"act": "unreceive"})
    assert head.post(url, data={"act": "extend", "due_on": "h+10"}).status_code == 422
    head.post(url, data={"act": "extend", "due_on": "h+120"})
    assert (rows(Consignment)[0].due_on - clock.today()).days == 120


def test_given_for_good_it_is_entered_by_the_receiving_library(
    head: Any, province: Any, staff_client: Any
) -> None:
    (item,) = copies(province, 1)
    url = sent(
        head, province, [item], kind="branch", branch_id=province.foreign_branch.id, name="BS"
    )
    with db.transaction() as session:
        register = factories.create_register(session, province.foreign_library, "BSV").id
    there = staff_client("head", province.foreign_branch)
    assert url.rsplit("/", 1)[-1] in there.get("/staff/rotation/?which=incoming").text
    assert there.post(url, data={"act": "give", "decision": "1"}).status_code == 404
    head.post(url, data={"act": "give", "decision": "15/QĐ"})
    head.post(url, data={"act": "take_back_gift"})
    assert rows(Item)[0].lifecycle == "active"
    head.post(url, data={"act": "give", "decision": "15/QĐ"})
    there.post(url, data={"act": "enter", "register": register})
    old, new = rows(Item)
    assert (old.lifecycle, new.lifecycle) == ("withdrawn", "active")
    assert new.accession_no.startswith("BSV")
    assert new.owner_id == province.foreign_library.id
    assert head.post(url, data={"act": "take_back_gift"}).status_code == 409


def test_the_desk_asks_whether_a_copy_is_back_and_receives_it(head: Any, province: Any) -> None:
    (item,) = copies(province, 1)
    sent(head, province, [item])
    scanned = {"scan": item.barcode, "mode": "checkin", "key": "a"}
    asked = head.post("/staff/desk/scan", data=scanned, headers=FETCH).json
    assert "LC 01" in asked["top"]
    assert "Trường THCS Sen" in asked["top"]
    assert 'value="check_in"' in asked["top"]
    words = {"act": "override", "mode": "checkin", "key": "b", "command": "check_in"}
    words |= {"barcode": item.barcode, "code": "at_point", "question": "a"}
    done = head.post("/staff/desk/act", data=words, headers=FETCH).json
    assert "Đã nhận lại từ hộp" in done["top"], done["top"]
    assert rows(ConsignmentLine)[0].state == "returned"


def test_a_point_pays_for_what_is_missing_and_has_a_receipt(head: Any, province: Any) -> None:
    url = sent(head, province, copies(province, 1))
    head.post(url, data={"act": "close", "missing": "1"})
    head.post(url, data={"act": "settle", "paper": "BB 3", "amount": "45k"})
    assert "45.000" in head.get("/staff/rotation/?which=owed").text
    too_much = head.post(f"{url}/pay", data={"amount": "46k", "payer": "Cô Hà", "key": "a"})
    assert (too_much.status_code, 'value="46k"' in too_much.text) == (409, True)
    head.post(f"{url}/pay", data={"amount": "40k", "payer": "Cô Hà", "key": "b"})
    (receipt,) = rows(Receipt)
    page = head.get(url).text
    assert f"/staff/money/receipts/{receipt.id}.pdf" in page
    assert head.get(f"/staff/money/receipts/{receipt.id}.pdf").data.startswith(b"%PDF")
    head.post(url, data={"act": "let_off", "amount": "5k", "paper": "QĐ 5"})
    assert "45.000" not in head.get("/staff/rotation/?which=owed").text
    head.post(url, data={"act": "let_off_undone", "payment": rows(ConsignmentPayment)[1].id})
    taken = {"receipt": receipt.id, "reason": "nhầm", "key": "c"}
    assert head.post(f"{url}/take-back", data=taken).status_code == 302
    assert rows(Receipt)[0].voided_at is not None
    assert "45.000" in head.get("/staff/rotation/?which=owed").text


def test_a_box_is_counted_in_by_staff_and_by_the_point(
    head: Any, province: Any, client: Any
) -> None:
    items = copies(province, 3)
    url = sent(head, province, items)
    before = head.get(f"{url}/progress").json["mark"]
    for item in items[:1]:
        told = head.post(f"{url}/arrival", data={"code": item.barcode}, headers=FETCH).json
        assert (told["outcome"], told["left"]) == ("arrived", 2)
    assert head.get(f"{url}/progress").json["mark"] != before
    link = re.search(r'href="http://[^/]+(/points/[^"]+)"', head.get(url).text)[1]
    scanned = {"act": "arrive", "code": items[1].barcode}
    assert client.post(link, data=scanned, headers=FETCH).json["left"] == 1
    client.post(link, data={"act": "received", "scanned": "1", "name": "Hà"})
    assert rows(Consignment)[0].received_copies == 2
    assert items[2].accession_no in head.get(f"{url}/arrival").text
    assert head.get(f"{url}/missing.pdf?arrival=1").data.startswith(b"%PDF")
    line = rows(ConsignmentLine)[0].id
    head.post(url, data={"act": "not_there", "line": line, "from": "arrival"})
    assert rows(Consignment)[0].received_copies == 1
