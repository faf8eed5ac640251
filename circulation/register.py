"""What circulation brings into the house: each concern declares itself in its own module."""

from flask import Flask

import circulation.closures.register
import circulation.indicators
import circulation.lending
import circulation.losses.register
import circulation.money.register
import circulation.notices.register
import circulation.offline.register
import circulation.patrons.register
import circulation.registers.register
import circulation.rotation.register
import circulation.rulebook.register
import circulation.sip2.register
import circulation.stocktaking.register
import circulation.views.register


def register(app: Flask) -> None:
    """Install circulation."""
    circulation.lending.register()
    circulation.indicators.declare()
    circulation.patrons.register.register(app)
    circulation.views.register.register(app)
    circulation.registers.register.register(app)
    circulation.closures.register.register(app)
    circulation.sip2.register.register(app)
    circulation.rulebook.register.register(app)
    circulation.stocktaking.register.register(app)
    circulation.money.register.register(app)
    circulation.losses.register.register(app)
    circulation.notices.register.register(app)
    circulation.rotation.register.register(app)
    circulation.offline.register.register(app)
