"""Accession numbers (số đăng ký cá biệt) and barcodes.

An accession number is the identity of a copy in the library's books: a prefix (the register, that
is the kho) and a serial number that is never used twice. People type it as they like, `TN.00012`,
`tn12`, `TN 012`; ``accession_key`` is the same for all of them. Barcodes of items and of patrons'
cards share one table, so that a scan can only mean one thing.
"""

import re
import unicodedata

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from cataloging.models import Barcode, Item, Register
from ils.core.db import is_sqlite
from ils.core.errors import Invalid, NotFound, Refused

_PARTS = re.compile(r"[^\W\d_]+|\d+")
_NUMBER = re.compile(r"(?P<prefix>\S*?)[\s.\-/]*(?P<serial>\d+)")


def accession_key(typed: str) -> str:
    """Return the normal form of an accession number: `tn. 00012` and `TN 12` are `TN12`.

    Letters become capitals, leading zeros and signs go; only between two numbers a dot stays
    (`VV19/1234` is `VV19.1234`), so that they are not read as one.
    """
    text = unicodedata.normalize("NFC", typed).upper()
    key = ""
    for part in _PARTS.findall(text):
        if part.isdecimal():
            between = "." if key[-1:].isdecimal() else ""
            key += between + (part.lstrip("0") or "0")
        else:
            key += part
    return key[:40]


def numbers_typed(text: str) -> list[str]:
    """Return the accession numbers of a line: `TN 012, tn. 13; 14` are three, blanks within or not.

    A prefix standing alone belongs to the number behind it.
    """
    found: list[str] = []
    for word in text.replace(",", " ").replace(";", " ").split():
        if found and not any(sign.isdecimal() for sign in found[-1]):
            found[-1] += f" {word}"
        else:
            found.append(word)
    return found


def write_number(register: Register, serial: int) -> str:
    """Write an accession number as it stands in the book: `TN.00012`."""
    digits = f"{serial:0{register.width}d}"
    return f"{register.prefix}.{digits}" if register.prefix else digits


def serial_of(register: Register, typed: str) -> int:
    """Read the serial number of a number typed for a register; the prefix may be left out.

    Raises ``Invalid`` when it is no number of this register.
    """
    match = _NUMBER.fullmatch(unicodedata.normalize("NFC", typed).strip())
    serial = int(match.group("serial")) if match and len(match.group("serial")) < 10 else 0
    prefix = accession_key(match.group("prefix")) if match else ""
    if not serial or prefix not in ("", accession_key(register.prefix)):
        raise Invalid("accession_not_of_register", number=typed, prefix=register.prefix)
    return serial


def lock_register(session: Session, register_id: int) -> Register:
    """Return a register, locked until the transaction ends, so that serials go out one by one."""
    found = session.scalar(
        select(Register)
        .where(Register.id == register_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("register_unknown", register_id=register_id)
    return found


def next_number(session: Session, register_id: int) -> str:
    """Return the number the next copy will most likely get, to show; nothing is taken."""
    register = session.get(Register, register_id)
    if register is None:
        raise NotFound("register_unknown", register_id=register_id)
    return write_number(register, register.next_serial)


def take_serials(session: Session, register: Register, count: int) -> list[int]:
    """Take the next serials of a locked register, without gaps; a rollback gives them back."""
    taken: list[int] = []
    serial = register.next_serial
    while len(taken) < count:
        if not _is_taken(session, register, serial):
            taken.append(serial)
        serial += 1
    register.next_serial = serial
    return taken


def claim_serials(session: Session, register: Register, serials: list[int]) -> None:
    """Take serials typed from the old book. The series goes on behind the highest one.

    Raises ``Refused`` for a number that a copy has or once had, ``Invalid`` for one given twice.
    """
    for serial in serials:
        if serials.count(serial) > 1:
            raise Invalid("accession_twice", number=write_number(register, serial))
        if _is_taken(session, register, serial):
            raise Refused("accession_taken", number=write_number(register, serial))
    register.next_serial = max([register.next_serial, *(s + 1 for s in serials)])


def _is_taken(session: Session, register: Register, serial: int) -> bool:
    key = accession_key(write_number(register, serial))
    query = select(Item.id).where(
        ((Item.register_id == register.id) & (Item.serial == serial))
        | ((Item.issuing_library_id == register.library_id) & (Item.accession_key == key))
    )
    return session.scalar(query.limit(1)) is not None


def find_by_accession(session: Session, typed: str, library_id: int | None = None) -> list[Item]:
    """Return the copies with an accession number however it is typed, those of a library first."""
    key = accession_key(typed)
    if not key:
        return []
    query = select(Item).where(Item.accession_key == key).order_by(Item.id)
    if library_id is not None:
        query = query.order_by(None).order_by(Item.owner_id != library_id, Item.id)
    return list(session.scalars(query))


def barcode_key(typed: str) -> str:
    """Return a barcode in the form it is stored: capitals, no blanks."""
    return "".join(unicodedata.normalize("NFC", typed).split()).upper()


def claim_barcode(
    session: Session, value: str, *, item_id: int | None = None, card_id: int | None = None
) -> str:
    """Give a barcode to an item or a card and return its stored form.

    Raises ``Refused`` when any item or card has it, also when two desks try at the same time.
    """
    key = barcode_key(value)
    if not key or len(key) > 60:
        raise Invalid("barcode_bad", barcode=value)
    dialect = sqlite if is_sqlite(session) else postgresql
    made = session.execute(
        dialect.insert(Barcode)
        .values(value=key, item_id=item_id, card_id=card_id)
        .on_conflict_do_nothing()
        .returning(Barcode.value)
    )
    if made.scalar() is None:
        raise Refused("barcode_taken", barcode=key)
    return key


def release_barcode(session: Session, value: str, item_id: int) -> None:
    """Take a barcode from an item, so that another may have it."""
    row = session.get(Barcode, barcode_key(value))
    if row is not None and row.item_id == item_id:
        session.delete(row)
        session.flush()


def is_barcode_free(session: Session, value: str) -> bool:
    """Tell whether no item and no card has a barcode."""
    return session.get(Barcode, barcode_key(value)) is None
