"""What the authorities bring into the house: pages, menu, sentences, jobs."""

from flask import Flask
from flask_babel import lazy_gettext as _l

import cataloging.authorities.carry
import cataloging.authorities.near
import cataloging.authorities.upkeep  # noqa: F401 — declare their jobs
from cataloging.authorities.views import (  # noqa: F401 — each joins the pages
    editing,
    headings,
    imports,
    near,
)
from cataloging.authorities.views.base import bp
from cataloging.permissions import EDIT_AUTHORITY, VIEW_RECORD
from ils.core.audit import name_acts, name_subjects
from ils.web.errors import message
from ils.web.menu import menu_entry


def register(app: Flask) -> None:
    """Install the authorities."""
    app.register_blueprint(bp)
    menu_entry(
        *(_l("Cataloging"), _l("Headings"), "authorities.headings", VIEW_RECORD),
        order=216,
        begins=EDIT_AUTHORITY,
    )
    message("authority_unknown", _l("There is no such heading."))
    message("heading_unknown", _l("There is no such heading."))
    message(
        "authority_stale", _l("Somebody saved this heading meanwhile. Nothing was overwritten.")
    )
    message("authority_without_heading", _l("The record has no heading of a kind kept here (1XX)."))
    message("heading_taken", _l("“%(heading)s” is an established heading already."))
    message("heading_not_provisional", _l("This heading is established already."))
    message("heading_same", _l("These are one heading already."))
    message("kinds_differ", _l("Headings of two kinds cannot be one."))
    message("nothing_to_carry", _l("No record has another form of this heading."))
    message(
        "form_shared",
        _l("Another heading has this form too: choose record by record which one is meant."),
    )
    name_acts(
        authority_deleted=_l("Heading deleted"),
        authority_restored=_l("Heading brought back"),
        authorities_imported=_l("Import of headings begun"),
        heading_carried=_l("Heading carried to its records"),
    )
    name_subjects(authority=_l("heading"), authority_import=_l("import of headings"))
