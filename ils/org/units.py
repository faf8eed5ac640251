"""Finding units and what they were called on a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from ils.core import clock
from ils.core.errors import Invalid, NotFound
from ils.core.kept import kept
from ils.org.models import OrgUnit, OrgUnitVersion


@dataclass(frozen=True)
class Place:
    """Where a unit stands: its path as text and as ids, province first, and its library."""

    id: int
    kind: str
    path: str
    ids: tuple[int, ...]
    library_id: int


def place(session: Session, unit_id: int) -> Place:
    """Return where a unit stands, from memory. Raises ``NotFound``."""
    found = kept(session, "places", lambda: _places(session)).get(unit_id)
    if found is None:
        raise NotFound("unit_unknown", unit_id=unit_id)
    return found


def _places(session: Session) -> dict[int, Place]:
    rows = session.execute(select(OrgUnit.id, OrgUnit.kind, OrgUnit.path)).all()
    kinds = {id_: kind for id_, kind, _path in rows}
    found = {}
    for id_, kind, path in rows:
        ids = tuple(int(part) for part in path.split("/") if part.isdigit())
        library = next((i for i in reversed(ids) if kinds.get(i) == "library"), id_)
        found[id_] = Place(id_, kind, path, ids, id_ if kind == "province" else library)
    return found


def unit(session: Session, unit_id: int) -> OrgUnit:
    """Return a unit. Raises ``NotFound``."""
    found = session.get(OrgUnit, unit_id)
    if found is None:
        raise NotFound("unit_unknown", unit_id=unit_id)
    return found


def unit_by_slug(session: Session, slug: str) -> OrgUnit | None:
    """Return the active unit whose site lies under ``/<slug>/``, if any."""
    return session.scalar(select(OrgUnit).where(OrgUnit.slug == slug, OrgUnit.active))


def unit_by_code(session: Session, code: str) -> OrgUnit:
    """Return a unit by its code. Raises ``NotFound``."""
    found = session.scalar(select(OrgUnit).where(OrgUnit.code == code))
    if found is None:
        raise NotFound("unit_unknown", code=code)
    return found


def province(session: Session) -> OrgUnit | None:
    """Return the root of the tree, None before the first-run page was filled in."""
    return session.scalar(select(OrgUnit).where(OrgUnit.kind == "province").order_by(OrgUnit.id))


def path_ids(found: OrgUnit) -> list[int]:
    """Return the ids from the province down to the unit itself."""
    return [int(part) for part in found.path.split("/") if part]


def is_below(path: str, above: str) -> bool:
    """Tell whether a unit (by path) is the other or lies below it."""
    return path.startswith(above)


def library_of(session: Session, unit_id: int) -> OrgUnit:
    """Return the library a branch or point belongs to; a library or province is its own."""
    return unit(session, place(session, unit_id).library_id)


def libraries(session: Session, below: OrgUnit | None = None) -> Sequence[OrgUnit]:
    """Return the active libraries, in the order of their codes."""
    query = select(OrgUnit).where(OrgUnit.kind == "library", OrgUnit.active).order_by(OrgUnit.code)
    if below is not None:
        query = query.where(OrgUnit.path.startswith(below.path))
    return session.scalars(query).all()


def branches_of(session: Session, library_id: int) -> Sequence[OrgUnit]:
    """Return the circulating units of a library: its branches and points."""
    return session.scalars(
        select(OrgUnit)
        .where(OrgUnit.parent_id == library_id, OrgUnit.kind.in_(("branch", "point")))
        .where(OrgUnit.active)
        .order_by(OrgUnit.kind, OrgUnit.code)
    ).all()


def branches_below(session: Session, above: OrgUnit) -> Sequence[OrgUnit]:
    """Return all circulating units at or below a unit."""
    return session.scalars(
        select(OrgUnit)
        .where(OrgUnit.path.startswith(above.path), OrgUnit.kind.in_(("branch", "point")))
        .where(OrgUnit.active)
        .order_by(OrgUnit.path)
    ).all()


def version_on(session: Session, unit_id: int, day: date | None = None) -> OrgUnitVersion:
    """Return how a unit was called on a day (today by default), else its first version."""
    wanted = day or clock.today()
    query = select(OrgUnitVersion).where(OrgUnitVersion.unit_id == unit_id)
    found = session.scalar(
        query.where(OrgUnitVersion.valid_from <= wanted)
        .order_by(OrgUnitVersion.valid_from.desc())
        .limit(1)
    ) or session.scalar(query.order_by(OrgUnitVersion.valid_from).limit(1))
    if found is None:
        raise NotFound("unit_unknown", unit_id=unit_id)
    return found


def unit_name(session: Session, unit_id: int, on: date | None = None) -> str:
    """Return a unit's name on a day."""
    return version_on(session, unit_id, on).name


