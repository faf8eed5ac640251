"""What the sample shows of personal data: a family, people who registered on the site, a request."""

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from circulation.patrons.cards import issue_card
from circulation.patrons.family import join_family
from circulation.patrons.models import Patron, PatronCard
from circulation.patrons.notes import write_note
from circulation.patrons.patrons import PatronFacts, register_patron
from circulation.patrons.registration import send_registration
from circulation.patrons.renewals import renew_cards
from circulation.patrons.requests import ask
from circulation.patrons.sign_in import patron_actor
from circulation.patrons.visits import VisitorFacts, register_visitor
from circulation.rules.consent import LENDING, MESSAGES
from circulation.sample.province import Units
from ils.accounts.actor import system_actor
from ils.core import clock
from ils.org.models import OrgUnit
from ils.text.normal import fold

SENT = (
    ("BS-TT", "Trần Thị Mai Anh", 1991, "", "", "Công nhân may"),
    ("BS-TT", "Lê Nguyễn Gia Bảo", 2016, "Trường Tiểu học Bình Sen", "4B", ""),
    ("AH-TN", "Hồ Ngọc Khánh Vy", 2014, "Trường THCS An Hà", "6A", ""),
    ("PL-TT", "Đinh Văn Y Thắng", 1978, "", "", "Làm rẫy"),
)


def add_persons(session: Session, units: Units) -> None:
    """Add them at the end of the story, as if sent in the last days."""
    for days, (branch, name, born, school, class_, work) in enumerate(SENT):
        child = born > 2010
        facts = PatronFacts(
            name=name,
            category="",
            branch_id=units[branch].id,
            born_year=born,
            school=school,
            school_class=class_,
            occupation=work,
            phone="" if child else f"060012345{days}",
            guardian_name=f"{name.split()[0]} Thị Hạnh" if child else "",
            guardian_phone=f"060076543{days}" if child else "",
            consent=True,
            guardian_consent=child,
            purposes=(LENDING, MESSAGES),
        )
        with clock.at(clock.now() - timedelta(days=days, hours=3)):
            send_registration(session, facts, address=f"sample {days}")
    _family(session, units["BS"].id)
    _at_the_desk(session, units["BS-TT"])
    printed = clock.today() - timedelta(days=45)
    session.execute(
        update(PatronCard)
        .where(PatronCard.issued_on < printed)
        .values(printed_at=clock.at_local(printed, 15))
    )


def _family(session: Session, library_id: int) -> None:
    """Join two children to a grown-up of the same library, who asks for a correction."""
    mine = (
        select(Patron, PatronCard.number)
        .join(PatronCard, PatronCard.patron_id == Patron.id)
        .where(Patron.library_id == library_id, PatronCard.state == "active")
        .where(Patron.guardian_id.is_(None))
        .order_by(Patron.id)
    )
    adult = session.execute(mine.where(Patron.category.not_in(("child", "pupil")))).first()
    children = session.execute(mine.where(Patron.category == "child").limit(2)).all()
    if adult is None:
        return
    parent, card = adult
    for child, _number in children:
        join_family(session, system_actor(), child.id, card)
    _registered_twice(session, parent)
    actor = patron_actor(session, parent)
    ask(session, actor, parent, "correct", "Tôi đã đổi số điện thoại, nhờ thư viện sửa giúp.")


def _at_the_desk(session: Session, branch: OrgUnit) -> None:
    """Visitors of the last days, a block with its day, a few cards renewed as one act."""
    actor = system_actor(session, branch.id)
    visitors = (
        (VisitorFacts("Nguyễn Thanh Tùng", "CCCD", "060090012345", "Đọc báo"), 2),
        (VisitorFacts("Phạm Thị Hòa", purpose="Tra cứu địa chí"), 1),
        (VisitorFacts("Trần Quốc Việt", "Thẻ sinh viên", "SV20417", "Ôn thi"), 1),
    )
    for facts, days in visitors:
        with clock.at(clock.now() - timedelta(days=days)):
            register_visitor(session, actor, facts)
    mine = (
        select(PatronCard.id, Patron.id)
        .join(Patron, Patron.id == PatronCard.patron_id)
        .where(Patron.branch_id == branch.id, PatronCard.state == "active")
        .where(Patron.deleted_at.is_(None))
        .order_by(PatronCard.expires_on.desc(), PatronCard.id)
    )
    rows = session.execute(mine.limit(6)).all()
    if not rows:
        return
    words = "Làm mất hai trang sách, chờ đền"
    write_note(session, actor, rows[0][1], words, acts=("borrow",))
    with clock.at(clock.now() - timedelta(days=1)):
        renew_cards(session, actor, [card for card, _patron in rows[1:]])


def _registered_twice(session: Session, person: Patron) -> None:
    """Let somebody be registered a second time, without marks, at another branch's desk."""
    facts = PatronFacts(
        name=fold(person.name).title(),
        category=person.category,
        branch_id=person.branch_id,
        born_on=person.born_on,
        born_year=person.born_year,
        phone=person.phone or "0600123499",
        consent=True,
    )
    person.phone = person.phone or "0600123499"
    with clock.at(clock.now() - timedelta(days=1)):
        twin = register_patron(session, system_actor(), facts)
        issue_card(session, system_actor(), twin.id)
