"""Why a record must stay: a branch takes it as a newspaper or magazine, or once did."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.hooks import Veto
from cataloging.serials.models import SerialTitle


def record_vetoes_of(session: Session, record_ids: Iterable[int]) -> dict[int, list[Veto]]:
    """Return the records whose issues are received, or stand in holdings."""
    query = select(SerialTitle.record_id).where(SerialTitle.record_id.in_(list(record_ids)))
    return {one: [Veto("serial_title")] for one in session.scalars(query.distinct())}
