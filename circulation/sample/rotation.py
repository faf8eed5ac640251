"""The sample's rotating sets: one back with a copy missing, one late, one at another library, one
being packed. Copies that nobody has asked for since the box left are taken, so the past agrees."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import exists, func, not_, select
from sqlalchemy.orm import Session

from cataloging.models import Item
from circulation.models import Loan
from circulation.queue import lies_free
from circulation.rotation import arriving, boxes, claims, figures, returning
from circulation.rotation.models import Consignment
from circulation.sample.province import Units, at_work
from ils.accounts.actor import Actor
from ils.accounts.models import Staff
from ils.core import clock

SCHOOL = boxes.PointFacts(
    "Trường THCS Nguyễn Trãi", "school", None, "Phường Tân Sen", "Cô Võ Thị Hà", "0918 000 201"
)
POST_OFFICE = boxes.PointFacts(
    *("Bưu điện – văn hóa xã Hòa Lạc", "post_office", None, "Xã Hòa Lạc"),
    *("Chú Lê Văn Ba", "0918 000 202"),
)
COMMUNE = boxes.PointFacts(
    "Tủ sách ấp Bàu Sen", "commune", None, "Xã Bình Sen", "Chị Nguyễn Thị Út", "0918 000 203"
)
BORDER = boxes.PointFacts(
    "Đồn Biên phòng Suối Mây", "border_post", None, "Xã Suối Mây", "Anh Trần Văn Quân"
)


@dataclass(frozen=True)
class Plan:
    """A box of the sample: sent and received so many days before the last day, due so many after
    it left, and what its point told of each month (visits, read there, taken home)."""

    point: boxes.PointFacts
    copies: int
    sent: int
    keeps: int
    seal: str
    told: tuple[tuple[int, int, int], ...] = ()
    received: bool = True


LATE = Plan(POST_OFFICE, 14, 75, 60, "NP 0418", ((41, 30, 22), (38, 26, 25)))
BACK = Plan(SCHOOL, 12, 55, 45, "NP 0421", ((96, 80, 41), (103, 77, 52)))
OUT = Plan(COMMUNE, 10, 24, 60, "NP 0107", ((27, 18, 12),))


def rotate(session: Session, units: Units, staff: dict[str, Staff], last: date) -> None:
    """Send boxes, take one back, begin to pack one."""
    province = at_work(session, staff, "phutrach.tvt", units["TVT-TS"].id)
    town = at_work(session, staff, "phutrach.bs", units["BS-TT"].id)
    _send(session, province, LATE, last)
    _bring_back(session, province, _send(session, province, BACK, last), last)
    _send(session, town, OUT, last)
    there = boxes.PointFacts("Thư viện khu vực Phú Liên", "branch", units["PL-TT"].id)
    _send(session, province, Plan(there, 16, 6, 120, "NP 0430", received=False), last)
    with clock.at(clock.at_local(last, 14)):
        point = boxes.write_point(session, province, BORDER)
        box = boxes.open_box(session, province, point.id, "Tủ sách chiến sĩ, đợt cuối năm")
        for code in _codes(session, province, last, 5):
            boxes.pack(session, province, box_id=box.id, barcode=code)


def _codes(session: Session, actor: Actor, since: date, count: int) -> list[str]:
    """Return the barcodes of copies of a branch that have lain on the shelf since a day."""
    busy = exists().where(
        Loan.item_id == Item.id,
        func.coalesce(Loan.effective_return_on, Loan.started_on) >= since,
    )
    query = (
        select(Item.barcode)
        .where(
            Item.branch_id == actor.unit_id,
            Item.located_id == actor.unit_id,
            Item.lifecycle == "active",
            Item.use == "loan",
            Item.accessioned_on < since,
            Item.barcode.is_not(None),
            not_(busy),
            *lies_free(),
        )
        .order_by(Item.call_sort, Item.id)
        .limit(count)
    )
    return [code for code in session.scalars(query) if code]


def _send(session: Session, actor: Actor, plan: Plan, last: date) -> Consignment:
    day = last - timedelta(days=plan.sent)
    with clock.at(clock.at_local(day, 9)):
        point = boxes.write_point(session, actor, plan.point)
        box = boxes.open_box(session, actor, point.id)
        for code in _codes(session, actor, day, plan.copies):
            boxes.pack(session, actor, box_id=box.id, barcode=code)
        boxes.send_box(
            session,
            actor,
            box_id=box.id,
            due_on=day + timedelta(days=plan.keeps),
            seal=plan.seal,
            handed_by=actor.name,
            taken_by=plan.point.contact,
        )
        figures.new_link(session, actor, box_id=box.id)
    if plan.received:
        with clock.at(clock.at_local(day + timedelta(days=1), 15)):
            copies = len(boxes.open_lines(session, box.id))
            arriving.receive_box(session, None, box=box, point=point, copies=copies)
    with clock.at(clock.at_local(last, 10)):
        for month, told in zip(figures.months_of(box)[::-1], plan.told, strict=False):
            visits, reads, loans = told
            figures.report_figures(
                session,
                actor,
                box_id=box.id,
                month=month,
                visits=visits,
                reads=reads,
                loans=loans,
                told_by=plan.point.contact,
            )
    return box


def _bring_back(session: Session, actor: Actor, box: Consignment, last: date) -> None:
    """All copies but one come back, one of them torn."""
    with clock.at(clock.at_local(last - timedelta(days=9), 9)):
        items = [
            session.get_one(Item, line.item_id) for line in boxes.open_lines(session, box.id)[:-1]
        ]
        for n, item in enumerate(items):
            code = item.barcode or ""
            returning.take_back(session, actor, box_id=box.id, barcode=code, damaged=n == 0)
        returning.close_box(session, actor, box_id=box.id, seal_back="NP 0499", missing=True)
        claims.settle_box(
            session, actor, box_id=box.id, paper="Biên bản thỏa thuận 02/BB-TV", amount=68_000
        )
