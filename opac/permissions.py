"""What staff may do on the public sites."""

from flask_babel import lazy_gettext as _l

from ils.accounts.permissions import declare_permission

EDIT_NEWS = declare_permission("opac:news:edit", _l("Write the news of the library's site"))
