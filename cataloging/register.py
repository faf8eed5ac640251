"""What the catalogue brings into the house: pages, permissions, settings, jobs."""

from flask import Flask

import cataloging.acquisitions.register
import cataloging.authorities.register
import cataloging.baskets.register
import cataloging.batch.register
import cataloging.duplicates.register
import cataloging.editor.register
import cataloging.papers.register
import cataloging.quality.register
import cataloging.serials.register
import cataloging.targets.register
import cataloging.views.register
from cataloging import list_names
from cataloging.imports import work  # noqa: F401 — declares its job
from cataloging.search import follow
from cataloging.stockbook import register as stockbook


def register(app: Flask) -> None:
    """Install the catalogue."""
    list_names.declare()
    cataloging.views.register.register(app)
    stockbook.register(app)
    cataloging.acquisitions.register.register(app)
    cataloging.authorities.register.register(app)
    cataloging.baskets.register.register(app)
    cataloging.batch.register.register(app)
    cataloging.duplicates.register.register(app)
    cataloging.editor.register.register(app)
    cataloging.papers.register.register(app)
    cataloging.quality.register.register(app)
    cataloging.serials.register.register(app)
    cataloging.targets.register.register(app)
    follow.install()
