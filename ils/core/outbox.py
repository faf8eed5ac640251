"""The outbox: changes that others must hear of, written in the transaction that made them.

Each message has one delivery row per consumer (each copy of the search index is a consumer).
Deliveries are claimed by status, never by 'id greater than the last': on PostgreSQL a lower id
may commit later. A consumer re-reads the current rows, so a message may safely come twice.
"""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, delete, func, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from ils.core import clock
from ils.core.db import Base, UTCDateTime, is_sqlite, reading
from ils.core.events import BigId
from ils.core.kept import SeldomChanged, kept

log = logging.getLogger("sen.outbox")

MAX_ATTEMPTS = 8
CLAIM_EXPIRES = timedelta(minutes=5)


class OutboxMessage(Base):
    """Something others must hear of."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(40))
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class OutboxConsumer(SeldomChanged, Base):
    """Somebody who hears of messages of some kinds, from the moment of registering on."""

    __tablename__ = "outbox_consumer"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    kinds: Mapped[list[Any]] = mapped_column(default=list)
    registered_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class OutboxDelivery(Base):
    """One message for one consumer; the row goes when the consumer has done its work."""

    __tablename__ = "outbox_delivery"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("outbox.id", ondelete="CASCADE"))
    consumer: Mapped[str] = mapped_column(String(80))
    status: Mapped[str] = mapped_column(String(10), default="pending")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    error: Mapped[str | None] = mapped_column(String(500))

    __table_args__ = (
        Index(
            "ix_outbox_delivery_waiting",
            "consumer",
            "next_at",
            sqlite_where=text("status != 'dead'"),
            postgresql_where=text("status != 'dead'"),
        ),
        Index("ix_outbox_delivery_message", "message_id"),
    )


@dataclass(frozen=True)
class Claimed:
    """A delivery this process may work on until the claim expires."""

    delivery_id: int
    message_id: int
    kind: str
    payload: dict[str, Any]


def announce(session: Session, kind: str, payload: dict[str, Any]) -> None:
    """Write a message, and a delivery for each consumer of its kind, in this transaction."""
    consumers = [name for name, kinds in _consumers(session) if kind in kinds]
    if not consumers:
        return
    message = OutboxMessage(kind=kind, payload=payload)
    session.add(message)
    session.flush()
    session.add_all(OutboxDelivery(message_id=message.id, consumer=name) for name in consumers)


def _consumers(session: Session) -> list[tuple[str, list[Any]]]:
    query = select(OutboxConsumer.name, OutboxConsumer.kinds)
    return kept(
        session, "consumers", lambda: [(name, kinds) for name, kinds in session.execute(query)]
    )


def register_consumer(session: Session, name: str, kinds: Iterable[str]) -> bool:
    """Register a consumer; return True when it is new and so must first catch up by a rebuild.

    Acts that are being done meanwhile may not have heard of it: see ``wait_for_acts_begun``.
    """
    known = session.get(OutboxConsumer, name)
    if known is None:
        session.add(OutboxConsumer(name=name, kinds=sorted(kinds)))
        return True
    known.kinds = sorted(kinds)
    known.seen_at = clock.now()
    return False


def wait_for_acts_begun(seconds: float = 60.0) -> bool:
    """Wait until every transaction that is open now has ended; return False when one stays open.

    A consumer that is registered is announced to from then on; an act that began before does not
    know it, so who catches up begins after those. On SQLite nobody else writes meanwhile.
    """
    if is_sqlite():
        return True
    until = time.monotonic() + seconds
    with reading() as session:
        begun = session.scalar(text("SELECT clock_timestamp()"))
        while session.scalar(_OPEN_SINCE_BEFORE, {"begun": begun}):
            if time.monotonic() > until:
                log.warning("an act has been open for long", extra={"seconds": seconds})
                return False
            time.sleep(0.02)
    return True


_OPEN_SINCE_BEFORE = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND xact_start < :begun"
)


def claim(session: Session, consumer: str, limit: int = 200) -> list[Claimed]:
    """Claim waiting deliveries of a consumer, oldest first, also those whose claim expired."""
    now = clock.now()
    query = (
        select(OutboxDelivery, OutboxMessage)
        .join(OutboxMessage, OutboxMessage.id == OutboxDelivery.message_id)
        .where(
            OutboxDelivery.consumer == consumer,
            OutboxDelivery.status != "dead",
            OutboxDelivery.next_at <= now,
        )
        .order_by(OutboxDelivery.id)
        .limit(limit)
    )
    if not is_sqlite(session):
        query = query.with_for_update(skip_locked=True, of=OutboxDelivery)
    claimed = []
    for delivery, message in session.execute(query):
        delivery.status = "claimed"
        delivery.attempts += 1
        delivery.next_at = now + CLAIM_EXPIRES
        claimed.append(Claimed(delivery.id, message.id, message.kind, message.payload))
    return claimed


def delivered(session: Session, claimed: Iterable[Claimed]) -> None:
    """Strike off work that is done; a message goes with its last delivery."""
    done = list(claimed)
    ids, messages = [c.delivery_id for c in done], {c.message_id for c in done}
    session.execute(delete(OutboxDelivery).where(OutboxDelivery.id.in_(ids)))
    waiting = select(OutboxDelivery.message_id).where(OutboxDelivery.message_id.in_(messages))
    session.execute(
        delete(OutboxMessage).where(
            OutboxMessage.id.in_(messages), OutboxMessage.id.not_in(waiting)
        )
    )


def failed(session: Session, claimed: Iterable[Claimed], error: str) -> None:
    """Give work back with a growing pause; after ``MAX_ATTEMPTS`` it is set aside as dead."""
    for one in claimed:
        row = session.get(OutboxDelivery, one.delivery_id)
        if row is None:
            continue
        row.error = error[:500]
        row.status = "dead" if row.attempts >= MAX_ATTEMPTS else "pending"
        row.next_at = clock.now() + timedelta(seconds=min(300, 2**row.attempts))


def waiting(session: Session, consumer: str | None = None) -> int:
    """Count deliveries not yet done."""
    query = select(func.count()).select_from(OutboxDelivery).where(OutboxDelivery.status != "dead")
    if consumer:
        query = query.where(OutboxDelivery.consumer == consumer)
    return session.scalar(query) or 0


def oldest_waiting_seconds(session: Session) -> float:
    """Age of the oldest waiting message, in seconds; 0 when all is delivered."""
    oldest = session.scalar(
        select(func.min(OutboxMessage.created_at))
        .join(OutboxDelivery, OutboxDelivery.message_id == OutboxMessage.id)
        .where(OutboxDelivery.status != "dead")
    )
    return max(0.0, (clock.now() - oldest).total_seconds()) if oldest else 0.0


def revive_dead(session: Session, consumer: str) -> None:
    """Try again what was set aside."""
    session.execute(
        update(OutboxDelivery)
        .where(OutboxDelivery.consumer == consumer, OutboxDelivery.status == "dead")
        .values(status="pending", attempts=0, next_at=clock.now())
    )


Work = Callable[[list[Claimed]], None]


@dataclass(frozen=True)
class Consumer:
    """Who in the worker hears of messages of these kinds, and what is done with them.

    Messages of a ``patient`` kind are gathered for a while, so that many are worked on together.
    """

    kinds: tuple[str, ...]
    work: Work
    patient: tuple[str, ...] = ()


CONSUMERS: dict[str, Consumer] = {}


def consumer(name: str, *kinds: str) -> Callable[[Work], Work]:
    """Declare a function of the worker that hears of messages of these kinds."""

    def declare(work: Work) -> Work:
        CONSUMERS[name] = Consumer(kinds, work)
        return work

    return declare


def is_due(session: Session, name: str, patience: float, many: int) -> bool:
    """Tell whether what waits for a consumer is to be delivered now.

    Messages of its patient kinds alone wait for ``patience`` seconds or until they are ``many``.
    """
    patient = CONSUMERS[name].patient if patience else ()
    hurried = func.count(OutboxMessage.id).filter(OutboxMessage.kind.not_in(patient))
    count, urgent, oldest = session.execute(
        select(func.count(OutboxMessage.id), hurried, func.min(OutboxMessage.created_at))
        .join(OutboxDelivery, OutboxDelivery.message_id == OutboxMessage.id)
        .where(
            OutboxDelivery.consumer == name,
            OutboxDelivery.status != "dead",
            OutboxDelivery.next_at <= clock.now(),
        )
    ).one()
    if not count or urgent or count >= many:
        return bool(count)
    return bool(oldest <= clock.now() - timedelta(seconds=patience))
