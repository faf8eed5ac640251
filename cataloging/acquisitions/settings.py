"""Settings of acquisitions."""

from typing import Final

from flask_babel import lazy_gettext as _l

from ils.org.settings import declare

SUFFIX: Final = "acquisitions.order_suffix"
SUGGESTIONS: Final = "acquisitions.suggestions"
OPEN_SUGGESTIONS: Final = "acquisitions.suggestions_open"
SUGGESTION_DAYS: Final = "acquisitions.suggestion_days"

declare(SUFFIX, str, "ĐĐH", _l("What stands behind number and year of an order to a supplier."))
declare(SUGGESTIONS, bool, True, _l("Readers may suggest on the public site what to buy."))
declare(
    OPEN_SUGGESTIONS,
    int,
    5,
    _l("Suggestions of one reader that may wait for an answer."),
    minimum=1,
    maximum=100,
)
declare(
    SUGGESTION_DAYS,
    int,
    90,
    _l("Days after the answer until nobody can tell any more which reader suggested it."),
    minimum=1,
    maximum=3650,
)
