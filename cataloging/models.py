"""Tables of the catalogue.

The MARC record (MARC-in-JSON, NFC) is the truth. The other columns of ``record`` are
``project(marc)``, written with it by the one writer in ``cataloging.records``.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from cataloging.record_pointers import APART, STAYS
from ils.core import clock
from ils.core.db import Base, UTCDateTime
from ils.core.events import BigId

LIFECYCLES = (
    "in_process",
    "active",
    "repair",
    "damaged",
    "missing",
    "lost",
    "lost_settled",
    "withdrawal_proposed",
    "withdrawn",
)
ITEM_USES = ("loan", "reading_room", "not_for_loan", "restricted")


class ChangeSet(Base):
    """What was changed together (an edit, an import, a batch) and can be undone together."""

    __tablename__ = "change_set"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    why: Mapped[str] = mapped_column(String(300), default="")
    actor_id: Mapped[int | None] = mapped_column(Integer)
    unit_id: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    undone_by: Mapped[int | None] = mapped_column(Integer)


class Record(Base):
    """A bibliographic record of the province's union catalogue."""

    __tablename__ = "record"

    id: Mapped[int] = mapped_column(primary_key=True)
    marc: Mapped[dict[str, Any]] = mapped_column()
    version: Mapped[int] = mapped_column(Integer, default=1)
    projection_version: Mapped[int] = mapped_column(Integer)
    suppressed: Mapped[bool] = mapped_column(Boolean, default=False)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    created_by: Mapped[int | None] = mapped_column(Integer)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("org_unit.id"))

    title: Mapped[str] = mapped_column(Text, default="")
    title_sort: Mapped[str] = mapped_column(String(400), default="")
    author: Mapped[str] = mapped_column(Text, default="")
    author_sort: Mapped[str] = mapped_column(String(400), default="")
    year: Mapped[int | None] = mapped_column(Integer)
    language: Mapped[str] = mapped_column(String(3), default="")
    material: Mapped[str] = mapped_column(String(20), default="book")
    publisher: Mapped[str] = mapped_column(String(300), default="")
    class_number: Mapped[str] = mapped_column(String(60), default="")
    main_class: Mapped[str] = mapped_column(String(4), default="")
    call_number: Mapped[str] = mapped_column(String(120), default="")
    isbn: Mapped[str] = mapped_column(String(13), default="")
    control_number: Mapped[str] = mapped_column(String(80), default="")
    control_source: Mapped[str] = mapped_column(String(40), default="")
    match_key: Mapped[str] = mapped_column(String(200), default="")
    audience: Mapped[str] = mapped_column(String(10), default="")

    __table_args__ = (
        Index(
            "ix_record_match",
            "match_key",
            sqlite_where=text("match_key != ''"),
            postgresql_where=text("match_key != ''"),
        ),
        Index("ix_record_control", "control_number", "control_source"),
        Index("ix_record_title_sort", "title_sort"),
        Index("ix_record_updated", "updated_at"),
    )


class RecordIdentifier(Base):
    """A standard number of a record, normal form: ISBN-13 digits, ISSN with hyphen, GTIN."""

    __tablename__ = "record_identifier"

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id", ondelete="CASCADE"), info=STAYS)
    scheme: Mapped[str] = mapped_column(String(10))
    value: Mapped[str] = mapped_column(String(40))

    __table_args__ = (
        UniqueConstraint("scheme", "value", "record_id"),
        Index("ix_record_identifier_record", "record_id"),
    )


