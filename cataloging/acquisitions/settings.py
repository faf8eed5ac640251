"""Settings of acquisitions."""

from typing import Final

from flask_babel import lazy_gettext as _l

from ils.org.settings import declare

SUFFIX: Final = "acquisitions.order_suffix"

declare(SUFFIX, str, "ĐĐH", _l("What stands behind number and year of an order to a supplier."))
