"""What pages of money share: saying an answer, reading amounts, naming who acted."""

import secrets
from collections.abc import Iterable
from typing import Any

from flask import flash, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.desk import DeskResult
from circulation.sentences import headline_sentence, reason_sentence
from ils.accounts.models import Staff
from ils.core.errors import Invalid
from ils.web.forms import parse_day, parse_dong

TONES = {"green": "ok", "amber": "warn", "red": "bad"}


def new_key() -> str:
    """Make a key for a form: sent twice, it happens once."""
    return f"money-{secrets.token_hex(8)}"


def sent_key() -> str:
    """Return the key the form was sent with."""
    return request.form.get("key", "") or new_key()


def sentence_of(result: DeskResult) -> str:
    """Say an answer with its reasons."""
    text = headline_sentence(result.code, result.facts)
    reasons = " ".join(reason_sentence(r["code"], r["facts"]) for r in result.reasons)
    return text if result.ok else f"{text}: {reasons}"


def tell(result: DeskResult) -> None:
    """Flash an answer."""
    flash(sentence_of(result), TONES[result.tone])


def typed_amount(name: str = "amount", *, empty: int | None = None) -> int:
    """Return an amount typed in a form; ``empty`` stands for none. Raises ``Invalid``."""
    text = request.form.get(name, "").strip()
    if not text and empty is not None:
        return empty
    try:
        return parse_dong(text)
    except ValueError as error:
        raise Invalid("amount_unreadable", field=name) from error


def typed_day(name: str, *, empty: Any = None) -> Any:
    """Return a day typed in a form; ``empty`` stands for none. Raises ``Invalid``."""
    text = request.form.get(name, "").strip()
    if not text:
        return empty
    try:
        return parse_day(text)
    except ValueError as error:
        raise Invalid("day_unreadable", field=name) from error


def staff_names(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    """Return the names of members of staff."""
    wanted = {one for one in ids if one is not None}
    rows = session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(wanted)))
    return {row[0]: row[1] for row in rows}
