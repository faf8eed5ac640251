"""An order to a supplier goes out by mail as notices do, with its paper, and the page says so."""

from typing import Any

import pytest
from sqlalchemy import select

from cataloging.acquisitions.mailing import carry_order, mail_order
from cataloging.acquisitions.models import OrderMail, PurchaseOrder
from cataloging.acquisitions.orders import (
    LineFacts,
    OrderFacts,
    add_title,
    begin_order,
    send_order,
)
from cataloging.acquisitions.suppliers import SupplierFacts, add_supplier
from ils.core.db import reading, transaction
from ils.core.jobs import run_next_job
from tests.circulation.notices.conftest import Post
from tests.factories import Province, create_actor


def test_an_order_is_mailed_with_its_paper_and_what_became_of_it_is_told(
    staff_client: Any, province: Province, post: Post
) -> None:
    with transaction() as session:
        actor = create_actor(session, "cataloguer", province.library)
        shop = SupplierFacts("Nhà sách Mẫu", email="dathang@mau.example")
        supplier = add_supplier(session, actor, province.library.id, shop)
        order = begin_order(session, actor, OrderFacts(supplier.id, province.branch.id))
        add_title(session, actor, order.id, LineFacts(3, 50_000), fresh={"title": "Số đỏ"})
        path = f"/staff/acquisitions/orders/{order.id}"
    browser = staff_client("head")
    assert "gửi qua thư điện tử" in browser.get(path).text
    post.at_rcpt.append("550 no such box")
    assert browser.post(f"{path}/act", data={"act": "send_mail"}).status_code == 302
    twice = browser.post(f"{path}/act", data={"act": "mail"})
    assert twice.status_code == 409, "it is on its way"
    assert run_next_job()
    page = browser.get(path).text
    assert "máy chủ thư chưa nhận" in page
    assert "550 no such box" in page
    assert post.taken == []
    assert browser.post(f"{path}/act", data={"act": "mail"}).status_code == 302
    assert run_next_job()
    [mail] = post.taken
    assert post.to == ["dathang@mau.example"]
    with reading() as session:
        number = session.scalars(select(PurchaseOrder.number)).one()
    assert number in mail["Subject"]
    assert "1 tên, 3 bản" in mail.get_body().get_content()  # type: ignore[union-attr]
    [paper] = mail.iter_attachments()
    assert paper.get_filename() == f"don-dat-mua-{number.replace('/', '-')}.pdf"
    assert paper.get_content().startswith(b"%PDF")
    page = browser.get(path).text
    assert "dathang@mau.example" in page
    assert "đã gửi thư" in page


def test_a_letter_that_could_not_be_written_stands_as_not_sent(
    province: Province, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction() as session:
        actor = create_actor(session, "cataloguer", province.library)
        shop = SupplierFacts("Mẫu", email="a@mau.example")
        supplier = add_supplier(session, actor, province.library.id, shop)
        order = begin_order(session, actor, OrderFacts(supplier.id, province.branch.id))
        add_title(session, actor, order.id, LineFacts(1), fresh={"title": "Số đỏ"})
        send_order(session, actor, order.id)
        mail_id, order_id = mail_order(session, actor, order.id).id, order.id
    monkeypatch.setattr("cataloging.acquisitions.papers.typst_pdf", _disk_is_full)
    with pytest.raises(OSError, match="full"):
        carry_order(None, {"mail_id": mail_id})  # type: ignore[arg-type]
    assert post.taken == []
    with transaction() as session:
        assert session.get_one(OrderMail, mail_id).state == "failed"
        assert mail_order(session, actor, order_id).state == "waiting"


def _disk_is_full(*_any: Any, **_named: Any) -> bytes:
    raise OSError("disk full")


def test_a_letter_whose_worker_was_killed_is_not_sent_again_by_itself(
    staff_client: Any, province: Province, post: Post
) -> None:
    with transaction() as session:
        actor = create_actor(session, "cataloguer", province.library)
        supplier = add_supplier(session, actor, province.library.id, SupplierFacts("Mẫu"))
        order = begin_order(session, actor, OrderFacts(supplier.id, province.branch.id))
        mail = OrderMail(order_id=order.id, address="a@mau.example", state="handing")
        session.add(mail)
        session.flush()
        mail_id, path = mail.id, f"/staff/acquisitions/orders/{order.id}"
    assert carry_order(None, {"mail_id": mail_id}) == {"state": "unsure"}  # type: ignore[arg-type]
    assert post.taken == []
    assert "có thể đã gửi" in staff_client("head").get(path).text
