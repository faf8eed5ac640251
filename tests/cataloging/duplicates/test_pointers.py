"""Whatever points at a record says what becomes of it when the record is merged."""

from sqlalchemy import Column

from cataloging.duplicates.pointers import LOGS
from cataloging.record_pointers import APART, KEY, MOVES, MOVES_ALONE, STAYS, WITH_ITEM
from ils.core.migrate import all_tables

KNOWN = {how[KEY] for how in (MOVES, MOVES_ALONE, WITH_ITEM, APART, STAYS)}
# Moved by code of their own: cataloging.duplicates.merging and circulation.title_merges.
BY_NAME = {"item.record_id", "hold.record_id"}


def pointing() -> dict[str, Column]:
    """Return every column that points at a record: by its foreign key, or by its name alone."""
    return {
        f"{table.name}.{column.name}": column
        for table in all_tables().sorted_tables
        for column in table.columns
        if any(key.target_fullname == "record.id" for key in column.foreign_keys)
        or column.name == "record_id"
        or column.name.endswith("_record_id")
    }


def test_every_column_that_points_at_a_record_says_what_a_merge_does_with_it() -> None:
    silent = [
        name
        for name, column in pointing().items()
        if name not in LOGS and column.info.get(KEY) not in KNOWN
    ]
    assert silent == [], (
        "say what becomes of these rows when a record is merged: info=MOVES, WITH_ITEM or STAYS"
        " of cataloging.record_pointers"
    )


def test_what_is_moved_by_name_is_known_by_name() -> None:
    apart = {name for name, column in pointing().items() if column.info.get(KEY) == "apart"}
    assert apart == BY_NAME


def test_a_column_that_follows_its_copy_has_one() -> None:
    for name, column in pointing().items():
        if column.info.get(KEY) == "with_item":
            assert "item_id" in column.table.c, name
