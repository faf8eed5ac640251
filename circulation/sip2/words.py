"""What handlers of messages share: who may act, and what is said on the machine's screen."""

from flask_babel import gettext as _

from circulation.desk import DeskResult
from circulation.sentences import detail_sentence, headline_sentence, reason_sentence
from circulation.sip2.messages import Message
from circulation.sip2.patrons import served
from circulation.sip2.session import Line
from ils.core.db import reading
from ils.org.units import library_of


def institution(line: Line) -> str:
    """Return the code of the machine's library (field AO)."""
    if not line.institution:
        with reading() as session:
            line.institution = library_of(session, line.who.unit_id or 0).code
    return line.institution


def who_and_what(line: Line, message: Message) -> list[tuple[str, str | int | None]]:
    """Return the fields that most answers begin with."""
    return [("AO", institution(line)), ("AA", message.get("AA")), ("AB", message.get("AB"))]


def turned_away(line: Line, message: Message) -> str:
    """Return why the reader may not act at this machine, '' where they may."""
    card, given = message.get("AA"), message.get("AD")
    with reading() as session:
        if served(session, line.who, card) is None:
            return reason_sentence("card_unknown")
    asks = line.terminal is not None and line.terminal.asks_password
    if (asks or given) and not line.password_fits(card, given):
        return str(_("The password is not right."))
    return ""


def said(result: DeskResult) -> str:
    """Return what a reader is told of an answer: the outcome, or every reason why not."""
    if not result.ok:
        stopping = [r for r in result.reasons if r["level"] != "info"]
        return " ".join(reason_sentence(r["code"], r["facts"]) for r in stopping)
    told = [headline_sentence(result.code, result.facts)]
    told += [detail_sentence(d["code"], d["facts"]) for d in result.details]
    return " ".join(told)
