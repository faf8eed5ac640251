"""``./sen bench editor``: a record of 300 fields opened, and checked as it is being typed.

The page is asked over HTTP as ``./sen run`` serves it, in each of its views; then what stands on it
is sent for a check, as the page does after each pause of the fingers, and kept as a draft.
"""

import re
from typing import Final
from urllib.parse import urlencode

from bench.measure import Results, scratch, scratch_database, tell
from bench.province import PASSWORD, Library, found_province, hire, stock
from bench.server import Visitor, serving
from cataloging.editor.rows import encode
from cataloging.marc.model import Marc, data_field
from cataloging.records import create_record
from ils.accounts.actor import system_actor
from ils.accounts.staff import create_staff
from ils.core.config import Config
from ils.core.db import transaction

FIELDS: Final = 300
AGAIN: Final = 40
OPEN_MS: Final = 300
CHECK_MS: Final = 50


def run(records: int | None = None, as_json: bool = False) -> None:
    """Measure and print; ``records`` is the number of fields of the record."""
    count = records or FIELDS
    results = Results("editor", {"fields": count})
    with scratch("editor") as folder, scratch_database(folder) as config:
        library, *_ = found_province(1)
        stock([library], 200)
        hire(library, 1)
        _measure(results, config, library, long_record(count))
    results.show(as_json=as_json)


def long_record(count: int) -> Marc:
    """Make a record of so many fields, with three subfields each and some things to remark."""
    fields = [
        {"008": "260101s2020    vm            000 1 vie d"},
        data_field("245", "1", "0", ("a", "Tuyển tập văn học"), ("b", "thơ, truyện")),
    ]
    fields += [
        data_field("700", "1", "2", ("a", f"Nguyễn Văn {n}"), ("t", f"Bài thứ {n}"), ("9", "x"))
        for n in range(count - len(fields))
    ]
    return {"leader": "00000nam a2200000 a 4500", "fields": fields}


def _measure(results: Results, config: Config, library: Library, marc: Marc) -> None:
    with transaction() as session:
        record = create_record(session, system_actor(), marc)
        create_staff(
            session,
            system_actor(),
            username="bienmuc",
            name="Biên mục",
            password=PASSWORD,
            home_unit_id=library.branches[0],
            role="head",
            must_change=False,
        )
        record_id = record.id
    path = f"/staff/catalog/{record_id}/edit"
    typed = dict.fromkeys(["view"], "marc") | {"record": str(record_id), "version": "1"}
    with serving(config) as server:
        person = Visitor(server.port)
        person.sign_in("bienmuc", PASSWORD)
        for view in ("marc", "form", "text"):
            tell(f"opening it: {view}")
            before = len(server.handled("GET", path))
            for _ in range(AGAIN):
                page = person.get(f"{path}?view={view}")
                assert re.search(r"<form[^>]*data-editor", page)
            took = server.handled("GET", path)[before + 2 :]
            results.times(f"open_{view}", f"opened, {view}", took, p95_at_most=OPEN_MS)
        tell("checking it")
        body = urlencode([*typed.items(), *encode(marc)])
        for act, budget in (("check", CHECK_MS), ("keep", None)):
            asked = f"/staff/catalog/editor/{act}"
            for _ in range(AGAIN):
                person.post_encoded(asked, body)
            took = server.handled("POST", asked)[2:]
            results.times(act, {"check": "checked", "keep": "kept"}[act], took, p95_at_most=budget)
