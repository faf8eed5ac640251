"""Files of authorities: looked at, brought in, again without any change, gone on with, undone."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from cataloging.authorities import importing
from cataloging.authorities.models import Authority, AuthorityImport, AuthorityVersion
from cataloging.authorities.writing import create_authority
from cataloging.change_sets import undo_change_set
from cataloging.marc import formats
from cataloging.marc.model import Marc, data_field
from ils.accounts.actor import Actor, system_actor
from ils.core.db import reading, transaction
from ils.core.errors import Invalid
from ils.core.jobs import Progress, run_next_job
from tests.factories import create_province, create_record

LEADER = "00000nz  a2200000n  4500"


@pytest.fixture
def actor(both: Engine, monkeypatch: pytest.MonkeyPatch) -> Actor:
    monkeypatch.setattr("ils.core.jobs.BREATH", 0)
    assert both
    with transaction() as session:
        create_province(session)
    return system_actor()


def record(number: int, *fields: dict[str, object]) -> Marc:
    ids: list[dict[str, object]] = [{"001": f"a{number}"}, {"003": "VN-TVQG"}]
    return {"leader": LEADER, "fields": [*ids, *fields]}


def some() -> list[Marc]:
    return [
        record(
            1,
            data_field("100", "1", " ", ("a", "Nam Cao,"), ("d", "1915-1951")),
            data_field("400", "1", " ", ("a", "Trần Hữu Tri")),
            data_field("670", " ", " ", ("a", "Từ điển văn học")),
        ),
        record(2, data_field("100", "1", " ", ("a", "Nguyễn, Nhật Ánh"))),
        record(
            3,
            data_field("151", " ", " ", ("a", "Hà Nội")),
            data_field("451", " ", " ", ("a", "Thăng Long")),
        ),
        record(4, data_field("148", " ", " ", ("a", "Thế kỷ 20"))),  # a kind that is not kept
        {
            **record(5, data_field("245", "1", "0", ("a", "Số đỏ"))),
            "leader": "00000nam a2200000 a 4500",
        },
    ]


def file_of(folder: Path, marcs: list[Marc], format: str = "iso2709") -> Path:
    path = folder / "headings"
    with path.open("wb") as stream:
        formats.write(marcs, format, stream)
    return path


def taken(actor: Actor, path: Path, on_match: str = "merge") -> int:
    with transaction() as session:
        return importing.receive(
            session, actor, source=path, file_name="x.mrc", on_match=on_match
        ).id


def brought(actor: Actor, path: Path, on_match: str = "merge") -> AuthorityImport:
    run_id = taken(actor, path, on_match)
    with transaction() as session:
        importing.begin(session, actor, run_id)
    assert run_next_job()
    with reading() as session:
        return session.get_one(AuthorityImport, run_id)


def counts(run: AuthorityImport) -> tuple[int, ...]:
    return run.found, run.added, run.changed, run.same, run.rejected


@pytest.mark.parametrize("format", ["iso2709", "marcxml", "json"])
def test_a_file_is_looked_at_brought_in_and_again_changes_nothing(
    actor: Actor, tmp_path: Path, format: str
) -> None:
    path = file_of(tmp_path, some(), format)
    run_id = taken(actor, path)
    with reading() as session:
        looked = importing.preview(session, session.get_one(AuthorityImport, run_id))
    assert looked.counts == {"added": 3, "changed": 0, "same": 0, "rejected": 2}
    assert [one.reason for one in looked.shown if one.reason] == ["no_heading", "no_authority"]
    assert counts(brought(actor, path)) == (5, 3, 0, 0, 2)
    for on_match in importing.ON_MATCH:
        assert counts(brought(actor, path, on_match)) == (5, 0, 0, 3, 2)
    with reading() as session:
        names = session.scalars(select(Authority.heading).order_by(Authority.filing)).all()
        assert names == ["Hà Nội", "Nam Cao, 1915-1951", "Nguyễn Nhật Ánh"]
        assert session.scalar(select(func.count()).select_from(AuthorityVersion)) == 3


def test_a_merge_adds_forms_ours_lacks_a_replacement_takes_theirs_and_undo_gives_back(
    actor: Actor, tmp_path: Path
) -> None:
    with transaction() as session:
        ours = create_authority(
            session,
            actor,
            record(
                1,
                data_field("100", "1", " ", ("a", "Nam Cao")),
                data_field("400", "1", " ", ("a", "Xuân Du")),
                data_field("680", " ", " ", ("i", "Nhà văn hiện thực")),
            ),
        )
        create_record(session, "Sống mòn", author="Trần Hữu Tri")
        before = ours.marc
    run = brought(actor, file_of(tmp_path, some()[:1]))
    assert counts(run) == (1, 0, 1, 0, 0)
    with transaction() as session:
        now = session.get_one(Authority, ours.id)
        assert now.heading == "Nam Cao"
        assert [f["400"]["subfields"][0]["a"] for f in now.marc["fields"] if "400" in f] == [
            "Xuân Du",
            "Trần Hữu Tri",
        ]
        undo_change_set(session, actor, run.change_set_id or 0)
        assert session.get_one(Authority, ours.id).marc == before
        assert importing.status_of(session, session.get_one(AuthorityImport, run.id)) == "undone"
    brought(actor, file_of(tmp_path, some()[:1]), "replace")
    with reading() as session:
        now = session.get_one(Authority, ours.id)
        assert (now.heading, now.control_number) == ("Nam Cao, 1915-1951", "a1")


def test_an_import_that_was_killed_goes_on_and_has_nothing_twice(
    actor: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "AT_ONCE", 2)
    marcs = [record(n, data_field("100", "1", " ", ("a", f"Tác giả {n}"))) for n in range(7)]
    run_id = taken(actor, file_of(tmp_path, marcs))
    with transaction() as session:
        job = importing.begin(session, actor, run_id)

    def killed(_self: Progress, *_words: object, **_more: object) -> None:
        raise MemoryError  # the process ends between two parts

    with monkeypatch.context() as patched:
        patched.setattr(Progress, "go_on", killed)
        with pytest.raises(MemoryError):
            importing.import_authorities(Progress(job.id), job.args)
    assert run_next_job()
    with reading() as session:
        assert counts(session.get_one(AuthorityImport, run_id)) == (7, 7, 0, 0, 0)
        assert session.scalar(select(func.count()).select_from(Authority)) == 7


def test_what_is_no_file_of_records_is_refused(actor: Actor, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"%PDF-1.4 nothing of ours")
    with pytest.raises(Invalid, match="import_format_unknown"):
        taken(actor, path)
