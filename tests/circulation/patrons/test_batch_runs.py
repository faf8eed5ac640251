"""Long acts on many patrons: done by the worker part by part, stopped, killed, gone on, undone."""

from contextlib import contextmanager
from datetime import timedelta

import pytest

from circulation.patrons import batch_runs, batches, class_runs, new_year, renewals
from circulation.patrons.batch_models import PatronBatch, PatronBatchLine, PatronBatchRow
from circulation.patrons.batch_runs import carry_out, go_on, stop, take_back
from circulation.patrons.models import Patron, PatronCard
from circulation.patrons.new_year import ClassMove, LeaverTerms, begin_school_year
from circulation.patrons.renewals import Choice, look_at_renewals
from ils.core import clock, jobs
from ils.core.errors import Refused
from ils.core.jobs import HEARTBEAT_EXPIRES, Job, Progress, run_next_job
from tests.circulation.conftest import Library
from tests.circulation.patrons.test_classes import as_it_stands, look, zip_of
from tests.circulation.patrons.test_new_year import fee, pupil

NAMES = ("An", "Bé", "Cả", "Dũng", "Em", "Giang", "Hà")
ROWS = [
    [n, f"HS{n}", f"Trần {x}", f"{n}/2/2014", "", "6A", "x", ""] for n, x in enumerate(NAMES, 1)
]
WRONG = [8, "HS8", "", "1/1/2014", "", "6A", "", ""]
TWICE = [9, "", *ROWS[0][2:]]


class Killed(BaseException):
    """The worker's process is gone; nothing catches this."""


@pytest.fixture(autouse=True)
def short_parts(monkeypatch):
    """Everything is long here, and every part is two rows."""
    monkeypatch.setattr(batch_runs, "AT_ONCE", 0)
    monkeypatch.setattr(batch_runs, "TELL_EVERY", 0)
    monkeypatch.setattr(jobs, "BREATH", 0)
    for module, name in (
        *((class_runs, "ROWS"), (class_runs, "PHOTOS"), (new_year, "PUPILS")),
        *((renewals, "CARDS"), (batches, "PART")),
    ):
        monkeypatch.setattr(module, name, 2)


