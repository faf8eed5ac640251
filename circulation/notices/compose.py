"""Writing a message: what is to be told that day, in the reader's language, for each way.

An e-mail and a letter say everything; an SMS, a Zalo message and what is said on the telephone say
it in one sentence a thing, the most urgent first, and count what does not fit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_babel import force_locale, gettext
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from circulation.models import Hold, Loan, Receipt
from circulation.notices.models import Notice, NoticeMessage
from circulation.notices.on_receipts import beside_loans, receipt_facts
from circulation.notices.reach import Contact
from circulation.notices.texts import PARTS, Texts, text_kind
from circulation.patrons.cards import active_card
from circulation.patrons.models import PatronCard, Registration
from circulation.patrons.patrons import PatronFacts
from circulation.rules.notices import KINDS, RECEIPTS, fill, plain_letters, sms_size
from ils.org.office import office_of
from ils.org.settings import setting
from ils.org.units import place, unit_name, version_on

MOST_SHORT = 3  # things told in a short message; the rest is counted
URGENT = ("hold_ready", "apology", "overdue", "hold_unfilled", "due_soon")


@dataclass
class Section:
    """Things of one kind: an introduction and a line for each, with the facts of the lines."""

    what: str
    intro: str
    lines: list[str] = field(default_factory=list)
    shorts: list[str] = field(default_factory=list)
    facts: list[dict[str, str]] = field(default_factory=list)


@dataclass
class Composed:
    """A message in words."""

    subject: str
    greeting: str
    about: str
    closing: str
    call: str
    sections: list[Section]
    frame: str
    more: str
    values: dict[str, str]
    extras: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Return the whole text, as mailed."""
        parts = [self.greeting, *([self.about] if self.about else [])]
        for section in self.sections:
            lines = [f"  {n}. {line}" for n, line in enumerate(section.lines, 1)]
            parts.append("\n".join([section.intro, *lines]))
        return "\n\n".join([*parts, *self.extras, self.closing]) + "\n"

    @property
    def short(self) -> str:
        """Return the sentences of a short message, framed by the library's name."""
        return fill(self.frame, {**self.values, "text": self.sentences})

    @property
    def sentences(self) -> str:
        """Return what is to be said, a sentence a thing."""
        every = [one for section in self.sections for one in section.shorts]
        said = every[:MOST_SHORT]
        if len(every) > MOST_SHORT:
            said.append(self.more.replace("{n}", str(len(every) - MOST_SHORT)))
        return " ".join(said)


def compose(
    session: Session,
    contact: Contact,
    at: int,
    notices: Sequence[Notice],
    day: date,
    given: Texts | None = None,
) -> Composed:
    """Write what is to be told to a reader, ordered by urgency; ``given`` texts are being tried."""
    texts = given or Texts(session, at, contact.language)
    version = version_on(session, at)
    library = version_on(session, place(session, at).library_id)
    card = active_card(session, contact.patron.id)
    values = {
        "name": contact.patron.name,
        "addressee": contact.addressee,
        "card": card.number if card else "",
        "library": library.name,
        "address": version.address or library.address,
        "phone": version.phone or library.phone,
    }
    sections: dict[str, Section] = {}
    for notice in sorted(notices, key=_order):
        what = text_kind(notice)
        own = _facts(session, notice, day, texts.language)
        facts = {**values, **own}
        section = sections.setdefault(what, Section(what, fill(texts(what, "intro"), values)))
        section.lines.append(fill(texts(what, "line"), facts))
        if "short" in PARTS[what]:
            section.shorts.append(fill(texts(what, "short"), facts))
        section.facts.append(own)
    about = contact.addressee != contact.patron.name
    with force_locale(texts.language):
        more = gettext("And %(n)s more.", n="{n}")
        loans = [notice for notice in notices if notice.what == "loan_receipt"]
        extras = beside_loans(session, loans, day) if loans else []
    subject_of = next((what for what in sections if what in RECEIPTS), "message")
    return Composed(
        subject=fill(texts(subject_of, "subject"), values),
        greeting=fill(texts("message", "greeting"), values),
        about=fill(texts("message", "about"), values) if about else "",
        closing=_without_empty(texts("message", "closing"), values),
        call=fill(texts("message", "call"), values),
        sections=list(sections.values()),
        frame=texts("message", "short"),
        more=more,
        values=values,
        extras=extras,
    )


