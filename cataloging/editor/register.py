"""What the editor brings into the house: its pages, menu entries and sentences."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from cataloging.editor import answer_views, draft_views, form_views  # noqa: F401 — their pages
from cataloging.editor.views import bp
from cataloging.permissions import EDIT_RECORD, EDIT_STOCK
from ils.core.audit import name_acts, name_facts
from ils.web.errors import message
from ils.web.menu import menu_entry


def register(app: Flask) -> None:
    """Install the editor."""
    app.register_blueprint(bp)
    group = _l("Cataloging")
    menu_entry(group, _l("New title"), "editor.new", EDIT_RECORD, order=210, key="Alt+N")
    menu_entry(group, _l("My drafts"), "editor.drafts", EDIT_RECORD, order=212)
    menu_entry(_l("System"), _l("Entry forms"), "editor.forms", EDIT_STOCK, order=937)
    message("draft_unknown", _l("There is no such draft of yours."))
    message("draft_of_nobody", _l("A draft belongs to a member of staff."))
    message(
        "record_has_errors",
        _l("The record has errors (%(count)s); they are listed under Remarks."),
    )
    message("material_unknown", _l("There is no such material."))
    message("form_box_unknown", _l("There is no box “%(name)s”. A field and subfield: 690$a."))
    message("boxes_twice_or_many", _l("A box stands twice in the form, or there are too many."))
    message("form_without_title", _l("A form must show the title."))
    name_acts(entry_form_changed=_l("Entry form changed"))
    name_facts(material=_l("material"))
