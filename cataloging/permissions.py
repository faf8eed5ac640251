"""What may be done in the catalogue, by name. Roles give these."""

from flask_babel import lazy_gettext as _l

from ils.accounts.permissions import declare_permission

VIEW_RECORD = declare_permission("cataloging:record:view", _l("See records in the staff catalogue"))
EDIT_RECORD = declare_permission("cataloging:record:edit", _l("Create and change records"))
QUICK_TITLE = declare_permission(
    "cataloging:record:quick", _l("Add an unknown title at the desk, for a cataloger to finish")
)
DELETE_RECORD = declare_permission("cataloging:record:delete", _l("Delete and hide records"))
UNDO_CHANGES = declare_permission("cataloging:change_set:undo", _l("Undo imports and batches"))
VIEW_ITEM = declare_permission("cataloging:item:view", _l("See items and their history"))
EDIT_ITEM = declare_permission("cataloging:item:edit", _l("Add and change items"))
WITHDRAW_ITEM = declare_permission("cataloging:item:withdraw", _l("Withdraw items from stock"))
PRINT_LABELS = declare_permission("cataloging:label:print", _l("Print labels"))
EDIT_STOCK = declare_permission(
    "cataloging:stock:edit", _l("Set up collections, accession registers and item types")
)
ORDER_BOOKS = declare_permission(
    "acquisitions:order:edit", _l("Order books: suppliers, budget lines, orders")
)
SPLIT_PURCHASE = declare_permission(
    "acquisitions:central:split", _l("Split central purchases of the province to libraries")
)
RECEIVE_SERIALS = declare_permission(
    "cataloging:serial:receive", _l("Enter and claim issues of newspapers and magazines")
)
EDIT_SERIALS = declare_permission(
    "cataloging:serial:edit", _l("Set up the newspapers and magazines taken, bind them")
)
EDIT_AUTHORITY = declare_permission(
    "cataloging:authority:edit", _l("Establish and change headings")
)
IMPORT = declare_permission("cataloging:import:run", _l("Import files of records"))
