"""What acquisitions bring into the house: pages, menu entries, sentences."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from cataloging.acquisitions import words
from cataloging.acquisitions.views import suppliers
from cataloging.permissions import ORDER_BOOKS
from ils.core.audit import name_acts, name_subjects
from ils.web.errors import message
from ils.web.menu import menu_entry


def register(app: Flask) -> None:
    """Install acquisitions."""
    app.register_blueprint(suppliers.bp)
    menu_entry(_l("Stock"), _l("Suppliers"), "suppliers.suppliers", ORDER_BOOKS, order=308)
    name_acts(
        supplier_added=_l("Supplier written down"),
        supplier_changed=_l("Supplier changed"),
        supplier_deleted=_l("Supplier deleted"),
    )
    name_subjects(supplier=_l("supplier"))
    for code, text in words.MESSAGES.items():
        message(code, text)
