"""The lists a library's stock is ordered by: accession registers, collections, kinds of copies."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.models import Collection, ItemType, Register
from cataloging.permissions import EDIT_STOCK
from ils.accounts.actor import Actor
from ils.core.audit import audit
from ils.core.errors import Invalid
from ils.org.models import OrgUnit
from ils.org.units import unit

# What an empty installation begins with. Names are data, in the library's language.
FIRST_ITEM_TYPES = (
    ("book", "Sách", "Book"),
    ("textbook", "Sách giáo khoa", "Textbook"),
    ("comic", "Truyện tranh", "Comic"),
    ("reference", "Sách tra cứu", "Reference book"),
    ("serial", "Báo, tạp chí", "Newspaper, journal"),
    ("local", "Tài liệu địa chí", "Local studies"),
    ("media", "Băng, đĩa", "Disc, tape"),
)
FIRST_COLLECTIONS = (
    ("MUON", "Kho mượn", False),
    ("DOC", "Kho đọc", False),
    ("TN", "Kho thiếu nhi", True),
    ("DC", "Kho địa chí", False),
)
FIRST_REGISTERS = (
    ("VN", "Sách tiếng Việt khổ nhỏ"),
    ("VV", "Sách tiếng Việt khổ vừa"),
    ("VL", "Sách tiếng Việt khổ lớn"),
    ("TN", "Sách thiếu nhi"),
    ("DC", "Tài liệu địa chí"),
)


def prepare_library(session: Session, library: OrgUnit) -> None:
    """Give a new library the usual kinds of copies, collections and registers."""
    for order, (code, name, name_en) in enumerate(FIRST_ITEM_TYPES, 1):
        if session.get(ItemType, code) is None:
            session.add(ItemType(code=code, name=name, name_en=name_en, order=order))
    session.add_all(
        Collection(library_id=library.id, code=code, name=name, for_children=children)
        for code, name, children in FIRST_COLLECTIONS
    )
    session.add_all(
        Register(library_id=library.id, prefix=prefix, name=name)
        for prefix, name in FIRST_REGISTERS
    )
    session.flush()


def first_register(session: Session, library_id: int | None) -> int:
    """Return the register a library opened first, which numbers its copies until another is
    chosen; 0 when it has none."""
    query = select(Register.id).where(Register.library_id == library_id).order_by(Register.id)
    return session.scalars(query.limit(1)).first() or 0


def open_register(
    session: Session,
    actor: Actor,
    library_id: int,
    *,
    prefix: str,
    name: str,
    width: int = 5,
    next_serial: int = 1,
) -> Register:
    """Open an accession register. Raises ``Invalid`` when its prefix is in use."""
    actor.require(EDIT_STOCK, at=unit(session, library_id))
    prefix = "".join(prefix.split()).upper().strip(".")
    taken = select(Register.id).where(Register.library_id == library_id, Register.prefix == prefix)
    if session.scalar(taken) is not None:
        raise Invalid("register_taken", field="prefix", prefix=prefix)
    made = Register(
        library_id=library_id, prefix=prefix, name=name, width=width, next_serial=next_serial
    )
    session.add(made)
    session.flush()
    audit(session, actor, "register_opened", "register", made.id, prefix=prefix)
    return made


def open_collection(
    session: Session,
    actor: Actor,
    library_id: int,
    *,
    code: str,
    name: str,
    for_children: bool = False,
) -> Collection:
    """Open a collection (kho). Raises ``Invalid`` when its code is in use."""
    actor.require(EDIT_STOCK, at=unit(session, library_id))
    code = "".join(code.split()).upper()
    taken = select(Collection.id).where(
        Collection.library_id == library_id, func.upper(Collection.code) == code
    )
    if session.scalar(taken) is not None:
        raise Invalid("collection_taken", field="code", code=code)
    made = Collection(library_id=library_id, code=code, name=name, for_children=for_children)
    session.add(made)
    session.flush()
    audit(session, actor, "collection_opened", "collection", made.id, code=code)
    return made


def add_item_type(
    session: Session, actor: Actor, code: str, name: str, *, name_en: str = ""
) -> ItemType:
    """Add a kind of copy. Raises ``Invalid`` when its code is in use."""
    actor.require(EDIT_STOCK)
    code = "_".join(code.split()).lower()
    if session.get(ItemType, code) is not None:
        raise Invalid("item_type_taken", field="code", code=code)
    last = session.scalar(select(func.max(ItemType.order))) or 0
    made = ItemType(code=code, name=name, name_en=name_en, order=last + 1)
    session.add(made)
    session.flush()
    audit(session, actor, "item_type_added", "item_type", None, code=code)
    return made