def compose_answer(
    session: Session, row: Registration, sent: PatronFacts, language: str
) -> Composed:
    """Write the answer to somebody whose registration was declined; nothing of it is looked up
    later, for what was sent is erased."""
    texts = Texts(session, row.branch_id, language)
    version = version_on(session, row.branch_id)
    library = version_on(session, row.library_id)
    values = {
        "name": sent.name,
        "addressee": sent.guardian_name or sent.name,
        "card": "",
        "library": library.name,
        "address": version.address or library.address,
        "phone": version.phone or library.phone,
    }
    facts = {**values, "code": row.reference, "reason": row.reason.rstrip(".")}
    section = Section("declined", fill(texts("declined", "intro"), values))
    section.lines.append(fill(texts("declined", "line"), facts))
    section.shorts.append(fill(texts("declined", "short"), facts))
    return Composed(
        subject=fill(texts("message", "subject"), values),
        greeting=fill(texts("message", "greeting"), values),
        about="",
        closing=_without_empty(texts("message", "closing"), values),
        call="",
        sections=[section],
        frame=texts("message", "short"),
        more="",
        values=values,
    )


def _without_empty(text: str, values: dict[str, str]) -> str:
    """Fill a closing; a line whose only name has no value is left out."""
    kept = []
    for line in text.splitlines():
        names = [name for name in values if "{" + name + "}" in line]
        if not names or any(values[name] for name in names):
            kept.append(fill(line, values))
    return "\n".join(kept)


def _order(notice: Notice) -> tuple[int, int, int]:
    urgent = URGENT.index(notice.what) if notice.what in URGENT else len(URGENT)
    return urgent, KINDS.index(notice.what), notice.id


def _facts(session: Session, notice: Notice, day: date, language: str) -> dict[str, str]:
    """Return what the line of a notice may name."""
    facts: dict[str, str] = {"branch": unit_name(session, notice.branch_id)}
    if notice.receipt_id is not None:
        receipt = session.get_one(Receipt, notice.receipt_id)
        with force_locale(language):
            return facts | receipt_facts(session, receipt)
    if notice.what == "declined":  # only where a text is being tried
        with force_locale(language):
            return facts | {"code": "ABC234", "reason": gettext("the reason given")}
    loan = session.get(Loan, notice.loan_id) if notice.loan_id is not None else None
    hold = session.get(Hold, notice.hold_id) if notice.hold_id is not None else None
    about: Any = loan or hold
    if about is not None:
        record = session.get_one(Record, about.record_id)
        item = session.get(Item, about.item_id) if about.item_id is not None else None
        facts["title"] = record.title
        facts["number"] = (item.accession_no or item.barcode or "") if item is not None else ""
    if loan is not None:
        facts["due"] = f"{loan.due_on:%d/%m/%Y}"
        facts["days"] = str(abs((day - loan.due_on).days))
    if hold is not None:
        facts["pickup"] = unit_name(session, hold.pickup_branch_id)
        facts["until"] = f"{hold.shelf_until:%d/%m/%Y}" if hold.shelf_until else ""
    if notice.card_id is not None:
        card = session.get_one(PatronCard, notice.card_id)
        facts |= {"card": card.number, "expires": f"{card.expires_on:%d/%m/%Y}"}
    return facts


def write_message(
    session: Session,
    message: NoticeMessage,
    contact: Contact,
    notices: Sequence[Notice],
    day: date,
) -> None:
    """Put into a message what it says today, for its way."""
    made = compose(session, contact, message.branch_id, notices, day)
    message.language = contact.language
    message.address = contact.address(message.channel)[:200]
    message.subject = made.subject[:250]
    message.parts = 0
    if message.channel == "email":
        message.body = made.text
    elif message.channel == "phone":
        message.body = f"{made.call} {made.sentences}"
    elif message.channel == "letter":
        message.body = made.text
        message.paper = paper_of(session, message, contact, made, day)
    else:
        text = made.short
        if message.channel == "sms" and setting(session, message.branch_id, "notices.sms_plain"):
            text = plain_letters(text)
        message.body = text
        message.parts = sms_size(text)[1] if message.channel == "sms" else 0


def paper_of(
    session: Session, message: NoticeMessage, contact: Contact, made: Composed, day: date
) -> dict[str, Any]:
    """Return what a printed letter says; kept, so that a reprint is the same."""
    patron = contact.patron
    by_class = bool(contact.child and patron.school_class and patron.school)
    return {
        "office": office_of(session, message.library_id).to_json(),
        "ref": f"TB-{message.id:06d}",
        "day": f"{day:%d/%m/%Y}",
        "language": contact.language,
        "name": patron.name,
        "addressee": contact.addressee,
        "card": made.values["card"],
        "class": f"{patron.school_class} – {patron.school}" if by_class else "",
        "commune": "" if by_class else patron.commune,
        "address": contact.address("letter"),
        "phone": contact.phone,
        "greeting": made.greeting,
        "about": made.about,
        "closing": made.closing,
        "library_phone": made.values["phone"],
        "last": any(section.what == "overdue_last" for section in made.sections),
        "sections": [
            {"what": one.what, "intro": one.intro, "lines": one.lines, "facts": one.facts}
            for one in made.sections
        ],
    }
