"""What stock-taking brings into the house: pages, a menu entry, sentences, jobs."""

from flask import Flask
from flask_babel import lazy_gettext as _l

import circulation.stocktaking.changes  # noqa: F401 — its jobs
from cataloging.hooks import register_telling
from circulation.stocktaking.takes import COUNT, counts_of_copy
from circulation.stocktaking.views import bp
from ils.core.audit import name_acts, name_subjects
from ils.web.errors import message
from ils.web.menu import menu_entry


def register(app: Flask) -> None:
    """Install stock-taking."""
    app.register_blueprint(bp)
    register_telling(counts_of_copy)
    menu_entry(_l("Stock"), _l("Stock-taking"), "stocktaking.takes", COUNT, order=330)
    name_acts(
        stock_take_planned=_l("Stock-taking planned"),
        stock_take_frozen=_l("Stock-taking begun"),
        stock_take_closed=_l("Stock-taking closed"),
        stock_take_reopened=_l("Stock-taking opened again"),
        stock_take_canceled=_l("Stock-taking given up"),
        stock_take_applied=_l("Results of a stock-taking recorded"),
        stock_take_undone=_l("Results of a stock-taking taken back"),
    )
    name_subjects(stock_take=_l("Stock-taking"))
    message("stock_take_unknown", _l("There is no such stock-taking."))
    message("stock_take_unnamed", _l("Please give the stock-taking a name."))
    message("stock_take_without_branch", _l("Please choose at least one of your branches."))
    message("stock_take_empty", _l("Nothing lies in what was chosen; there is nothing to count."))
    message("stock_take_state", _l("That cannot be done at this point of the stock-taking."))
    message("stock_take_applied", _l("Results were recorded already; it cannot be opened again."))
    message("stock_take_groups", _l("Please choose what is to be recorded."))
    message("too_many_scans", _l("At most %(most)s scans can be sent at once."))
    message("collector_unreadable", _l("This is no file of a data collector: one code a line."))
