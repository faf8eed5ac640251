"""The forms of a library: which boxes a material shows, in what order, obligatory, filled how.

A form is set at a unit and holds there and below it until a lower unit has its own, as settings do;
without one, it is as the program brings it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.editor.materials import Box, Material, box, groups, material, materials
from cataloging.editor.models import EntryForm
from cataloging.permissions import EDIT_STOCK
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid
from ils.core.kept import kept
from ils.org.units import place, unit

MOST_BOXES = 60


@dataclass(frozen=True)
class Placed:
    """A box in a form: its group, whether it must be filled, what it begins with."""

    box: str
    group: str
    required: bool = False
    value: str = ""


@dataclass(frozen=True)
class Layout:
    """A form in force at a unit; ``unit_id`` is where it was set, None when it is the program's."""

    material: Material
    placed: tuple[Placed, ...]
    unit_id: int | None = None

    @property
    def boxes(self) -> list[Box]:
        """The boxes shown, in order."""
        return [one for placed in self.placed if (one := box(placed.box)) is not None]

    def by_group(self) -> list[tuple[str, list[Placed]]]:
        """Return the boxes of each group that has any, groups in the order of a form."""
        found = [(name, [one for one in self.placed if one.group == name]) for name in groups()]
        return [(name, some) for name, some in found if some]

    def first_values(self) -> dict[str, str]:
        """Return what boxes of a new record begin with."""
        begin = {"language": self.material.language}
        return begin | {one.box: one.value for one in self.placed if one.value}

    def missing(self, values: dict[str, str]) -> list[str]:
        """Return the obligatory boxes that are empty."""
        return [p.box for p in self.placed if p.required and not values.get(p.box, "").strip()]


def own_layout(of: Material) -> tuple[Placed, ...]:
    """Return a material's form as the program brings it."""
    return tuple(
        Placed(name, group, required=name == "title")
        for group, names in of.boxes.items()
        for name in names
    )


def layout_for(session: Session, unit_id: int | None, code: str) -> Layout:
    """Return the form of a material in force at a unit."""
    of = material(code)
    if unit_id is not None:
        found = _kept(session)
        for at in reversed(place(session, unit_id).ids):
            if (at, of.code) in found:
                return Layout(of, found[at, of.code], at)
    return Layout(of, own_layout(of))


def _kept(session: Session) -> dict[tuple[int, str], tuple[Placed, ...]]:
    query = select(EntryForm.unit_id, EntryForm.material, EntryForm.layout)
    return kept(
        session,
        "entry_forms",
        lambda: {
            (at, code): tuple(Placed(**one) for one in layout)
            for at, code, layout in session.execute(query)
        },
    )


def set_layout(
    session: Session, actor: Actor, unit_id: int, code: str, placed: Sequence[Placed] | None
) -> None:
    """Set the form of a material at a unit; None takes it away, so that it is inherited again.

    The title is always there and obligatory. Raises ``Invalid`` for a box or group there is none
    of, or for a box twice.
    """
    actor.require(EDIT_STOCK, at=unit(session, unit_id))
    if code not in materials():
        raise Invalid("material_unknown", name=code)
    row = session.scalar(
        select(EntryForm).where(EntryForm.unit_id == unit_id, EntryForm.material == code)
    )
    if placed is None:
        if row is not None:
            session.delete(row)
    else:
        layout = [asdict(one) for one in _checked(placed)]
        row = row or EntryForm(unit_id=unit_id, material=code)
        row.layout = layout
        row.changed_at, row.changed_by = clock.now(), actor.staff_id
        session.add(row)
    audit(session, actor, "entry_form_changed", "org_unit", unit_id, material=code)
    session.flush()


def _checked(placed: Sequence[Placed]) -> list[Placed]:
    names = [one.box for one in placed]
    for one in placed:
        if box(one.box) is None or one.group not in groups():
            raise Invalid("form_box_unknown", name=one.box, field="own")
    if len(names) != len(set(names)) or len(names) > MOST_BOXES:
        raise Invalid("boxes_twice_or_many", field="own")
    if "title" not in names:
        raise Invalid("form_without_title", field="own")
    return [
        Placed(p.box, p.group, required=p.required or p.box == "title", value=p.value[:1000])
        for p in placed
    ]
