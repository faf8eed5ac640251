"""Changes of the boxes of a copy: what they make of one, and what speaks against it. Pure."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

# Boxes with a list to choose from, with words, and with an amount.
PICKED: Final = ("branch_id", "collection_id", "item_type", "use", "lifecycle")
WRITTEN: Final = ("shelf", "call_number", "condition", "note")
BOXES: Final = (*PICKED, "price", *WRITTEN)
MAY_BE_EMPTY: Final = ("collection_id", "price", *WRITTEN)
LENGTHS: Final = {"shelf": 80, "call_number": 120, "condition": 40, "note": 2000}
HOWS: Final = ("set", "clear", "replace", "before", "after")
# States an inventory gives itself; the others are reached, and left, by acts of their own.
STATES: Final = ("in_process", "active", "repair", "damaged")
# A copy that moves house or goes to be mended must be here and free.
NEEDS_COPY: Final = ("branch_id", "lifecycle")


@dataclass(frozen=True)
class Change:
    """What is done with one box: ``set`` to a value, ``clear``, ``replace`` a text (``find``), put
    a text ``before`` or ``after`` what stands there."""

    box: str
    how: str
    value: Any = None
    find: str = ""

    def as_data(self) -> dict[str, Any]:
        """Return the change as it is stored."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """Return a change from what was stored."""
        return cls(**data)

    def made_of(self, old: Any) -> Any:
        """Return what the box holds afterwards."""
        if self.how == "clear":
            return "" if self.box in WRITTEN else None
        if self.how == "set":
            return self.value
        if self.how == "replace":
            return _nfc(old.replace(self.find, self.value))
        return _nfc(self.value + old if self.how == "before" else old + self.value)


def faults(changes: Sequence[Change], *, highest_price: int) -> list[tuple[str, str]]:
    """Return what is wrong with changes as typed: (box, code)."""
    found = []
    for one in changes:
        if one.box not in BOXES or one.how not in HOWS:
            found.append((one.box, "how_unknown"))
        elif one.how == "clear":
            found += [] if one.box in MAY_BE_EMPTY else [(one.box, "never_empty")]
        elif one.box in WRITTEN:
            found += _of_words(one)
        elif one.how != "set":
            found.append((one.box, "how_unknown"))
        elif one.value is None:
            found.append((one.box, "value_missing"))
        elif one.box == "price" and not 0 <= one.value <= highest_price:
            found.append((one.box, "price_impossible"))
        elif one.box == "lifecycle" and one.value not in STATES:
            found.append((one.box, "how_unknown"))
    return found


def _of_words(one: Change) -> list[tuple[str, str]]:
    if one.how == "replace" and not one.find:
        return [(one.box, "find_missing")]
    if one.how != "replace" and not one.value:
        return [(one.box, "value_missing")]
    if len(one.value) > LENGTHS[one.box]:
        return [(one.box, "too_long")]
    return []


@dataclass(frozen=True)
class CopyToChange:
    """What is known of a copy: its boxes, whose it is, and why it is not free (codes)."""

    boxes: Mapping[str, Any]
    owner_id: int
    may_edit: bool
    vetoes: tuple[str, ...] = ()
    on_final_page: bool = False


@dataclass(frozen=True)
class Goal:
    """What is known of where copies are to go: the branch's library, the collection's library."""

    branch_library_id: int | None = None
    may_edit_there: bool = True
    collection_library_id: int | None = None


@dataclass(frozen=True)
class Judged:
    """What becomes of a copy or a record in an act over many: ``will``, ``same`` or ``against``,
    with the reasons; ``new`` holds the boxes that change. A reason beside ``will`` is a remark."""

    outcome: str
    reasons: tuple[str, ...] = ()
    new: Mapping[str, Any] | None = None


def judge(copy: CopyToChange, changes: Sequence[Change], goal: Goal) -> Judged:
    """Return what the changes make of a copy, or everything that speaks against them.

    A copy moves to a branch of its own library only, and only while it is not on loan, on its way,
    in a box, or kept or asked for; the same holds for its state. What stands on a final page of a
    register is put right there in red, and so is no reason against a new price.
    """
    if copy.boxes["lifecycle"] == "withdrawn":
        return Judged("against", ("withdrawn",))
    if not copy.may_edit:
        return Judged("against", ("no_right",))
    new: dict[str, Any] = {}
    for one in changes:
        old = new.get(one.box, copy.boxes[one.box])
        if (value := one.made_of(old)) != copy.boxes[one.box]:
            new[one.box] = value
    if not new:
        return Judged("same")
    reasons = [*_of_goal(copy, new, goal), *_of_copy(copy, new)]
    if any(len(new.get(box, "")) > most for box, most in LENGTHS.items()):
        reasons.append("too_long")
    if reasons:
        return Judged("against", tuple(reasons))
    remarks = ("final_page",) if "price" in new and copy.on_final_page else ()
    return Judged("will", remarks, new)


def _of_goal(copy: CopyToChange, new: Mapping[str, Any], goal: Goal) -> list[str]:
    reasons = []
    if "branch_id" in new and goal.branch_library_id != copy.owner_id:
        reasons.append("other_library")
    elif "branch_id" in new and not goal.may_edit_there:
        reasons.append("no_right_there")
    if new.get("collection_id") is not None and goal.collection_library_id != copy.owner_id:
        reasons.append("other_collection")
    return reasons


def _of_copy(copy: CopyToChange, new: Mapping[str, Any]) -> list[str]:
    reasons = []
    if "lifecycle" in new and copy.boxes["lifecycle"] not in STATES:
        reasons.append("state_of_its_own")
    if any(box in new for box in NEEDS_COPY):
        reasons += copy.vetoes
    return reasons


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()
