"""The plain pages of the public sites: home, new books, news, about, robots and maps."""

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.models import Record
from ils.core import clock
from ils.core.db import reading
from ils.core.errors import NotFound
from ils.org import hours, units
from ils.web.door import door
from ils.web.pages import Page, page_number
from opac import news as posts
from opac import shelves, words
from opac.markup import plain, rendered
from opac.models import NewsPost
from opac.site import Place, Site, page, places, site_for
from opac.visits import count_visit

bp = Blueprint(
    "opac",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/static/opac",
)

NEWS_SIZE = 12
MAP_SIZE = 20_000


def opened(slug: str | None, session: Session) -> Site:
    """Return the site a page belongs to and count the visit."""
    site = site_for(session, slug)
    count_visit(site.id, site.library_id)
    return site


@bp.get("/", defaults={"slug": None})
@bp.get("/<site:slug>/")
@door.public
def home(slug: str | None) -> str:
    """Show what is new, whether the library is open, and the search box."""
    with reading() as session:
        site = opened(slug, session)
        mine = _news_units(session, site)
        newest, most_read = shelves.newest(session, site), shelves.most_read(session, site)
        facts = {
            "today": _today_at(session, site),
            "newest": newest,
            "most_read": most_read,
            "examples": shelves.examples([*most_read, *newest]),
            "news": posts.published(session, mine, limit=4),
            "libraries": _libraries(session) if site.kind == "province" else [],
            "closures": words.closures(hours.coming_closures(session, site.id, 21)),
            **_news_words(session, site),
        }
    return page("opac/home.html", site, plain=plain, long_day=words.long_day, **facts)


@bp.get("/new-books", defaults={"slug": None})
@bp.get("/<site:slug>/new-books")
@door.public
def new_books(slug: str | None) -> str:
    """Show the newest books and the most read ones, more of them than the home page."""
    with reading() as session:
        site = opened(slug, session)
        newest = shelves.newest(session, site, 24)
        most_read = shelves.most_read(session, site, 12)
    return page("opac/new_books.html", site, newest=newest, most_read=most_read)


@bp.get("/news", defaults={"slug": None})
@bp.get("/<site:slug>/news")
@door.public
def news(slug: str | None) -> str:
    """List the news."""
    number = page_number(request.args.get("page"))
    with reading() as session:
        site = opened(slug, session)
        mine = _news_units(session, site)
        shown = Page(number, NEWS_SIZE, posts.count_published(session, mine))
        rows = posts.published(session, mine, limit=NEWS_SIZE, offset=shown.offset)
        facts = _news_words(session, site)
    return page("opac/news.html", site, rows=rows, page=shown, plain=plain, **facts)


@bp.get("/news/<post>", defaults={"slug": None})
@bp.get("/<site:slug>/news/<post>")
@door.public
def news_post(slug: str | None, post: str) -> str:
    """Show a piece of news."""
    with reading() as session:
        site = opened(slug, session)
        mine = _news_units(session, site)
        try:
            found = posts.post_for_readers(session, mine, post)
        except NotFound:
            abort(404)
        others = [p for p in posts.published(session, mine, limit=5) if p.id != found.id][:4]
        facts = _news_words(session, site)
    body = rendered(found.text)
    return page(
        "opac/news_post.html", site, post=found, body=body, others=others, plain=plain, **facts
    )


@bp.get("/about", defaults={"slug": None})
@bp.get("/<site:slug>/about")
@door.public
def about(slug: str | None) -> str:
    """Show who and where the library is and when it is open."""
    with reading() as session:
        site = opened(slug, session)
        branches = places(session, site)
        facts = {
            "week_days": hours.week_of(session, site.id),
            "today": _today_at(session, site),
            "closures": words.closures(hours.coming_closures(session, site.id, 120)),
            "branches": [(p, _hours_at(session, p)) for p in branches],
            "libraries": _libraries(session) if site.kind == "province" else [],
        }
    body = rendered(site.about)
    return page(
        "opac/about.html",
        site,
        body=body,
        weekday_name=words.weekday_name,
        long_day=words.long_day,
        weekday=clock.today().weekday(),
        **facts,
    )


@bp.get("/contact", defaults={"slug": None})
@bp.get("/<site:slug>/contact")
@door.public
def contact(slug: str | None) -> Any:
    """Lead to where the library is reached."""
    with reading() as session:
        site = site_for(session, slug)
    return redirect(site.url("about") + "#contact")


def _news_units(session: Session, site: Site) -> list[int]:
    """Return the units whose news a site shows: the province's site shows everybody's."""
    if site.kind == "library":
        return [site.id]
    return [site.id, *(one.id for one in units.libraries(session))]


