"""What the public sites bring into the house."""

from flask import Flask
from flask_babel import lazy_gettext as _l
from werkzeug.routing import BaseConverter

from ils.core.audit import name_acts, name_subjects
from ils.org.units import RESERVED_SLUGS
from ils.web.errors import message
from ils.web.menu import menu_entry
from opac.permissions import EDIT_NEWS


class SiteConverter(BaseConverter):
    """The first part of a library's address; never a word the program itself uses."""

    regex = (
        r"(?!(?:" + "|".join(sorted(w for w in RESERVED_SLUGS if w.isalpha())) + r")$)"
        r"[a-z0-9][a-z0-9-]*"
    )


def register(app: Flask) -> None:
    """Install the public sites."""
    app.url_map.converters["site"] = SiteConverter
    from opac import (  # noqa: F401 — some join the pages
        account_views,
        api,
        catalog_views,
        data_views,
        export_views,
        heading_views,
        news_views,
        notice_views,
        patron,
        registration_views,
        suggestion_views,
        views,
    )

    app.register_blueprint(views.bp)
    app.register_blueprint(news_views.bp)
    app.register_blueprint(api.bp)
    app.extensions["sen.patron_loader"] = patron.signed_in_patron
    app.extensions["sen.patron_sign_in_url"] = account_views.sign_in_address
    menu_entry(_l("Library"), _l("News of the site"), "news.posts", EDIT_NEWS, order=820)
    message("news_unknown", _l("There is no such piece of news."))
    message("news_title_missing", _l("Please write a title."))
    name_acts(news_written=_l("News written"))
    name_subjects(news_post=_l("piece of news"))