class RecordVersion(Base):
    """One saved state of a record. ``marc`` is empty while it is the record's present state:
    the next save moves the old content here, so that it is stored once."""

    __tablename__ = "record_version"

    record_id: Mapped[int] = mapped_column(
        ForeignKey("record.id", ondelete="CASCADE"), primary_key=True, info=STAYS
    )
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    marc: Mapped[dict[str, Any] | None] = mapped_column()
    change: Mapped[str] = mapped_column(String(10))  # created | replaced | deleted | restored
    change_set_id: Mapped[int] = mapped_column(ForeignKey("change_set.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    actor_id: Mapped[int | None] = mapped_column(Integer)
    why: Mapped[str] = mapped_column(String(300), default="")

    __table_args__ = (Index("ix_record_version_change_set", "change_set_id", "record_id"),)


class ItemType(Base):
    """A kind of copy that lending rules speak of (sách, truyện tranh, báo-tạp chí …)."""

    __tablename__ = "item_type"

    code: Mapped[str] = mapped_column(String(30), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80), default="")
    order: Mapped[int] = mapped_column(Integer, default=0)


class Collection(Base):
    """A stock collection (kho) of a library: lending, reading, children's, local studies …"""

    __tablename__ = "collection"

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    code: Mapped[str] = mapped_column(String(30))
    name: Mapped[str] = mapped_column(String(80))
    for_children: Mapped[bool] = mapped_column(Boolean, default=False)

    __table_args__ = (UniqueConstraint("library_id", "code"),)


class Register(Base):
    """An accession register (sổ đăng ký cá biệt): one running series of numbers, never reused."""

    __tablename__ = "accession_register"

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    prefix: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(80))
    width: Mapped[int] = mapped_column(Integer, default=5)
    next_serial: Mapped[int] = mapped_column(Integer, default=1)

    __table_args__ = (UniqueConstraint("library_id", "prefix"),)


class Item(Base):
    """A copy the library owns. What it is doing (on loan, on its way) is never stored here."""

    __tablename__ = "item"

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), info=APART)
    owner_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))  # library
    branch_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))  # home branch
    located_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))  # where it was last seen
    issuing_library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    register_id: Mapped[int | None] = mapped_column(ForeignKey("accession_register.id"))
    serial: Mapped[int | None] = mapped_column(Integer)
    accession_no: Mapped[str | None] = mapped_column(String(40))
    accession_key: Mapped[str | None] = mapped_column(String(40))  # prefix+number, normal form
    barcode: Mapped[str | None] = mapped_column(String(60))
    item_type: Mapped[str] = mapped_column(ForeignKey("item_type.code"), default="book")
    collection_id: Mapped[int | None] = mapped_column(ForeignKey("collection.id"))
    call_number: Mapped[str] = mapped_column(String(120), default="")
    call_sort: Mapped[str] = mapped_column(String(200), default="")
    shelf: Mapped[str] = mapped_column(String(80), default="")
    volume_key: Mapped[str] = mapped_column(String(40), default="")
    use: Mapped[str] = mapped_column(String(15), default="loan")
    lifecycle: Mapped[str] = mapped_column(String(20), default="active")
    price: Mapped[int | None] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(String(20), default="")  # purchase, gift, allotted …
    voucher: Mapped[str] = mapped_column(String(60), default="")
    accessioned_on: Mapped[date | None] = mapped_column(Date)
    opening_balance: Mapped[bool] = mapped_column(Boolean, default=False)
    condition: Mapped[str] = mapped_column(String(40), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    withdrawn_on: Mapped[date | None] = mapped_column(Date)
    withdrawal_reason: Mapped[str] = mapped_column(String(40), default="")
    withdrawal_decision: Mapped[str] = mapped_column(String(120), default="")
    last_seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_act: Mapped[str] = mapped_column(String(20), default="")
    change_set_id: Mapped[int | None] = mapped_column(ForeignKey("change_set.id"))
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        UniqueConstraint("issuing_library_id", "accession_key"),
        UniqueConstraint("register_id", "serial"),
        CheckConstraint(f"lifecycle IN {LIFECYCLES!r}", name="lifecycle_known"),
        CheckConstraint(f"use IN {ITEM_USES!r}", name="use_known"),
        CheckConstraint("price IS NULL OR price >= 0", name="price_not_negative"),
        Index("ix_item_record", "record_id"),
        Index("ix_item_owner_branch", "owner_id", "branch_id"),
        Index("ix_item_accession_key", "accession_key"),
        Index("ix_item_change_set", "change_set_id"),
    )


