"""The public sites of the sample: news on their days, visits and searches counted day by day."""

import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from circulation.sample.province import Units
from circulation.sample.seasons import busyness
from ils.accounts.actor import Actor, system_actor
from ils.core import clock
from ils.core.events import publish_event
from opac.events import OpacSearched, SiteVisited
from opac.news import Draft, write_post

VISITS = {"TVT": 46, "BS": 17, "PL": 12, "AH": 21}  # of a site on an ordinary day
GROWTH = 0.0006  # a day: more readers find their way to the site
SEED = 20260502
DATA = Path(__file__).parent / "data" / "news.toml"
PUBLIC = Actor(name="public", channel="opac")


class Sites:
    """What happens on the libraries' sites, closed days included."""

    def __init__(self) -> None:
        self.rng = Random(SEED)
        self.first: date | None = None

    def __call__(self, session: Session, day: date, units: Units) -> None:
        """Publish the news of a day and count what people did on the sites."""
        self.first = self.first or day
        with clock.at(clock.at_local(day, 20)):
            _publish_news(session, day, units)
            for library, usual in VISITS.items():
                grown = 1 + GROWTH * (day - self.first).days
                visits = round(usual * grown * busyness(day) * self.rng.uniform(0.7, 1.3))
                searches = round(visits * self.rng.uniform(0.9, 1.5))
                unit = units[library].id
                _count(session, unit, SiteVisited(), visits)
                _count(session, unit, OpacSearched(zero=False), searches)
                _count(session, unit, OpacSearched(zero=True), searches // 14)


def _count(
    session: Session, unit: int, happened: SiteVisited | OpacSearched, quantity: int
) -> None:
    if quantity:
        publish_event(
            session,
            PUBLIC,
            happened,
            unit_id=unit,
            library_id=unit,
            quantity=quantity,
            place="opac",
        )


@cache
def _posts() -> list[dict[str, Any]]:
    return list(tomllib.loads(DATA.read_text("utf-8"))["post"])


def _publish_news(session: Session, day: date, units: Units) -> None:
    years = {"year": day.year, "next": day.year + 1}
    for post in _posts():
        if post["on"] != f"{day:%m-%d}":
            continue
        draft = Draft(
            title=post["title"].format(**years),
            summary=post["summary"].format(**years),
            text=post["text"].strip().format(**years),
            published_on=day,
        )
        for library in post["at"]:
            write_post(session, system_actor(session, units[library].id), draft)
