"""Consents: who agreed to the keeping of a person's data, to which text, for what, and until when.

The text people agree to belongs to a library and has versions; a library that wrote none uses the
one that comes with the program. A consent is never changed: agreeing to something else ends the
old record and writes a new one, so that what was agreed on any day can be proved.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from circulation.patrons.batch_models import PatronBatchLine
from circulation.patrons.models import Consent, Patron, PatronCategory, PrivacyNotice
from circulation.patrons.patrons import EDIT, age_on, is_child, patron_for
from circulation.rules.consent import GUARDIAN, HISTORY, LENDING, PHOTO, PURPOSES, SELF, consented
from ils.accounts.actor import Actor
from ils.accounts.permissions import declare_permission
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid
from ils.org.units import place
from ils.text.normal import clean

EDIT_NOTICE = declare_permission(
    "patrons:notice:edit", "Change the text people agree to when their data are kept"
)


@dataclass(frozen=True)
class Notice:
    """The text in force at a unit. ``id`` is None for the one that comes with the program."""

    id: int | None
    version: int
    unit_id: int | None
    body: str
    body_en: str

    @property
    def sha256(self) -> str:
        """Return the checksum of the text, which a consent keeps as proof."""
        return hashlib.sha256(f"{self.body}\n\n{self.body_en}".encode()).hexdigest()

    def text(self, language: str) -> str:
        """Return the text in a language, in Vietnamese where there is no other."""
        return self.body_en if language == "en" and self.body_en else self.body


def notice_for(session: Session, unit_id: int) -> Notice:
    """Return the text in force at a unit: its own newest, else that of the unit above."""
    ids = place(session, unit_id).ids
    rows = session.scalars(
        select(PrivacyNotice)
        .where(PrivacyNotice.unit_id.in_(ids), PrivacyNotice.valid_from <= clock.today())
        .order_by(PrivacyNotice.version)
    ).all()
    nearest = max(rows, key=lambda row: (ids.index(row.unit_id), row.version), default=None)
    if nearest is None:
        return _own_notice()
    return Notice(nearest.id, nearest.version, nearest.unit_id, nearest.body, nearest.body_en)


def _own_notice() -> Notice:
    vi, en = (
        Path(__file__).with_name(f"notice_{language}.md").read_text("utf-8").strip()
        for language in ("vi", "en")
    )
    return Notice(None, 1, None, vi, en)


def notices_of(session: Session, unit_id: int) -> Sequence[PrivacyNotice]:
    """Return the versions of a unit's own text, newest first."""
    return session.scalars(
        select(PrivacyNotice)
        .where(PrivacyNotice.unit_id == unit_id)
        .order_by(PrivacyNotice.version.desc())
    ).all()


def write_notice(
    session: Session, actor: Actor, unit_id: int, body: str, body_en: str = ""
) -> PrivacyNotice:
    """Write a new version of a unit's text, in force from today. Older versions stay readable."""
    actor.require(EDIT_NOTICE, place(session, unit_id).path)
    if len(clean(body)) < 40:
        raise Invalid("notice_too_short", field="body")
    before = notices_of(session, unit_id)
    row = PrivacyNotice(
        unit_id=unit_id,
        version=before[0].version + 1 if before else 1,
        body=body.strip(),
        body_en=body_en.strip(),
        valid_from=clock.today(),
        written_by=actor.staff_id,
    )
    session.add(row)
    session.flush()
    audit(session, actor, "notice_written", "privacy_notice", row.id, version=row.version)
    return row


