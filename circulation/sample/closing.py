"""The sample's closures: a power cut that was planned and applied, and one being looked at."""

from datetime import date, timedelta

from sqlalchemy.orm import Session

from circulation.closures.plans import apply_closure, plan_closure
from circulation.sample.province import Units, at_work
from ils.accounts.models import Staff


def plan_closures(session: Session, units: Units, staff: dict[str, Staff], last: date) -> None:
    """Close a library for two days of the coming week, and preview a week of exams at another."""
    head = at_work(session, staff, "phutrach.ah", units["AH"].id)
    cut = [last + timedelta(days=n) for n in (6, 7)]
    made = plan_closure(
        session,
        head,
        units["AH"].id,
        dict.fromkeys(cut, "Mất điện theo lịch của Điện lực"),
        "Mất điện theo lịch của Điện lực",
    )
    apply_closure(session, head, made.id)
    other = at_work(session, staff, "phutrach.tvt", units["TVT"].id)
    exams = [last + timedelta(days=n) for n in range(10, 13)]
    reason = "Nhường phòng đọc làm điểm thi"
    plan_closure(session, other, units["TVT"].id, dict.fromkeys(exams, reason), reason)
