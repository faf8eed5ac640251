"""News of a library: written by its staff, shown on its site from the day it is published."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound
from ils.org.units import unit
from ils.text.normal import fold
from opac.models import NewsPost
from opac.permissions import EDIT_NEWS

EDIT = EDIT_NEWS


@dataclass(frozen=True)
class Draft:
    """What a piece of news consists of. Without ``published_on`` it stays a draft."""

    title: str
    summary: str = ""
    text: str = ""
    published_on: date | None = None
    hidden: bool = False


def published(
    session: Session, unit_ids: Sequence[int], *, limit: int, offset: int = 0
) -> list[NewsPost]:
    """Return the news readers may see, newest first."""
    query = select(NewsPost).where(*_visible(unit_ids))
    query = query.order_by(NewsPost.published_on.desc(), NewsPost.id.desc())
    return list(session.scalars(query.limit(limit).offset(offset)))


def count_published(session: Session, unit_ids: Sequence[int]) -> int:
    """Count the news readers may see."""
    return session.scalar(select(func.count()).where(*_visible(unit_ids))) or 0


def post_for_readers(session: Session, unit_ids: Sequence[int], slug: str) -> NewsPost:
    """Return a published post by its address. Raises ``NotFound``."""
    found = session.scalar(select(NewsPost).where(NewsPost.slug == slug, *_visible(unit_ids)))
    if found is None:
        raise NotFound("news_unknown")
    return found


def _visible(unit_ids: Sequence[int]) -> tuple[ColumnElement[bool], ...]:
    return (
        NewsPost.unit_id.in_(unit_ids),
        NewsPost.hidden.is_(False),
        NewsPost.published_on.is_not(None),
        NewsPost.published_on <= clock.today(),
    )


def posts_for_staff(session: Session, actor: Actor, *, limit: int, offset: int) -> list[NewsPost]:
    """Return all news of the library worked at, drafts first."""
    query = select(NewsPost).where(NewsPost.unit_id == actor.library_id)
    query = query.order_by(NewsPost.published_on.desc().nulls_first(), NewsPost.id.desc())
    return list(session.scalars(query.limit(limit).offset(offset)))


def count_for_staff(session: Session, actor: Actor) -> int:
    """Count all news of the library worked at."""
    return session.scalar(select(func.count()).where(NewsPost.unit_id == actor.library_id)) or 0


def post_for_staff(session: Session, actor: Actor, post_id: int) -> NewsPost:
    """Return a post the actor may edit. Raises ``NotFound``, also for another library's."""
    found = session.get(NewsPost, post_id)
    if found is None or not actor.can(EDIT, unit(session, found.unit_id)):
        raise NotFound("news_unknown")
    return found


def write_post(
    session: Session, actor: Actor, draft: Draft, post: NewsPost | None = None
) -> NewsPost:
    """Write a new post of the library worked at, or change one; its address never changes.

    Raises ``Invalid('news_title_missing')``.
    """
    if actor.library_id is None:
        raise Invalid("news_title_missing", field="title")
    at = unit(session, post.unit_id if post else actor.library_id)
    actor.require(EDIT, at)
    if not draft.title.strip():
        raise Invalid("news_title_missing", field="title")
    made = post or NewsPost(
        unit_id=at.id, slug=_free_slug(session, at.id, draft.title), author_id=actor.staff_id
    )
    made.title, made.summary = draft.title.strip()[:200], draft.summary.strip()[:500]
    made.text, made.published_on, made.hidden = draft.text, draft.published_on, draft.hidden
    made.updated_at = clock.now()
    session.add(made)
    session.flush()
    audit(session, actor, "news_written", "news_post", made.id, title=made.title)
    return made


def _free_slug(session: Session, unit_id: int, title: str) -> str:
    """Make an address from a title, marks off, with a number when it is taken."""
    base = re.sub(r"[^a-z0-9]+", "-", fold(title)).strip("-")[:80].strip("-") or "tin"
    taken = set(
        session.scalars(
            select(NewsPost.slug).where(NewsPost.unit_id == unit_id, NewsPost.slug.startswith(base))
        )
    )
    return next(
        s for n in range(1, len(taken) + 2) if (s := base if n == 1 else f"{base}-{n}") not in taken
    )
