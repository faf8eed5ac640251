"""What copy cataloguing brings into the house: pages, menu entries, settings, sentences."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from cataloging.hooks import register_draft_saved
from cataloging.permissions import EDIT_RECORD
from cataloging.targets import setup_views  # noqa: F401 — its pages
from cataloging.targets.lists import asking, settled, taking, views  # noqa: F401 — jobs and pages
from cataloging.targets.permissions import SET_UP_TARGETS
from cataloging.targets.settings import declare_settings
from cataloging.targets.views import bp
from ils.core.audit import name_acts, name_subjects
from ils.web.errors import message
from ils.web.menu import menu_entry


def register(app: Flask) -> None:
    """Install copy cataloguing."""
    app.register_blueprint(bp)
    declare_settings()
    register_draft_saved(settled.note_draft)
    group = _l("Cataloging")
    menu_entry(group, _l("Find elsewhere"), "targets.find", EDIT_RECORD, order=211, key="Alt+J")
    menu_entry(
        *(_l("System"), _l("Targets of copy cataloguing"), "targets.targets", SET_UP_TARGETS),
        order=936,
    )
    message("target_unknown", _l("There is no such target."))
    message("target_search_unknown", _l("There is no such search of yours, or it was long ago."))
    message("target_words_missing", _l("Type an ISBN, words, a title or an author."))
    message("target_taken", _l("There is a target of this name already."))
    message("target_address", _l("An address of SRU begins with http:// or https://."))
    message("target_host", _l("Type only the name of the host; the port stands beside it."))
    message(
        "target_password_again",
        _l("The password goes only to the address it was typed for: type it again, or forget it."),
    )
    message("target_port", _l("Only the ports 80, 443, 210 and those above 1023 may be called."))
    message("target_encoding", _l("There is no such encoding."))
    message("target_index", _l("SRU: an index like bath.isbn. Z39.50: attributes like 1=7."))
    message("isbn_list_unknown", _l("There is no such list of yours, or it was long ago."))
    message("isbn_list_empty", _l("Paste or scan at least one ISBN, or choose a file."))
    message("isbn_list_long", _l("A list may have at most %(most)s lines; please split it."))
    message("isbn_list_targets", _l("Choose at least one target to be asked."))
    message("isbn_list_at_work", _l("The list is being worked on: wait, or stop it."))
    message("isbn_list_asked", _l("All numbers of this list were asked for everywhere."))
    message("isbn_list_nothing", _l("There is nothing to take: for no line one record is chosen."))
    message("isbn_line_done", _l("This line is settled already."))
    message("isbn_line_year", _l("Type the year in figures."))
    message("isbn_file", _l("This file is neither text nor a spreadsheet that can be read."))
    name_acts(isbn_list_taken=_l("Records of a list of ISBNs taken"))
    name_acts(target_written=_l("Target added or changed"), target_removed=_l("Target taken away"))
    name_subjects(target=_l("target"))
