"""Settings of patrons and cards."""

from flask_babel import lazy_gettext as _l

from ils.org.settings import declare

declare(
    "patrons.child_below",
    int,
    16,
    _l("Patrons below this age count as children."),
    minimum=6,
    maximum=21,
)
declare("patrons.card_prefix", str, "TV", _l("Letters that begin a new card's number."))
