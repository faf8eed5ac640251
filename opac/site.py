"""The public sites: the province's at ``/``, a library's at ``/<slug>/``.

One set of pages serves both. A page takes ``slug`` (None for the province) and asks ``site_for``
which site it is; templates get it as ``site``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flask import abort, g, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from ils.org import units
from ils.org.models import OrgUnit, OrgUnitVersion
from ils.web.door import current_patron_id


@dataclass(frozen=True)
class Place:
    """A branch or reading point as readers see it."""

    id: int
    name: str
    kind: str
    library_id: int
    address: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Site:
    """The public facts of a library or of the province."""

    id: int
    kind: str  # province | library
    slug: str | None  # None: the province, at the top of the address space
    name: str
    short_name: str
    under: str = ""
    managing_body: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    about: str = ""
    path: str = "/"
    signed_in: str = ""
    links: Sequence[tuple[str, str, bool]] = field(default_factory=tuple)

    @property
    def library_id(self) -> int | None:
        """The library searches are limited to; None on the province's site."""
        return self.id if self.kind == "library" else None

    def url(self, endpoint: str, **values: Any) -> str:
        """Return the address of a page on this site: ``site.url("search", q="…")``."""
        return url_for(f"opac.{endpoint}", slug=self.slug, **values)

    @property
    def home(self) -> str:
        """Address of the first page."""
        return self.url("home")

    @property
    def account(self) -> str:
        """Address of the patron's account."""
        return self.url("account")

    @property
    def search(self) -> str:
        """Address of the search page."""
        return self.url("search")


def site_for(session: Session, slug: str | None) -> Site:
    """Return the site at an address; 404 when there is no such library."""
    if slug is None:
        found = units.province(session)
    else:
        found = units.unit_by_slug(session, slug)
        if found is not None and found.kind != "library":
            found = None
    if found is None:
        abort(404)
    return _site(session, found, slug)


def site_of_library(session: Session, library_id: int) -> Site:
    """Return the site of a library by its id, for links from elsewhere."""
    found = units.unit(session, library_id)
    return _site(session, found, found.slug if found.kind == "library" else None)


def _site(session: Session, found: OrgUnit, slug: str | None) -> Site:
    version = units.version_on(session, found.id)
    under = ""
    if found.kind == "library" and found.parent_id:
        under = units.unit_name(session, found.parent_id)
    return Site(
        id=found.id,
        kind=found.kind,
        slug=slug,
        name=version.name,
        short_name=version.short_name or version.name,
        under=under,
        managing_body=version.managing_body,
        address=version.address,
        phone=version.phone,
        email=version.email,
        about=version.about,
        path=found.path,
    )


def places(session: Session, site: Site) -> list[Place]:
    """Return the branches and reading points of a site's libraries."""
    found = units.branches_below(session, units.unit(session, site.id))
    versions = units.unit_versions(session)
    return [_place(one, versions) for one in found]


def _place(one: OrgUnit, versions: dict[int, OrgUnitVersion]) -> Place:
    version = versions.get(one.id)
    return Place(
        id=one.id,
        name=version.name if version else one.code,
        kind=one.kind,
        library_id=one.parent_id or one.id,
        address=version.address if version else "",
        phone=version.phone if version else "",
    )


def page(template: str, site: Site, **context: Any) -> str:
    """Render a page of a site, with its menu and the name of who is signed in."""
    links = [
        (site.home, _("Home"), request.endpoint == "opac.home"),
        (site.search, _("Catalog"), request.endpoint in ("opac.search", "opac.record")),
        (site.url("headings"), _("A to Y"), (request.endpoint or "").startswith("opac.heading")),
        (site.url("new_books"), _("New books"), request.endpoint == "opac.new_books"),
        (site.url("news"), _("News"), (request.endpoint or "").startswith("opac.news")),
        (site.url("about"), _("About us"), request.endpoint == "opac.about"),
    ]
    shown = replace(site, links=links, signed_in=_signed_in_name())
    return render_template(template, site=shown, **context)


def _signed_in_name() -> str:
    """Return the given name of the signed-in patron, as people are addressed."""
    if current_patron_id() is None:
        return ""
    name = str(g.get("patron_name", "")).split()
    return name[-1] if name else ""
