"""What patrons bring into the house: settings, sentences, pages."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from circulation.patrons.categories import EDIT_CATEGORY, prepare_categories
from circulation.patrons.category_views import categories as _page  # noqa: F401 — joins the pages
from circulation.patrons.views import bp
from ils.web.errors import message
from ils.web.menu import menu_entry


def register(app: Flask) -> None:
    """Install patrons."""
    app.register_blueprint(bp)
    app.extensions.setdefault("sen.new_library", []).append(prepare_categories)
    group = _l("Desk")
    menu_entry(group, _l("Patrons"), "patrons.find", "patrons:patron:view", order=150, key="F4")
    menu_entry(
        _l("Library"), _l("Kinds of patrons"), "patrons.categories", EDIT_CATEGORY, order=907
    )
    _say()


def _say() -> None:
    message("patron_unknown", _l("There is no such patron in your library."))
    message("name_missing", _l("Please write the patron's name."))
    message("category_taken", _l("There is a kind of patrons of this name already."))
    message("card_months_wrong", _l("A card is valid for 1 to %(most)s months."))
    message("category_unknown", _l("Please choose the kind of patron."))
    message("birth_date_impossible", _l("This cannot be a date of birth."))
    message("guardian_missing", _l("A child's card needs the name of a parent or guardian."))
    message("branch_of_other_library", _l("That branch belongs to another library."))
    message("card_already_active", _l("The patron has a valid card already; renew or replace it."))
    message("card_none_active", _l("The patron has no valid card."))
    message("card_number_taken", _l("The number %(number)s is already on a card or an item."))
    message("card_number_too_long", _l("A card number has at most 40 characters."))
    message("card_expiry_before_issue", _l("The card would end before it begins."))
    message("card_unknown", _l("There is no card with the number %(number)s."))
    message("sheet_empty", _l("The sheet holds no rows below its headers."))
    message("sheet_too_long", _l("The sheet has more than %(most)s rows; please split it."))
    message("sheet_unreadable", _l("This file could not be read as a spreadsheet."))
    message("cell_not_a_date", _l("“%(value)s” is not a date."))
    message("note_empty", _l("Please write the note."))
    message("note_unknown", _l("There is no such note."))
    message("block_of_other", _l("Only its author or the head of the library may lift this block."))
