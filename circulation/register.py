"""What circulation brings into the house: each concern declares itself in its own module."""

from flask import Flask

import circulation.patrons.register


def register(app: Flask) -> None:
    """Install circulation."""
    circulation.patrons.register.register(app)
