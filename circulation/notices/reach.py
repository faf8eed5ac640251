"""How a reader may be reached: their own wish, a child's guardian, addresses that work, consent."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.notices.models import RECEIPT_WAYS, NoticeWish
from circulation.patrons.consent import agrees_to
from circulation.patrons.models import Patron, PatronCategory
from circulation.patrons.patrons import is_child, patron_for
from circulation.permissions import HANDLE_NOTICES
from circulation.policies import require_within
from circulation.rules.consent import MESSAGES
from circulation.rules.notices import CHANNELS, Reach
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.config import config
from ils.core.errors import Invalid, NotFound
from ils.org.settings import setting
from ils.text.normal import clean


@dataclass(frozen=True)
class Contact:
    """Who is spoken to for a patron, in which language, and where."""

    patron: Patron
    addressee: str
    language: str
    email: str
    phone: str
    child: bool
    reach: Reach

    def address(self, channel: str) -> str:
        """Return the address of a way."""
        if channel == "letter":
            return postal(self.patron)
        return self.email if channel == "email" else self.phone


def postal(patron: Patron) -> str:
    """Return where a letter goes: street and commune, else the school class."""
    street = ", ".join(part for part in (patron.address, patron.commune) if part)
    return street or " ".join(part for part in (patron.school_class, patron.school) if part)


def offered(session: Session, unit_id: int) -> frozenset[str]:
    """Return the electronic ways of a unit: the server can, and the library wants."""
    server = {
        "email": bool(config().smtp_host),
        "sms": bool(config().sms_url),
        "zalo": bool(config().zalo_url),
    }
    return frozenset(
        name for name, can in server.items() if can and setting(session, unit_id, f"notices.{name}")
    )


def wish_of(session: Session, patron_id: int) -> NoticeWish | None:
    """Return what a patron wished for, or what was found out about their addresses."""
    return session.scalar(select(NoticeWish).where(NoticeWish.patron_id == patron_id))


def contact_of(session: Session, patron: Patron, tried: Collection[str] = ()) -> Contact:
    """Return how to reach a patron. A child's messages go to the parent or guardian."""
    category = session.get(PatronCategory, patron.category)
    of_child = bool(category and category.child)
    child = is_child(session, patron, clock.today(), category_is_child=of_child)
    wish = wish_of(session, patron.id)
    guardian = session.get(Patron, patron.guardian_id) if child and patron.guardian_id else None
    email, phone, name, language = patron.email, patron.phone, patron.name, patron.language
    if child:
        phone = (guardian.phone if guardian else "") or patron.guardian_phone or phone
        email = (guardian.email if guardian else "") or email
        name = (guardian.name if guardian else "") or patron.guardian_name or name
        language = guardian.language if guardian else language
    if wish is not None:
        email = "" if wish.bad_email and wish.bad_email == email else email
        phone = "" if wish.bad_phone and wish.bad_phone == phone else phone
    reach = Reach(
        wanted=wish.channel if wish is not None else "",
        offered=offered(session, patron.branch_id),
        email=bool(email),
        phone=bool(phone),
        letter=bool(postal(patron)),
        agrees=agrees_to(session, patron.id, MESSAGES),
        courtesies=wish.courtesies if wish is not None else True,
        tried=frozenset(tried),
    )
    return Contact(patron, name, language, email, phone, child, reach)


def ways_offered(session: Session, patron: Patron) -> list[str]:
    """Return the ways a patron may choose among: those there are at their branch."""
    there = offered(session, patron.branch_id)
    return [way for way in CHANNELS if way in there or way in ("phone", "letter")]


def receipts_offered(session: Session, patron: Patron) -> list[str]:
    """Return how a patron may have receipts; mail only where the server can and the library wants."""
    can = "email" in offered(session, patron.branch_id)
    mails = can and setting(session, patron.branch_id, "notices.receipt_email")
    return [way for way in RECEIPT_WAYS if way and (mails or way != "email")]


def choose_way(
    session: Session,
    actor: Actor,
    patron: Patron,
    *,
    channel: str,
    courtesies: bool,
    language: str,
    receipt: str = "",
) -> NoticeWish:
    """Keep how a patron wants to be told and to have receipts. The caller holds the right, or is the
    patron.

    Choosing anew also forgets that an address did not work: it is tried again.
    """
    if channel and channel not in CHANNELS:
        raise Invalid("notice_way_unknown", field="channel")
    if language not in ("vi", "en"):
        raise Invalid("notice_way_unknown", field="language")
    if receipt not in RECEIPT_WAYS:
        raise Invalid("notice_way_unknown", field="receipt")
    wish = _wish(session, patron.id)
    wish.channel, wish.courtesies, wish.receipt = channel, courtesies, receipt
    wish.bad_email = wish.bad_phone = ""
    wish.changed_at, wish.changed_by = clock.now(), actor.staff_id
    patron.language = language
    session.flush()
    audit(
        session,
        actor,
        "notice_way_chosen",
        "patron",
        patron.id,
        way=channel or "any",
        receipt=receipt or "usual",
    )
    return wish


def choose_at_desk(session: Session, actor: Actor, patron_id: int, **chosen: Any) -> NoticeWish:
    """Keep what a patron said at the desk."""
    patron = patron_for(session, actor, patron_id)
    unknown = NotFound("patron_unknown", patron_id=patron_id)
    require_within(session, actor, HANDLE_NOTICES, patron.branch_id, unknown)
    return choose_way(session, actor, patron, **chosen)


def mark_bad(session: Session, patron_id: int, channel: str, address: str) -> None:
    """Remember that an address does not work, until it is changed or tried again by wish."""
    wish = _wish(session, patron_id)
    if channel == "email":
        wish.bad_email = clean(address)[:120]
    else:
        wish.bad_phone = address[:20]
    wish.changed_at = clock.now()
    session.flush()


def _wish(session: Session, patron_id: int) -> NoticeWish:
    wish = wish_of(session, patron_id)
    if wish is None:
        wish = NoticeWish(patron_id=patron_id, channel="", courtesies=True, receipt="")
        wish.bad_email = wish.bad_phone = ""
        session.add(wish)
    return wish
