"""Settings of copy cataloguing, for a library or the whole province."""

from flask_babel import lazy_gettext as _l

from cataloging.targets.fields import DROPPED, PROTECTED, tags_of
from ils.org.settings import declare


def declare_settings() -> None:
    """Declare them; safe to call twice."""
    declare(
        "cataloging.protected_fields",
        str,
        PROTECTED,
        _l("Fields of ours that a record from elsewhere does not replace (x is any digit)."),
        check=tags_of,
    )
    declare(
        "cataloging.left_out_fields",
        str,
        DROPPED,
        _l("Fields of another library (its copies) that are left out of what is taken from it."),
        check=tags_of,
    )
