"""What the papers bring into the house: pages, menu entries, sentences."""

from flask import Flask
from flask_babel import lazy_gettext as _l

import cataloging.papers.sheet_views  # noqa: F401 — its pages
from cataloging.papers.views import bp
from cataloging.permissions import EDIT_RECORD, EDIT_STOCK, PRINT_LABELS, VIEW_RECORD
from ils.core.audit import name_acts, name_subjects
from ils.web.errors import message
from ils.web.menu import menu_entry


def register(app: Flask) -> None:
    """Install the papers."""
    app.register_blueprint(bp)
    group = _l("Printing")
    menu_entry(group, _l("Catalog cards"), "papers.catalog_cards", PRINT_LABELS, order=364)
    menu_entry(
        *(group, _l("Book lists"), "papers.book_list", VIEW_RECORD), order=366, begins=EDIT_RECORD
    )
    menu_entry(group, _l("Label sheets"), "papers.label_sheets", EDIT_STOCK, order=362)
    message("too_many_titles", _l("At most %(most)s titles go on one paper. Choose fewer."))
    message("period_backward", _l("The period ends before it begins."))
    message("label_sheet_unknown", _l("There is no such label sheet."))
    message("label_sheet_taken", _l("There is a label sheet named %(name)s already."))
    message("labels_too_wide", _l("The labels need %(needed)s mm, more than the paper is wide."))
    message("labels_too_high", _l("The labels need %(needed)s mm, more than the paper is high."))
    name_acts(
        label_sheet_kept=_l("Label sheet measured"),
        label_sheet_removed=_l("Label sheet taken off the list"),
    )
    name_subjects(label_sheet=_l("label sheet"))
