"""The desks work on while a file comes in, and files are looked through before any lock."""

import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from cataloging.imports import runs, work
from cataloging.models import ImportRun, Record
from circulation import desk
from circulation.checkin import check_in
from circulation.checkout import check_out
from ils.core import db
from ils.core.config import config
from tests.cataloging.imports.conftest import Bench, book, iso
from tests.factories import card_of, create_actor, create_item, create_patron

RECORDS = 4_000


@pytest.mark.slow
def test_books_are_lent_and_returned_while_a_file_comes_in(bench: Bench) -> None:
    data = iso(*(book(f"Sách số {n}", copies=[{"p": f"L{n}"}]) for n in range(RECORDS)))
    run = bench.receive(data)
    with db.transaction() as session:
        runs.prepare(session, bench.cataloger, run.id)
        clerk = create_actor(session, "head", bench.place.branch)
        card = card_of(session, create_patron(session, bench.place.branch))
        barcode = create_item(session, bench.place.branch).barcode or ""
    begun = threading.Event()
    failed: list[BaseException] = []

    def bring_in() -> None:
        try:
            work.proceed(run.id, bench.cataloger, lambda _tally, _known: begun.set())
        except BaseException as error:  # told by the test, not swallowed by the thread
            failed.append(error)

    importing = threading.Thread(target=bring_in)
    importing.start()
    assert begun.wait(60)
    acts = 0
    while importing.is_alive():
        assert desk.perform(check_out, clerk, barcode=barcode, card=card, key=f"out{acts}").ok
        assert desk.perform(check_in, clerk, barcode=barcode, key=f"in{acts}").ok
        acts += 1
        time.sleep(0.02)  # no hand is quicker; SQLite's lock is not fair to those who wait for it
    importing.join()
    if failed:
        raise failed[0]
    assert acts >= 5  # about one for every step of the import on a slow machine
    with db.reading() as session:
        assert session.get_one(ImportRun, run.id).status == "done"
        count = session.scalar(select(func.count()).where(Record.title.startswith("Sách số")))
    assert count == RECORDS


def test_a_file_that_lies_with_ours_is_kept_when_its_first_name_goes(bench_here: Bench) -> None:
    folder = config().files_dir / "imports"
    folder.mkdir(parents=True, exist_ok=True)
    sent = folder / "upload-1"
    sent.write_bytes(iso(book("Một")))
    looked = runs.look_at(sent)
    run = bench_here.receive(sent, looked=looked)
    sent.unlink()
    assert runs.digest_of(Path(run.file_path)) == looked.digest == run.file_sha256
