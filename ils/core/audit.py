"""The audit log: who did a sensitive thing, when and to what, written with the act itself."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from ils.core import clock
from ils.core.db import Base, UTCDateTime
from ils.core.events import BigId

# What acts, their subjects and their facts are called where people read the log; each package
# declares the words of its own (lazy translations).
ACTS: dict[str, Any] = {}
SUBJECTS: dict[str, Any] = {}
FACTS: dict[str, Any] = {}
VALUES: dict[str, Any] = {}
READABLE: dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {}


def name_acts(**words: Any) -> None:
    """Say what acts are called: ``name_acts(password_reset=_l("Password set anew"))``."""
    ACTS.update(words)


def name_subjects(**words: Any) -> None:
    """Say what the things that acts are done to are called."""
    SUBJECTS.update(words)


def name_facts(**words: Any) -> None:
    """Say what the facts noted with acts are called."""
    FACTS.update(words)


def name_values(**words: Any) -> None:
    """Say what stored words among those facts are called (``worn``, ``card_fee``)."""
    VALUES.update(words)


def make_readable(**makers: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
    """Say how the facts of an act become ones that people can read (a code its sentence)."""
    READABLE.update(makers)


class AuditEntry(Base):
    """One sensitive act. Holds ids and facts, never names, passwords or card numbers."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    actor_id: Mapped[int | None] = mapped_column(Integer)
    patron_id: Mapped[int | None] = mapped_column(Integer)
    unit_id: Mapped[int | None] = mapped_column(Integer)
    workstation: Mapped[str | None] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int | None] = mapped_column(Integer)
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)

    __table_args__ = (
        Index("ix_audit_entry_subject", "subject", "subject_id"),
        Index("ix_audit_entry_at", "at"),
    )


def audit(
    session: Session, actor: Any, action: str, subject: str, subject_id: int | None, **facts: Any
) -> None:
    """Write an audit entry in the caller's transaction, e.g. ``audit(s, actor, "password_reset",
    "patron", 7)``. Where somebody else approved the act, the facts name both."""
    approver = getattr(actor, "approver", None)
    if approver is not None:
        facts["approved_by"] = approver.staff_id
    session.add(
        AuditEntry(
            actor_id=getattr(actor, "staff_id", None),
            patron_id=getattr(actor, "patron_id", None),
            unit_id=getattr(actor, "unit_id", None),
            workstation=getattr(actor, "workstation", None),
            action=action,
            subject=subject,
            subject_id=subject_id,
            facts=facts,
        )
    )