def _news_words(session: Session, site: Site) -> dict[str, Any]:
    """Return who wrote a post, and its address: a library's post is read on its own site."""
    writers = {one.id: one for one in units.libraries(session)} if site.kind == "province" else {}
    names = units.unit_names(session)

    def address(post: NewsPost) -> str:
        writer = writers.get(post.unit_id)
        slug = writer.slug if writer else site.slug
        return url_for("opac.news_post", slug=slug, post=post.slug)

    def by(post: NewsPost) -> str:
        return names.get(post.unit_id, "") if post.unit_id in writers else ""

    return {"address": address, "by": by}


def _today_at(session: Session, site: Site) -> dict[str, Any]:
    """Return today's hours, whether it is open now, and the next open day when it is not."""
    today = clock.today()
    found = hours.hours_on(session, site.id, today)
    known = any(day.opens for day in hours.week_of(session, site.id)) or found.opens is not None
    following = None
    if not found.open or (found.closes and clock.local(clock.now()).time() >= found.closes):
        following = hours.calendar_for(session, site.id).next_open(today + timedelta(days=1))
    return {
        "hours": found,
        "known": known,
        "open_now": found.open_at(clock.now()),
        "next": _next_hours(session, site.id, following),
        "next_day": following,
        "day": today,
    }


def _next_hours(session: Session, unit_id: int, day: date | None) -> hours.DayHours | None:
    return hours.hours_on(session, unit_id, day) if day else None


def _hours_at(session: Session, place: Place) -> dict[str, Any]:
    today = hours.hours_on(session, place.id, clock.today())
    return {
        "today": today,
        "open_now": today.open_at(clock.now()),
        "week": hours.week_of(session, place.id),
    }


def _libraries(session: Session) -> list[dict[str, Any]]:
    versions = units.unit_versions(session)
    found = []
    for one in units.libraries(session):
        today = hours.hours_on(session, one.id, clock.today())
        found.append(
            {
                "id": one.id,
                "name": versions[one.id].name if one.id in versions else one.code,
                "address": versions[one.id].address if one.id in versions else "",
                "phone": versions[one.id].phone if one.id in versions else "",
                "slug": one.slug,
                "open_now": today.open_at(clock.now()),
                "today": today,
            }
        )
    return found


@bp.get("/robots.txt")
@door.public
def robots() -> Response:
    """Tell robots which pages are worth their while: not every turn of every facet."""
    lines = [
        "User-agent: *",
        "Disallow: /staff/",
        "Disallow: /*/account",
        "Disallow: /account",
        "Disallow: /search",
        "Disallow: /*/search",
        "Disallow: /api/",
        f"Sitemap: {request.url_root}sitemap.xml",
    ]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@bp.get("/sitemap.xml")
@door.public
def sitemap() -> Response:
    """List the maps: one of pages and one for each twenty thousand records."""
    with reading() as session:
        last = session.scalar(select(func.max(Record.id))) or 0
    parts = [f"{request.url_root}sitemap-pages.xml"]
    parts += [f"{request.url_root}sitemap-{n}.xml" for n in range(1, last // MAP_SIZE + 2)]
    return _xml(render_template("opac/sitemap_index.xml", parts=parts))


@bp.get("/sitemap-pages.xml")
@door.public
def sitemap_pages() -> Response:
    """Map the plain pages of every site."""
    with reading() as session:
        slugs = [None, *(one.slug for one in units.libraries(session))]
        sites = [site_for(session, slug) for slug in slugs]
        addresses: list[tuple[str, date | None]] = [
            (s.url(name, _external=True), None)
            for s in sites
            for name in ("home", "new_books", "news", "about")
        ]
        for s in sites[1:]:
            addresses += [
                (s.url("news_post", post=p.slug, _external=True), p.updated_at.date())
                for p in posts.published(session, [s.id], limit=500)
            ]
    return _xml(render_template("opac/sitemap.xml", addresses=addresses))


@bp.get("/sitemap-<int:number>.xml")
@door.public
def sitemap_records(number: int) -> Response:
    """Map one stretch of the records."""
    query = (
        select(Record.id, Record.updated_at)
        .where(Record.id > (number - 1) * MAP_SIZE, Record.id <= number * MAP_SIZE)
        .where(Record.deleted_at.is_(None), Record.suppressed.is_(False))
        .order_by(Record.id)
    )
    root = request.url_root
    with reading() as session:
        addresses = [(f"{root}record/{rid}", at.date()) for rid, at in session.execute(query)]
    if not addresses and number > 1:
        abort(404)
    return _xml(render_template("opac/sitemap.xml", addresses=addresses))


@bp.get("/opensearch.xml", defaults={"slug": None})
@bp.get("/<site:slug>/opensearch.xml")
@door.public
def opensearch(slug: str | None) -> Response:
    """Describe the search box, so that a browser can offer it in its address bar."""
    with reading() as session:
        site = site_for(session, slug)
    text = page("opac/opensearch.xml", site, words=_("Search the catalog"))
    return Response(text, mimetype="application/opensearchdescription+xml")


def _xml(text: str) -> Response:
    return Response(text, mimetype="application/xml")