def record_consent(
    session: Session,
    actor: Actor,
    patron: Patron,
    *,
    givers: Collection[str],
    purposes: Collection[str] = (LENDING,),
    channel: str | None = None,
    at: datetime | None = None,
    notice: Notice | None = None,
) -> None:
    """Record that these people agree, each once; a giver's older consent ends with it.

    The caller holds the right to change the patron, or is the patron.
    """
    agreed = notice or notice_for(session, patron.branch_id)
    wanted = [one for one in PURPOSES if one in purposes or one == LENDING]
    now = at or clock.now()
    for giver in givers:
        _end(session, actor, patron, giver)
        session.add(
            Consent(
                patron_id=patron.id,
                given_by=giver,
                giver_name=patron.guardian_name if giver == GUARDIAN else "",
                notice_id=agreed.id,
                text_sha256=agreed.sha256,
                purposes=wanted,
                channel=channel or actor.channel,
                given_at=now,
                recorded_by=actor.staff_id,
            )
        )
        session.flush()
    follow_consents(session, patron)


def withdraw_consent(session: Session, actor: Actor, patron: Patron, giver: str = SELF) -> None:
    """End a consent from now on. What was done before stays lawful; the card stops where the
    rules need consent, a photo and the history of loans are given up at once."""
    _end(session, actor, patron, giver)
    follow_consents(session, patron)
    audit(session, actor, "consent_withdrawn", "patron", patron.id, giver=giver)


def withdraw_at_desk(session: Session, actor: Actor, patron_id: int, giver: str) -> None:
    """End a consent that a person takes back at the desk."""
    withdraw_consent(session, actor, patron_for(session, actor, patron_id, EDIT), giver)


def consent_at_desk(
    session: Session,
    actor: Actor,
    patron_id: int,
    *,
    givers: Collection[str],
    purposes: Collection[str],
) -> None:
    """Record a consent given at the desk, on the form the person signed."""
    if not givers:
        raise Invalid("consent_by_nobody", field="givers")
    patron = patron_for(session, actor, patron_id, EDIT)
    record_consent(session, actor, patron, givers=givers, purposes=purposes, channel="desk")
    audit(session, actor, "consent_recorded", "patron", patron.id, givers=sorted(givers))


def _end(session: Session, actor: Actor, patron: Patron, giver: str) -> None:
    for row in standing_consents(session, patron.id):
        if row.given_by == giver:
            row.withdrawn_at = clock.now()
            row.withdrawn_channel, row.withdrawn_by = actor.channel, actor.staff_id
    session.flush()


def standing_consents(session: Session, patron_id: int) -> Sequence[Consent]:
    """Return the consents that stand today."""
    return session.scalars(
        select(Consent).where(Consent.patron_id == patron_id, Consent.withdrawn_at.is_(None))
    ).all()


def consents_of(session: Session, patron_id: int) -> Sequence[Consent]:
    """Return all consents of a patron, newest first."""
    return session.scalars(
        select(Consent).where(Consent.patron_id == patron_id).order_by(Consent.id.desc())
    ).all()


def agrees_to(session: Session, patron_id: int, purpose: str) -> bool:
    """Tell whether everybody whose consent stands agreed to a purpose (and somebody did)."""
    standing = standing_consents(session, patron_id)
    return bool(standing) and all(purpose in row.purposes for row in standing)


def follow_consents(session: Session, patron: Patron) -> None:
    """Bring the patron in line with the consents that stand: what was refused is given up."""
    standing = {row.given_by: row for row in standing_consents(session, patron.id)}
    category = session.get_one(PatronCategory, patron.category)
    today = clock.today()
    child = is_child(session, patron, today, category_is_child=category.child)
    whole = consented(set(standing), age_on(patron, today), child=child)
    patron.consent_at = max(row.given_at for row in standing.values()) if whole else None
    if not all(PHOTO in row.purposes for row in standing.values()) or not standing:
        patron.photo_id = None  # the sweep takes the file, and those it had taken the place of
        mine = PatronBatchLine.patron_id == patron.id
        session.execute(update(PatronBatchLine).where(mine).values(photo_was_id=None))
    if not all(HISTORY in row.purposes for row in standing.values()) or not standing:
        patron.keep_history = False
    session.flush()