class ItemChange(Base):
    """What a change set did to a copy: the boxes it changed, before and after. A copy that it
    withdrew has its state here, and nothing else."""

    __tablename__ = "item_change"

    change_set_id: Mapped[int] = mapped_column(ForeignKey("change_set.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(
        ForeignKey("item.id", ondelete="CASCADE"), primary_key=True
    )
    before: Mapped[dict[str, Any]] = mapped_column()
    after: Mapped[dict[str, Any]] = mapped_column()
    undone: Mapped[bool] = mapped_column(Boolean, default=False)

    __table_args__ = (Index("ix_item_change_item", "item_id"),)


class Barcode(Base):
    """Barcodes of items and cards share one namespace, so a card can never equal a book."""

    __tablename__ = "barcode"

    value: Mapped[str] = mapped_column(String(60), primary_key=True)  # normal form: upper case
    item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"))
    card_id: Mapped[int | None] = mapped_column(Integer)  # circulation's patron_card

    __table_args__ = (
        CheckConstraint("(item_id IS NULL) <> (card_id IS NULL)", name="one_owner"),
        Index("ix_barcode_item", "item_id"),
        Index("ix_barcode_card", "card_id"),
    )


class ImportRun(Base):
    """A file brought in: its rules, how far it is, what came of it."""

    __tablename__ = "import_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    file_name: Mapped[str] = mapped_column(String(300))
    file_path: Mapped[str] = mapped_column(String(500), default="")
    file_sha256: Mapped[str] = mapped_column(String(64), default="")
    format: Mapped[str] = mapped_column(String(20), default="")
    encoding: Mapped[str] = mapped_column(String(20), default="auto")
    library_id: Mapped[int | None] = mapped_column(ForeignKey("org_unit.id"))
    on_match: Mapped[str] = mapped_column(String(10), default="skip")
    profile: Mapped[str] = mapped_column(String(40), default="")
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    status: Mapped[str] = mapped_column(String(12), default="new")
    change_set_id: Mapped[int | None] = mapped_column(ForeignKey("change_set.id"))
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    position: Mapped[int] = mapped_column(BigInteger, default=0)  # bytes done
    found: Mapped[int] = mapped_column(Integer, default=0)
    stored: Mapped[int] = mapped_column(Integer, default=0)
    matched: Mapped[int] = mapped_column(Integer, default=0)
    rejected: Mapped[int] = mapped_column(Integer, default=0)
    items_added: Mapped[int] = mapped_column(Integer, default=0)
    created_by: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ImportLine(Base):
    """What became of one record of a file; plain successes without repairs have no line."""

    __tablename__ = "import_line"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(Integer)  # 1 is the first record of the file
    byte_start: Mapped[int] = mapped_column(BigInteger)
    byte_end: Mapped[int] = mapped_column(BigInteger)
    outcome: Mapped[str] = mapped_column(String(10))  # stored | matched | rejected | warned
    record_id: Mapped[int | None] = mapped_column(Integer, info=STAYS)
    control_number: Mapped[str] = mapped_column(String(80), default="")
    title: Mapped[str] = mapped_column(String(200), default="")
    reason: Mapped[str] = mapped_column(String(60), default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    raw: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = (Index("ix_import_line_run", "run_id", "outcome", "position"),)


class SheetMapping(Base):
    """What the columns of a kind of spreadsheet hold, kept under a name for a library."""

    __tablename__ = "sheet_mapping"

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    name: Mapped[str] = mapped_column(String(80))
    headers_key: Mapped[str] = mapped_column(String(64), index=True)
    plan: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (UniqueConstraint("library_id", "name"),)
