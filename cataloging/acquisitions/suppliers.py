"""Suppliers: kept by a library or by the province for its libraries, found, changed, laid aside."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from stdnum.vn import mst

from cataloging.acquisitions.models import Supplier
from cataloging.permissions import ORDER_BOOKS
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound, Refused
from ils.org.models import OrgUnit
from ils.org.units import place, unit
from ils.text.filing import filing_key
from ils.text.normal import clean, fold

MOST_ROWS: Final = 5000
STATES: Final = ("in_use", "aside", "")
SORTS: Final[dict[str, Any]] = {
    "name": Supplier.name_sort,
    "tax_code": Supplier.tax_code,
    "contract_until": Supplier.contract_until,
}
_TAX_CODE: Final = re.compile(r"\d{10}|\d{12}|\d{10}-\d{3}")


@dataclass(frozen=True)
class SupplierFacts:
    """A supplier as it is typed."""

    name: str
    tax_code: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    contract_no: str = ""
    contract_from: date | None = None
    contract_until: date | None = None
    note: str = ""
    active: bool = True


@dataclass(frozen=True)
class Asked:
    """What a list of suppliers is asked for; ``state`` is in_use, aside or empty for all."""

    library_id: int
    words: str = ""
    state: str = "in_use"
    sort: str = ""


def tax_code_of(typed: str) -> str:
    """Return a tax code in the way it is kept, or "" for none. Raises ``Invalid``.

    Ten digits; those of a branch office with a dash and three more; twelve for a household that is
    taxed under its personal number. The check digit is not asked for here: ``is_odd`` tells.
    """
    digits = re.sub(r"[\s.]", "", clean(typed))
    if re.fullmatch(r"\d{13}", digits):
        digits = f"{digits[:10]}-{digits[10:]}"
    if digits and not _TAX_CODE.fullmatch(digits):
        raise Invalid("tax_code_impossible", field="tax_code", value=typed)
    return digits


def is_odd(tax_code: str) -> bool:
    """Tell whether the check digit of a tax code does not fit, so that it may be mistyped."""
    return len(tax_code) in (10, 14) and not mst.is_valid(tax_code)


def supplier_for(session: Session, actor: Actor, supplier_id: int) -> Supplier:
    """Return a supplier the actor's library may buy from. Raises ``NotFound``, also for others'."""
    found = session.get(Supplier, supplier_id)
    if found is None or found.unit_id not in _units_of(session, actor):
        raise NotFound("supplier_unknown", supplier_id=supplier_id)
    return found


def _units_of(session: Session, actor: Actor) -> Sequence[int]:
    return place(session, actor.library_id).ids if actor.library_id else ()


def units_kept(session: Session, actor: Actor) -> list[OrgUnit]:
    """Return the units whose suppliers the actor may change, its own library first."""
    units = [unit(session, one) for one in reversed(_units_of(session, actor))]
    return [one for one in units if actor.can(ORDER_BOOKS, one)]


def may_change(session: Session, actor: Actor, supplier: Supplier) -> bool:
    """Tell whether the actor may change a supplier."""
    return actor.can(ORDER_BOOKS, unit(session, supplier.unit_id))


def add_supplier(session: Session, actor: Actor, unit_id: int, facts: SupplierFacts) -> Supplier:
    """Write a new supplier of a unit down. Raises ``Invalid`` for a tax code that is there."""
    actor.require(ORDER_BOOKS, at=unit(session, unit_id))
    values = _checked(session, unit_id, facts)
    made = Supplier(unit_id=unit_id, made_at=clock.now(), made_by=actor.staff_id, **values)
    session.add(made)
    session.flush()
    audit(session, actor, "supplier_added", "supplier", made.id, name=made.name)
    return made


def change_supplier(
    session: Session, actor: Actor, supplier_id: int, facts: SupplierFacts
) -> Supplier:
    """Change what is known of a supplier, or lay it aside; its orders stay as they are."""
    found = _own(session, actor, supplier_id)
    for name, value in _checked(session, found.unit_id, facts, but=found.id).items():
        setattr(found, name, value)
    audit(session, actor, "supplier_changed", "supplier", found.id, name=found.name)
    session.flush()
    return found


def delete_supplier(session: Session, actor: Actor, supplier_id: int) -> None:
    """Delete a supplier that nothing names yet. Raises ``Refused`` for others: lay them aside."""
    found = _own(session, actor, supplier_id)
    try:
        with session.begin_nested():
            session.delete(found)
            session.flush()
    except IntegrityError as error:
        raise Refused("supplier_in_use") from error
    audit(session, actor, "supplier_deleted", "supplier", supplier_id, name=found.name)


def _own(session: Session, actor: Actor, supplier_id: int) -> Supplier:
    found = supplier_for(session, actor, supplier_id)
    actor.require(ORDER_BOOKS, at=unit(session, found.unit_id))
    return found


def _checked(
    session: Session, unit_id: int, facts: SupplierFacts, but: int | None = None
) -> dict[str, Any]:
    name = " ".join(facts.name.split())
    if not name:
        raise Invalid("supplier_unnamed", field="name")
    tax_code = tax_code_of(facts.tax_code)
    begins, ends = facts.contract_from, facts.contract_until
    if begins and ends and begins > ends:
        raise Invalid("contract_backwards", field="contract_until")
    if tax_code:
        above = place(session, unit_id).ids
        taken = select(Supplier.name).where(
            Supplier.unit_id.in_(above), Supplier.tax_code == tax_code, Supplier.id != (but or 0)
        )
        if known := session.scalar(taken):
            raise Invalid("tax_code_taken", field="tax_code", name=known)
    return asdict(facts) | {
        "name": name,
        "tax_code": tax_code,
        "search": fold(f"{name} {tax_code}")[:300],
        "name_sort": filing_key(name, 240),
    }


def _query(session: Session, asked: Asked) -> Select[Any]:
    query = select(Supplier).where(Supplier.unit_id.in_(place(session, asked.library_id).ids))
    if asked.state in ("in_use", "aside"):
        query = query.where(Supplier.active == (asked.state == "in_use"))
    for word in fold(asked.words).replace("%", "").replace("_", "").split()[:8]:
        query = query.where(Supplier.search.like(f"%{word}%"))
    return query


def suppliers_of(
    session: Session, asked: Asked, *, limit: int = MOST_ROWS, offset: int = 0
) -> tuple[Sequence[Supplier], int]:
    """Return the suppliers a library may buy from, its own and those above; and how many."""
    query = _query(session, asked)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    column = SORTS.get(asked.sort.lstrip("-"), Supplier.name_sort)
    order = column.desc() if asked.sort.startswith("-") else column.asc()
    return session.scalars(query.order_by(order, Supplier.id).limit(limit).offset(offset)).all(), (
        total
    )


def suppliers_to_choose(
    session: Session, library_id: int, chosen: int | None = None
) -> list[tuple[int, str]]:
    """Return number and name of the suppliers in use, for a pick list, and of the one chosen."""
    there = Supplier.active | (Supplier.id == (chosen or 0))
    query = select(Supplier.id, Supplier.name).where(
        Supplier.unit_id.in_(place(session, library_id).ids), there
    )
    return [(row[0], row[1]) for row in session.execute(query.order_by(Supplier.name_sort))]
