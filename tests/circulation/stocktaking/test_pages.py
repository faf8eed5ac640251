"""Stock-taking in the browser: planned, counted, closed, recorded."""

from typing import Any

import orjson
from sqlalchemy import select

from cataloging.models import Item
from circulation.stocktaking.models import StockTake
from ils.core import db
from ils.core.jobs import run_next_job
from tests import factories


def test_a_stock_taking_from_plan_to_minutes(app: Any, province: Any, staff_client: Any) -> None:
    with db.transaction() as session:
        here, gone = (factories.create_item(session, province.branch) for _ in range(2))
    head = staff_client("head", province.library)
    words = {"name": "Kiểm kê phòng mượn", "branches": province.branch.id}
    words |= {"council": "Trần Lan – Trưởng ban\nLê Hòa - Thư ký", "decided_on": "01/11/2026"}
    wrong = head.post("/staff/stock-takings/new", data=words | {"decided_on": "hôm qua"})
    assert wrong.status_code == 422
    assert "Lê Hòa" in wrong.text
    page = head.post("/staff/stock-takings/new", data=words)
    url = page.headers["Location"]
    head.post(url, data={"act": "freeze"})
    clerk = staff_client("clerk", province.branch)
    assert clerk.post(url, data={"act": "close"}).status_code == 403
    scans = [{"key": "p-1", "code": here.barcode, "at": 1_795_000_000_000, "place": "Giá 1"}]
    sent = {"scans": orjson.dumps([*scans, {"odd": 1}, 7]).decode(), "scanner": "điện thoại"}
    for _ in range(2):
        answer = clerk.post(f"{url}/scans", data=sent)
        assert [one["outcome"] for one in answer.json["heard"]] == ["found"]
        assert (answer.json["seen"], answer.json["expected"]) == (1, 2)
    clerk.post(f"{url}/count", data={"code": "LA-99"})  # without scripts
    assert "LA-99" in clerk.get(f"{url}/count").text
    head.post(url, data={"act": "close"})
    assert "Mất" in head.get(url).text or "missing" in head.get(url).text
    assert gone.accession_no in head.get(f"{url}/group/missing").text
    assert "LA-99" in head.get(f"{url}/group/surplus").text
    assert head.get(f"{url}/minutes.pdf").data.startswith(b"%PDF")
    answer = head.post(url, data={"act": "apply", "groups": "missing"})
    while run_next_job():
        pass
    assert "Đã ghi nhận: 1" in head.get(answer.headers["Location"]).text
    with db.reading() as session:
        assert session.get_one(Item, gone.id).lifecycle == "missing"


def test_scans_for_a_count_that_is_over_stay_with_the_sender(
    app: Any, province: Any, staff_client: Any
) -> None:
    with db.transaction() as session:
        factories.create_item(session, province.branch)
    head = staff_client("head", province.library)
    words = {"name": "K", "branches": province.branch.id}
    url = head.post("/staff/stock-takings/new", data=words).headers["Location"]
    sent = {"scans": orjson.dumps([{"key": "p", "code": "x"}]).decode()}
    answer = head.post(f"{url}/scans", data=sent, headers={"X-Requested-With": "fetch"})
    assert answer.status_code == 409
    with db.reading() as session:
        assert session.scalars(select(StockTake.state)).all() == ["planned"]
