"""Assembles the house. Only this module and ``ils.cli`` know every package."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from flask import Flask

import cataloging.register
import circulation.register
import ils.printing.register
import ils.reporting.register
import ils.web.register
import opac.register
from ils.core.config import Config, config, use
from ils.core.db import connect

if TYPE_CHECKING:
    from circulation.sample.seed import Summary


def create_app(chosen: Config | None = None) -> Flask:
    """Make the application for the settings given, or for those of the process."""
    if chosen is not None:
        use(chosen)
    config().data_dir.mkdir(parents=True, exist_ok=True)
    connect()
    app = Flask("ils", static_folder=None)
    app.testing = config().testing
    ils.web.register.register(app)
    ils.printing.register.register(app)
    cataloging.register.register(app)
    circulation.register.register(app)
    ils.reporting.register.register(app)
    opac.register.register(app)
    return app


def load_sample(say: Callable[[str], None]) -> "Summary":
    """Fill an empty database with the sample province; ``say`` hears how far it is."""
    from circulation.sample.seed import seed
    from opac.sample.site import Sites

    with create_app(config()).app_context():
        return seed(say, each_day=[Sites()])
