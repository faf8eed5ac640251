"""What becomes of a row that points at a record when that record is merged into another.

Each column that points at a record says so in its ``info``, beside the data it speaks of; a test
fails for one that does not. ``cataloging.duplicates.pointers`` carries it out.

* ``MOVES``: the row is pointed at the record that stays; where that has the same row already (a
  basket that holds both), the one is kept and the other goes. An undo gives it back.
* ``MOVES_ALONE``: the same, but a row that others hang on: where the record that stays has the same
  row already, the merge is refused unless code of its own joined the two before (newspapers:
  ``cataloging.serials.joining``).
* ``WITH_ITEM``: the column repeats the record of the row's ``item_id``, and follows that copy.
* ``APART``: moved by code of its own (copies, holds).
* ``STAYS``: history, or the record's own (versions, headings, points): it stays with the record
  set aside.
"""

from typing import Any, Final

KEY: Final = "when_merged"
MOVES: Final[dict[str, Any]] = {KEY: "moves"}
MOVES_ALONE: Final[dict[str, Any]] = {KEY: "moves_alone"}
WITH_ITEM: Final[dict[str, Any]] = {KEY: "with_item"}
APART: Final[dict[str, Any]] = {KEY: "apart"}
STAYS: Final[dict[str, Any]] = {KEY: "stays"}
