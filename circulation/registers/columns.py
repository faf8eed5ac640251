"""What several lists share: columns, and how a query of patrons is narrowed."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, func

from cataloging.models import Item
from circulation.patrons.models import Patron, PatronCard
from circulation.registers.asked import Asked, Query
from ils.printing.listing import Column

CODE = func.coalesce(Item.accession_no, Item.barcode, "").label("accession_no")
PHONE = func.coalesce(func.nullif(Patron.phone, ""), Patron.guardian_phone).label("phone")
SCHOOL = func.trim(Patron.school_class + " " + Patron.school).label("school")
ACTIVE_CARD = and_(PatronCard.patron_id == Patron.id, PatronCard.state == "active")

TITLE_COLUMN = Column("title", _l("Title"), width="2.2fr")
ACCESSION_COLUMN = Column("accession_no", _l("Accession number"), "code", "19mm")
PATRON_COLUMN = Column("patron", _l("Patron"), width="1.4fr")
CARD_COLUMN = Column("card", _l("Card"), "code", "22mm")
PHONE_COLUMN = Column("phone", _l("Telephone"), "code", "22mm")
SCHOOL_COLUMN = Column("school", _l("School, class"), width="1fr")
BRANCH_COLUMN = Column("branch", _l("Branch"), width="1fr")


def of_patrons(query: Query, asked: Asked) -> Query:
    """Narrow a query of patrons by kind and class."""
    if asked.category:
        query = query.where(Patron.category == asked.category)
    if asked.school_class:
        query = query.where(func.lower(Patron.school_class) == asked.school_class.lower())
    return query
