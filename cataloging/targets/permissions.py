"""Whom the server calls is an administrator's choice: no cataloging right holds it."""

from flask_babel import lazy_gettext as _l

from ils.accounts.permissions import declare_permission

SET_UP_TARGETS = declare_permission(
    "targets:setup:edit", _l("Set up the targets of copy cataloguing")
)
