"""Words of acquisitions."""

from typing import Any

from flask_babel import lazy_gettext as _l

SUPPLIER_STATES: tuple[tuple[str, Any], ...] = (
    ("in_use", _l("In use")),
    ("aside", _l("Laid aside")),
    ("", _l("All")),
)
MESSAGES: dict[str, Any] = {
    "supplier_unknown": _l("There is no such supplier."),
    "supplier_unnamed": _l("Please give the supplier a name."),
    "supplier_in_use": _l(
        "This supplier is named elsewhere, by orders for example, and stays. Lay it aside instead."
    ),
    "tax_code_impossible": _l(
        "This is not a tax code: it has 10 digits, with a branch office 10 and 3, or 12."
    ),
    "tax_code_taken": _l("This tax code is that of %(name)s, which is in the list already."),
    "contract_backwards": _l("The contract ends before it begins."),
}
