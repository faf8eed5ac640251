"""What notices bring into the house: pages, menu entries, sentences, names of acts, jobs."""

from flask import Flask
from flask_babel import lazy_gettext as _l

import circulation.notices.jobs  # noqa: F401 — the clockwork
from cataloging.hooks import register_post
from circulation.notices import text_views, work_views  # noqa: F401 — pages of the blueprint
from circulation.notices.outward import POST
from circulation.notices.settings import declare_settings
from circulation.notices.views import bp
from circulation.permissions import EDIT_NOTICES, HANDLE_NOTICES
from ils.core.audit import name_acts, name_subjects
from ils.web.errors import message
from ils.web.menu import menu_entry


def register(app: Flask) -> None:
    """Install notices."""
    declare_settings()
    register_post(POST)
    app.register_blueprint(bp)
    group = _l("Notices")
    menu_entry(group, _l("Notices"), "notices.home", HANDLE_NOTICES, order=161)
    menu_entry(group, _l("Call list"), "notices.call_list", HANDLE_NOTICES, order=162)
    menu_entry(group, _l("Letters"), "notices.letter_list", HANDLE_NOTICES, order=163)
    menu_entry(group, _l("Texts of notices"), "notices.texts", EDIT_NOTICES, order=164)
    message("notice_unknown", _l("There is no such notice."))
    message("letters_unknown", _l("There are no such letters."))
    message("no_letters_left", _l("Choose letters first; what fell away meanwhile is not printed."))
    message("call_result_unknown", _l("Say what came of the call."))
    message("call_promise_day", _l("Type the day that was promised, within the next 60 days."))
    message("notice_way_unknown", _l("Choose one of the ways and languages offered."))
    message("receipt_not_mailed", _l("This receipt was mailed already, or there is no address."))
    message("notice_text_unknown", _l("There is no such text."))
    message("notice_text_length", _l("This text is too long, or may have one line only."))
    message("notice_placeholder_unknown", _l("Nothing is called {%(name)s} here."))
    name_acts(
        notice_way_chosen=_l("Way of being told chosen"),
        notice_call=_l("Call made"),
        notice_decided=_l("Doubtful message decided"),
        notice_dropped=_l("Notice taken out"),
        notice_tried=_l("Test message sent"),
        notice_text_written=_l("Text of notices changed"),
        letters_printed=_l("Letters printed"),
    )
    name_subjects(notice_letters=_l("letters"))