def unit_names(session: Session, on: date | None = None) -> dict[int, str]:
    """Return the names of all units on a day, for lists."""
    wanted = on or clock.today()
    found: dict[int, str] = {}
    for unit_id, valid_from, name in kept(session, "names", lambda: _names(session)):
        if valid_from <= wanted or unit_id not in found:
            found[unit_id] = name
    return found


def _names(session: Session) -> list[tuple[int, date, str]]:
    version = OrgUnitVersion
    columns = (version.unit_id, version.valid_from, version.short_name, version.name)
    rows = session.execute(select(*columns).order_by(version.valid_from))
    return [(unit_id, valid_from, short or name) for unit_id, valid_from, short, name in rows]


def unit_versions(session: Session, on: date | None = None) -> dict[int, OrgUnitVersion]:
    """Return the version in force of every unit on a day."""
    wanted = on or clock.today()
    found: dict[int, OrgUnitVersion] = {}
    rows = session.scalars(select(OrgUnitVersion).order_by(OrgUnitVersion.valid_from)).all()
    for row in rows:
        if row.valid_from <= wanted or row.unit_id not in found:
            found[row.unit_id] = row
    return found


@dataclass(frozen=True)
class NewUnit:
    """What founding a unit needs."""

    kind: str
    code: str
    slug: str
    name: str
    short_name: str = ""
    level_label: str = ""
    managing_body: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    about: str = ""
    population: int | None = None
    valid_from: date | None = None
    decision: str = ""


def found_unit(session: Session, new: NewUnit, parent: OrgUnit | None = None) -> OrgUnit:
    """Found a unit below its parent, with the first version of its name.

    Raises ``Invalid`` when the code or the address of its site is taken or reserved.
    """
    if new.slug in RESERVED_SLUGS:
        raise Invalid("slug_reserved", field="slug", slug=new.slug)
    taken = select(OrgUnit.id).where((OrgUnit.code == new.code) | (OrgUnit.slug == new.slug))
    if session.scalar(taken) is not None:
        raise Invalid("unit_taken", field="code", code=new.code, slug=new.slug)
    made = OrgUnit(
        kind=new.kind,
        code=new.code,
        slug=new.slug,
        parent_id=parent.id if parent else None,
        path=f"?{new.code}",
    )
    session.add(made)
    session.flush()
    made.path = f"{parent.path if parent else '/'}{made.id}/"
    session.add(
        OrgUnitVersion(
            unit_id=made.id,
            valid_from=new.valid_from or clock.today(),
            parent_id=made.parent_id,
            name=new.name,
            short_name=new.short_name,
            level_label=new.level_label,
            managing_body=new.managing_body,
            address=new.address,
            phone=new.phone,
            email=new.email,
            about=new.about,
            population=new.population,
            decision=new.decision,
        )
    )
    session.flush()
    return made


# Words that the program itself serves at the top of its address space.
RESERVED_SLUGS = frozenset(
    {"staff", "static", "api", "oai", "sru", "iiif", "healthz", "metrics", "search", "record"}
    | {"register", "privacy", "points", "headings"}
    | {"account", "news", "about", "contact", "cover", "lang", "theme", "sitemap.xml", "robots.txt"}
    | {"patterns", "-", "favicon.ico", "opensearch.xml", "libraries", "first-run"}
)
