"""Small makers of real things for tests. Each has defaults, so that a test names only what matters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import Barcode, Collection, Item, ItemType, Record, Register
from circulation.models import PolicyRow
from circulation.patrons.cards import issue_card
from circulation.patrons.models import Patron, PatronCard, PatronCategory
from circulation.patrons.patrons import PatronFacts, register_patron
from ils.accounts.actor import Actor, actor_for_staff, system_actor
from ils.accounts.models import Staff
from ils.accounts.staff import create_staff
from ils.org.models import CalendarWeek, OrgUnit
from ils.org.units import NewUnit, found_unit

LONG_AGO = date(2020, 1, 1)
PASSWORD = "mat-khau-thu"
_numbers = count(1)


@dataclass(frozen=True)
class Province:
    """A province with one library, two branches, and a second library that is none of ours."""

    top: OrgUnit
    library: OrgUnit
    branch: OrgUnit
    other_branch: OrgUnit
    foreign_library: OrgUnit
    foreign_branch: OrgUnit


def create_unit(session: Session, kind: str, name: str, parent: OrgUnit | None = None) -> OrgUnit:
    """Found a unit with a made-up code."""
    n = next(_numbers)
    return found_unit(session, NewUnit(kind, f"U{n}", f"u{n}", name, valid_from=LONG_AGO), parent)


def create_province(session: Session) -> Province:
    """Found a small province with code lists and one general lending rule."""
    top = create_unit(session, "province", "Tỉnh thử")
    library = create_unit(session, "library", "Thư viện huyện Thử", top)
    branch = create_unit(session, "branch", "Phòng mượn", library)
    other_branch = create_unit(session, "branch", "Cơ sở 2", library)
    foreign_library = create_unit(session, "library", "Thư viện huyện Khác", top)
    foreign_branch = create_unit(session, "branch", "Phòng mượn khác", foreign_library)
    create_code_lists(session)
    session.add(PolicyRow(unit_id=top.id, values={}))
    session.flush()
    return Province(top, library, branch, other_branch, foreign_library, foreign_branch)


def create_code_lists(session: Session) -> None:
    """Write item types and patron categories."""
    session.add_all(
        [
            ItemType(code="book", name="Sách", name_en="Book", order=1),
            ItemType(code="comic", name="Truyện tranh", name_en="Comic", order=2),
            PatronCategory(code="adult", name="Người lớn", name_en="Adult", order=1),
            PatronCategory(code="child", name="Thiếu nhi", name_en="Child", child=True, order=2),
        ]
    )
    session.flush()


def close_weekdays(session: Session, unit: OrgUnit, *weekdays: int) -> None:
    """Close a unit on weekdays (0 is Monday)."""
    for weekday in range(7):
        session.add(CalendarWeek(unit_id=unit.id, weekday=weekday, open=weekday not in weekdays))
    session.flush()


def create_record(session: Session, title: str = "Dế Mèn phiêu lưu ký", **more: Any) -> Record:
    """Store a record through the catalogue's one writer."""
    from cataloging.records import create_record as store

    author, year = more.pop("author", "Tô Hoài"), more.pop("year", "2020")
    fields: list[dict[str, Any]] = [
        {"008": f"260101s{year:<4}    vm            000 1 vie d"},
        {"100": {"ind1": "0", "ind2": " ", "subfields": [{"a": author}]}},
        {"245": {"ind1": "1", "ind2": "0", "subfields": [{"a": title}]}},
        {
            "264": {
                "ind1": " ",
                "ind2": "1",
                "subfields": [{"a": "H. :"}, {"b": "Kim Đồng,"}, {"c": year}],
            }
        },
    ]
    fields += more.pop("fields", [])
    marc = {"leader": "00000nam a2200000 a 4500", "fields": fields}
    return store(session, system_actor(), marc, why="test", **more)


def create_item(
    session: Session, branch: OrgUnit, record: Record | None = None, **more: Any
) -> Item:
    """Add a copy with a barcode to a branch."""
    n = next(_numbers)
    record = record or create_record(session)
    owner = branch.parent_id if branch.kind in ("branch", "point") else branch.id
    facts: dict[str, Any] = {
        "record_id": record.id,
        "owner_id": owner,
        "branch_id": branch.id,
        "located_id": branch.id,
        "issuing_library_id": owner,
        "accession_no": f"VN.{n:05d}",
        "accession_key": f"VN{n}",
        "barcode": f"VN{n:05d}",
        "price": 50_000,
        "accessioned_on": LONG_AGO,
        **more,
    }
    item = Item(**facts)
    session.add(item)
    session.flush()
    if item.barcode:
        session.add(Barcode(value=item.barcode.upper(), item_id=item.id))
        session.flush()
    return item


def create_register(session: Session, library: OrgUnit, prefix: str = "VN") -> Register:
    """Open an accession register."""
    register = Register(library_id=library.id, prefix=prefix, name=f"Sổ {prefix}")
    session.add(register)
    session.flush()
    return register


def create_collection(session: Session, library: OrgUnit, code: str = "MUON") -> Collection:
    """Open a stock collection (kho)."""
    made = Collection(library_id=library.id, code=code, name=f"Kho {code}")
    session.add(made)
    session.flush()
    return made


def create_patron(
    session: Session, branch: OrgUnit, name: str = "Nguyễn Thị Lan", **more: Any
) -> Patron:
    """Register a patron with a card that is valid for a year from ``issued_on``."""
    issued_on, expires_on = more.pop("issued_on", None), more.pop("expires_on", None)
    with_card = more.pop("with_card", True)
    facts = PatronFacts(
        name=name, category=more.pop("category", "adult"), branch_id=branch.id, **more
    )
    patron = register_patron(session, system_actor(), facts)
    if with_card:
        issue_card(session, system_actor(), patron.id, on=issued_on, expires_on=expires_on)
    return patron


def card_of(session: Session, patron: Patron) -> str:
    """Return the number of a patron's active card."""
    query = select(PatronCard.number).where(
        PatronCard.patron_id == patron.id, PatronCard.state == "active"
    )
    return session.execute(query).scalar_one()


def create_staff_account(session: Session, role: str, unit: OrgUnit) -> str:
    """Make a staff account and return its user name; the password is ``PASSWORD``."""
    username = f"{role}{next(_numbers)}"
    create_staff(
        session,
        system_actor(),
        username=username,
        name=f"Cán bộ {role}",
        password=PASSWORD,
        home_unit_id=unit.id,
        role=role,
        must_change=False,
    )
    return username


def create_actor(
    session: Session, role: str, at: OrgUnit, granted_at: OrgUnit | None = None
) -> Actor:
    """Make an account with a role and return it as actor, working at a unit."""
    username = create_staff_account(session, role, granted_at or at)
    staff = session.execute(select(Staff).where(Staff.username == username)).scalar_one()
    return actor_for_staff(session, staff, at.id)
