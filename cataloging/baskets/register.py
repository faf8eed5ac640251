"""What the baskets bring into the house: pages, menu, sentences."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from cataloging.baskets.views import bp
from cataloging.permissions import EDIT_RECORD, VIEW_RECORD
from ils.web.errors import message
from ils.web.menu import menu_entry


def register(app: Flask) -> None:
    """Install the baskets."""
    app.register_blueprint(bp)
    menu_entry(
        *(_l("Cataloging"), _l("Baskets"), "baskets.baskets", VIEW_RECORD),
        order=218,
        begins=EDIT_RECORD,
    )
    message("basket_unknown", _l("There is no such basket."))
    message("basket_name_bad", _l("Please give the basket a name of at most 80 letters."))
    message("basket_full", _l("A basket holds at most %(most)s records."))
    message("basket_way_unknown", _l("Please choose how the baskets are combined."))
    message("too_many_typed", _l("At most %(most)s numbers can be put in at once."))
