"""What batch change brings into the house: pages, menu, jobs, sentences."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from cataloging.batch.acts.views import bp as acts
from cataloging.batch.views import bp
from cataloging.permissions import EDIT_ITEM, EDIT_RECORD
from ils.web.errors import message
from ils.web.menu import menu_entry


def register(app: Flask) -> None:
    """Install batch change."""
    app.register_blueprint(bp)
    app.register_blueprint(acts)
    menu_entry(*(_l("Cataloging"), _l("Batch change"), "batch.batches", EDIT_RECORD), order=219)
    menu_entry(
        *(_l("Cataloging"), _l("Copies and deletions"), "acts.acts", EDIT_ITEM),
        order=219,
    )
    message("acts_of_nothing", _l("There is nothing to do: nothing was found."))
    message("acts_too_many", _l("At most %(most)s can be taken at once."))
    message("acts_without_changes", _l("Please say at least once what is to be changed."))
    message("acts_bad", _l("The change cannot be made as it is written."))
    message("acts_choose", _l("Please say which ones: numbers, a search or a basket."))
    message("acts_choose_one", _l("Please choose one way only: numbers, a search or a basket."))
    message("batch_unknown", _l("There is no such batch."))
    message("batch_name_bad", _l("Please give the rules a name of at most 80 letters."))
    message("batch_without_rules", _l("Please say at least once what is to be changed."))
    message("batch_rules_bad", _l("A rule cannot be carried out as it is written."))
    message("batch_of_nothing", _l("There is no record to change."))
    message("batch_at_work", _l("This batch is being worked on, or has changed records already."))
    message("batch_undone", _l("This batch was undone. Begin a new one with the same rules."))