@contextmanager
def at_the_third_part(monkeypatch, then):
    """Have something happen when the worker tells for the third time how far it is."""
    told = []
    tell = Progress.tell

    def third(self, *args, **kwargs):
        told.append(args)
        if len(told) == 3:
            then()
        tell(self, *args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(Progress, "tell", third)
        yield


def work(library):
    with clock.at(library.now):
        while run_next_job():
            pass


def kill(library, monkeypatch):
    """Let the worker begin and kill it after some parts; another finds the work a minute later."""

    def die():
        raise Killed

    with at_the_third_part(monkeypatch, die), pytest.raises(Killed):
        work(library)
    library.now += HEARTBEAT_EXPIRES + timedelta(seconds=1)


def act(library, does, *args, **kwargs):
    with library.writing() as session:
        return does(session, library.clerk, *args, **kwargs)


def state(library, batch):
    found = library.get(PatronBatch, batch.id)
    return found.state, found.done_to, found.total


def test_a_list_goes_on_after_the_worker_was_killed_and_nobody_is_there_twice(
    library: Library, monkeypatch
):
    photos = zip_of("HS1.jpg", "HS7.jpg", "HS3.jpg")
    batch = look(library, *ROWS, WRONG, TWICE, photos=photos, photos_agreed=True).batch
    assert state(library, batch) == ("trying", 0, 12)
    kill(library, monkeypatch)
    work(library)
    looked = as_it_stands(library, batch.id)
    assert looked.said() == ["added"] * 7 + ["name_missing", "row_twice"]
    assert (looked.batch.state, library.all(Patron), len(looked.photos)) == ("draft", [], 3)
    act(library, carry_out, batch.id)
    kill(library, monkeypatch)
    assert 0 < len(library.all(Patron)) < 7
    work(library)
    done = as_it_stands(library, batch.id)
    assert (done.batch.state, done.said()) == ("done", looked.said())
    assert [one.name for one in library.all(Patron)] == [f"Trần {name}" for name in NAMES]
    assert len(library.all(PatronCard)) == len(library.events("card_issued")) == 7
    assert done.batch.facts["photos"] == 3
    assert act(library, take_back, batch.id).state == "undoing"
    kill(library, monkeypatch)
    work(library)
    undone = library.get(PatronBatch, batch.id)
    assert (undone.undone, undone.facts["back"], undone.facts["left"]) == (True, 7, 0)
    assert library.all(Patron) == library.all(PatronBatchLine) == library.all(PatronBatchRow) == []


def test_what_was_stopped_goes_on_or_is_undone(lite: Library, monkeypatch):
    batch = look(lite, *ROWS).batch
    work(lite)
    act(lite, carry_out, batch.id)
    with pytest.raises(Refused, match="patron_batch_at_work"):
        act(lite, take_back, batch.id)
    with at_the_third_part(monkeypatch, lambda: act(lite, stop, batch.id)):
        work(lite)
    assert state(lite, batch) == ("running", 6, 7)
    assert [job.status for job in lite.all(Job)] == ["done", "canceled"]
    act(lite, go_on, batch.id)
    work(lite)
    assert (state(lite, batch), len(lite.all(Patron))) == (("done", 7, 7), 7)


def test_what_was_stopped_is_undone_as_far_as_it_was_done(lite: Library):
    batch = look(lite, *ROWS).batch
    work(lite)
    act(lite, carry_out, batch.id)
    act(lite, stop, batch.id)
    work(lite)
    assert state(lite, batch) == ("running", 0, 7)
    act(lite, take_back, batch.id)
    work(lite)
    assert lite.get(PatronBatch, batch.id).undone


def test_many_cards_are_looked_at_then_renewed_each_once(library: Library, monkeypatch):
    fee(library)
    soon = library.today + timedelta(days=10)
    for name in NAMES:
        pupil(library, name, "6A", expires_on=soon, consent=True)
    late = pupil(library, "Mới", "6A", consent=True)
    until = library.today + timedelta(days=300)
    batch = act(
        library, look_at_renewals, Choice(school_class="6A", school="THCS Sen"), until=until
    )
    kill(library, monkeypatch)
    work(library)
    looked = as_it_stands(library, batch.id)
    assert looked.said() == ["ready"] * 7 + ["refused"]
    assert (looked.batch.facts["charged"], library.events("card_renewed")) == (140_000, [])
    act(library, carry_out, batch.id)
    kill(library, monkeypatch)
    work(library)
    done = library.get(PatronBatch, batch.id)
    assert (done.facts["renewed"], done.facts["refused"], done.facts["charged"]) == (7, 1, 140_000)
    assert len(library.events("card_renewed")) == 7
    ends = {card.patron_id: card.expires_on for card in library.all(PatronCard)}
    assert [one for one, day in ends.items() if day != until] == [late.id]


def test_a_school_year_goes_on_and_moves_nobody_twice(library: Library, monkeypatch):
    for name in NAMES:
        pupil(library, name, "6A")
    moves = [ClassMove("THCS Sen", "6A", "7A"), ClassMove("THCS Sen", "7A", "8A")]
    batch = act(library, begin_school_year, "2026–2027", moves, LeaverTerms())
    kill(library, monkeypatch)
    moved_by_hand = next(one for one in library.all(Patron) if one.school_class == "6A")
    with library.writing() as session:
        session.get_one(Patron, moved_by_hand.id).school_class = "6B"
    work(library)
    classes = [one.school_class for one in library.all(Patron)]
    assert (classes.count("7A"), classes.count("6B")) == (6, 1)
    assert library.get(PatronBatch, batch.id).facts["moved"] == 6
