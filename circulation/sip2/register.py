"""What SIP2 brings into the house: the page of machines, its menu entry, sentences."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from circulation.sip2.terminals import MANAGE
from circulation.sip2.views import bp
from ils.core.audit import name_acts, name_subjects
from ils.web.errors import message
from ils.web.menu import menu_entry


def register(app: Flask) -> None:
    """Install the page of machines."""
    app.register_blueprint(bp)
    menu_entry(_l("System"), _l("Self-check machines"), "sip2.machines", MANAGE, order=935)
    name_acts(
        terminal_added=_l("Self-check machine set up"),
        terminal_changed=_l("Self-check machine changed"),
        terminal_password=_l("New password for a self-check machine"),
    )
    name_subjects(sip2_terminal=_l("Self-check machine"))
    message("terminal_unknown", _l("There is no such machine."))
    message(
        "terminal_name_wrong",
        _l("A name has 3 to 40 small letters, figures, dots, dashes; it begins with one of them."),
    )
    message("terminal_name_taken", _l("Another machine has this name."))
