"""A file comes in: every record stored or told of, nothing twice, and the whole taken back."""

from typing import Any

import pytest
from sqlalchemy import func, select

from cataloging.change_sets import undo_change_set
from cataloging.duplicates.merging import merge_records
from cataloging.export import Chosen, rows_of
from cataloging.imports import ahead, report, runs, work
from cataloging.imports.matching import first_match, keys_of, stored_matches
from cataloging.marc.project import project
from cataloging.models import Barcode, ImportLine, ImportRun, Item, Record, RecordVersion, Register
from circulation import desk
from circulation.checkout import check_out
from ils.core import db
from ils.core.errors import Forbidden, Invalid, NotFound, Refused
from ils.core.jobs import Job, run_next_job
from tests.cataloging.imports.conftest import Bench, book, iso
from tests.factories import card_of, create_actor, create_patron

THREE = (
    book("Dế Mèn phiêu lưu ký"),
    book("Số đỏ", "Vũ Trọng Phụng", "2016"),
    book("Tắt đèn", "Ngô Tất Tố", "2015"),
)


def with_copies(marc: Any, *numbers: str) -> Any:
    copies = [{"952": {"ind1": " ", "ind2": " ", "subfields": [{"p": n}]}} for n in numbers]
    return {**marc, "fields": [*marc["fields"], *copies]}


def titles() -> list[str]:
    with db.reading() as session:
        live = select(Record.title).where(Record.deleted_at.is_(None)).order_by(Record.id)
        return list(session.scalars(live))


def items() -> list[Item]:
    with db.reading() as session:
        return list(session.scalars(select(Item).order_by(Item.id)))


def lines(run_id: int, outcome: str = "") -> list[ImportLine]:
    with db.reading() as session:
        return list(report.lines(session, run_id, outcome=outcome))


def test_a_file_comes_in_and_again_changes_nothing(bench: Bench) -> None:
    data = iso(*THREE)
    _, first = bench.bring_in(data)
    assert (first.found, first.stored, first.matched, first.rejected) == (3, 3, 0, 0)
    assert titles() == ["Dế Mèn phiêu lưu ký", "Số đỏ", "Tắt đèn"]
    with db.reading() as session:
        versions = session.scalar(select(func.count()).select_from(RecordVersion))
    _, again = bench.bring_in(data)
    assert (again.stored, again.matched) == (0, 3)
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(RecordVersion)) == versions


def test_the_file_of_records_that_were_merged_finds_the_one_that_stayed(bench: Bench) -> None:
    """Each by its control number alone, also the one whose fields were not chosen; and what would
    be another title by its number still is."""
    first = book("Dế Mèn", number="1", isbn="9786042087124")
    second = book("Dế Mèn phiêu lưu", "Tô-Hoài", "2020", number="7", source="VN-HN")
    data = iso(first, second)
    bench.bring_in(data)
    with db.transaction() as session:
        kept, gone = session.scalars(select(Record.id).order_by(Record.id)).all()
        head = create_actor(session, "head", bench.place.library)
        marc: Any = {**first, "fields": [f for f in second["fields"] if "003" not in f]}
        merging = merge_records(session, head, kept, [gone], marc, versions={kept: 1, gone: 1}).id

    def matched() -> list[tuple[str, int | None]]:
        run_id, tally = bench.bring_in(data)
        assert (tally.stored, tally.matched) == (0, 2)
        return [(line.reason, line.record_id) for line in lines(run_id)]

    assert matched() == [("control", kept), ("control", kept)]
    other = book("Dế Mèn", isbn="9786042100007")  # the old title, but of another book
    with db.reading() as session:
        seen = project(other)
        assert first_match(keys_of(seen), stored_matches(session, keys_of(seen)), seen) is None
    with db.transaction() as session:
        undo_change_set(session, head, merging)
    assert matched() == [("control", kept), ("control", gone)]


def test_one_bad_record_harms_no_neighbor(bench: Bench) -> None:
    good, bad, last = iso(THREE[0]), b"00099nam a2200049 a 4500rubbish\x1d", iso(THREE[2])
    run_id, tally = bench.bring_in(good + bad + last)
    assert (tally.found, tally.stored, tally.rejected) == (3, 2, 1)
    (line,) = lines(run_id, "rejected")
    assert (line.position, line.byte_start, line.byte_end) == (2, len(good), len(good + bad))
    assert line.raw == bad
    assert line.reason == "no_record"


def test_what_was_stored_comes_out_as_it_went_in(bench: Bench) -> None:
    odd = book(
        "Truyện", extra=[{"9ZZ": {"ind1": "x", "ind2": " ", "subfields": [{"q": "$ {} \\"}]}}]
    )
    bench.bring_in(iso(*THREE, odd))
    with db.reading() as session:
        out = [marc for _id, marc in rows_of(session, Chosen())]
    for given, stored in zip((*THREE, odd), out, strict=True):
        assert stored["fields"] == given["fields"]


def test_every_byte_belongs_to_a_record_or_is_told(bench_here: Bench) -> None:
    data = b"\r\n".join([iso(THREE[0]), iso(THREE[1])[:-40], iso(THREE[2])]) + b"\x1a"
    run_id, tally = bench_here.bring_in(data)
    assert tally.position == len(data)
    told = sum(line.byte_end - line.byte_start for line in lines(run_id, "rejected"))
    stored = sum(len(iso(one)) for one in (THREE[0], THREE[2]))
    assert told + stored + tally.packing == len(data)


class TestMatching:
    """Is it there already?"""

    def test_by_control_number_and_its_source(self, bench: Bench) -> None:
        bench.bring_in(iso(book("Số đỏ", number="7")))
        run_id, tally = bench.bring_in(iso(book("So do, ban khac", "Khác", "1999", number="7")))
        assert tally.matched == 1
        assert lines(run_id)[0].reason == "control"
        _, other = bench.bring_in(iso(book("Khác hẳn", "Ai", "2001", number="7", source="US-x")))
        assert other.stored == 1

    def test_a_control_number_without_a_source_needs_the_same_title(self, bench: Bench) -> None:
        bench.bring_in(iso(book("Số đỏ", year="2016", number="1", source="")))
        _, other = bench.bring_in(iso(book("Tắt đèn", number="1", source="")))
        assert other.stored == 1
        _, same = bench.bring_in(iso(book("Số đỏ", "", "    ", number="1", source="")))
        assert same.matched == 1

    def test_by_a_valid_isbn_in_any_form(self, bench: Bench) -> None:
        bench.bring_in(iso(book("Một", isbn="978-604-2-12345-7")))
        run_id, tally = bench.bring_in(
            iso(book("Hai", "Ai đó", "1990", isbn="9786042123457 (bìa mềm)"))
        )
        assert tally.matched == 1
        assert lines(run_id)[0].reason == "isbn"

    @pytest.mark.parametrize("junk", ["1", "3001", "0", "9786042123450", "không có"])
    def test_junk_in_place_of_an_isbn_never_matches(self, bench_here: Bench, junk: str) -> None:
        bench_here.bring_in(iso(book("Một", isbn=junk)))
        _, tally = bench_here.bring_in(iso(book("Hai", "Khác", "1990", isbn=junk)))
        assert tally.stored == 1

    def test_by_title_author_and_year_however_spelled(self, bench: Bench) -> None:
        bench.bring_in(iso(book("Lý luận văn học", "Trần Đình Sử")))
        run_id, tally = bench.bring_in(iso(book("LÍ LUẬN VĂN HỌC.", "Sử, Trần Đình")))
        assert tally.matched == 1
        assert lines(run_id)[0].reason == "title"
        _, other = bench.bring_in(iso(book("Lý luận văn hóa", "Trần Đình Sử")))
        assert other.stored == 1

    def test_the_disc_of_a_book_is_another_title(self, bench_here: Bench) -> None:
        disc = {**book("Truyện Kiều"), "leader": "00000njm a2200000 a 4500"}
        _, tally = bench_here.bring_in(iso(book("Truyện Kiều"), disc, disc))
        assert (tally.stored, tally.matched) == (2, 1)
        run_id, again = bench_here.bring_in(iso(disc))
        (line,) = lines(run_id)
        assert (again.matched, line.record_id) == (1, 2)

    def test_two_publishers_of_one_title_are_told_apart_by_their_isbn(self, bench: Bench) -> None:
        ours, theirs = (
            book("Truyện Kiều", isbn=isbn) for isbn in ("9786042123457", "9786041004757")
        )
        bench.bring_in(iso(ours))
        _, tally = bench.bring_in(iso(theirs, book("Truyện Kiều")))
        assert (tally.stored, tally.matched) == (1, 1)

    def test_two_alike_in_one_file_are_one_record(self, bench: Bench) -> None:
        _, tally = bench.bring_in(iso(THREE[0], THREE[1], THREE[0]))
        assert (tally.stored, tally.matched) == (2, 1)
        assert len(titles()) == 2

    def test_a_record_with_nothing_to_match_by_is_known_by_its_content(self, bench: Bench) -> None:
        bare: Any = {"leader": "00000nam a2200000 a 4500", "fields": [{"005": "2020"}]}
        bench.bring_in(iso(bare))
        _, tally = bench.bring_in(iso(bare))
        assert tally.matched == 1


class TestOnMatch:
    """What happens to a record that is there."""

    OLD = book(
        "Số đỏ", number="5", extra=[{"590": {"ind1": " ", "ind2": " ", "subfields": [{"a": "ta"}]}}]
    )
    NEW = book(
        "Số đỏ",
        "Vũ Trọng Phụng",
        number="5",
        extra=[{"520": {"ind1": " ", "ind2": " ", "subfields": [{"a": "Tóm tắt"}]}}],
    )

    def tags(self) -> list[str]:
        with db.reading() as session:
            marc = session.scalars(select(Record.marc)).one()
        return [tag for one in marc["fields"] for tag in one]

    def author(self) -> str:
        with db.reading() as session:
            return session.scalars(select(Record.author)).one()

    def test_it_is_left_alone(self, bench: Bench) -> None:
        bench.bring_in(iso(self.OLD))
        bench.bring_in(iso(self.NEW))
        assert self.author() == "Tô Hoài"

    def test_it_is_replaced_but_keeps_what_is_local(self, bench: Bench) -> None:
        bench.bring_in(iso(self.OLD))
        bench.bring_in(iso(self.NEW), on_match="replace")
        assert self.author() == "Vũ Trọng Phụng"
        assert {"520", "590"} <= set(self.tags())

    def test_it_is_merged(self, bench: Bench) -> None:
        bench.bring_in(iso(self.OLD))
        bench.bring_in(iso(self.NEW), on_match="merge")
        assert self.author() == "Tô Hoài"
        assert {"520", "590"} <= set(self.tags())
        _, again = bench.bring_in(iso(self.NEW), on_match="merge")
        assert again.matched == 1
        assert self.tags().count("520") == 1

    def test_it_is_added_only_when_confirmed(self, bench: Bench) -> None:
        bench.bring_in(iso(self.OLD))
        with pytest.raises(Refused, match="import_must_be_confirmed"):
            bench.bring_in(iso(self.OLD), on_match="add")
        bench.bring_in(iso(self.OLD), on_match="add", options={"confirmed": True})
        assert len(titles()) == 2


class TestCopies:
    """Items of 952 and 852."""

    def test_copies_come_with_their_numbers(self, bench: Bench) -> None:
        copies = [
            {
                "i": "TN.00012",
                "p": "TN00012",
                "a": "U3",
                "c": "Giá 3",
                "g": "45.000",
                "d": "2018-03-05",
            },
            {"i": "tn 13", "o": "895.9 S450Đ"},
        ]
        _, tally = bench.bring_in(iso(book("Số đỏ", copies=copies)))
        first, second = items()
        assert tally.items_added == 2
        assert (first.accession_no, first.barcode, first.price) == ("TN.00012", "TN00012", 45_000)
        assert (str(first.accessioned_on), first.shelf) == ("2018-03-05", "Giá 3")
        assert first.opening_balance
        assert (second.accession_key, second.serial) == ("TN13", 13)
        assert second.call_number == "895.9 S450Đ"
        with db.reading() as session:
            register = session.scalars(select(Register)).one()
            assert register.next_serial == 14
            assert session.get(Barcode, "TN00012") is not None

    def test_a_marc_21_holding_makes_a_copy_only_if_it_has_a_number(self, bench: Bench) -> None:
        copies = [{"b": "MUON", "h": "895", "p": "33940"}, {"b": "Thư viện khác", "h": "895"}]
        bench.bring_in(iso(book("Số đỏ", copies=copies, copy_tag="852")))
        (one,) = items()
        assert one.barcode == "33940"

    def test_a_doubled_barcode_is_told_and_its_copy_kept(self, bench: Bench) -> None:
        data = iso(
            book("Một", copies=[{"p": "111"}]), book("Hai", "Khác", "1990", copies=[{"p": "111"}])
        )
        run_id, tally = bench.bring_in(data)
        first, second = items()
        assert (first.barcode, second.barcode) == ("111", None)
        assert "111" in second.note
        assert tally.reasons["barcode_taken"] == 1
        (line,) = lines(run_id)
        assert line.details["items"] == [{"code": "barcode_taken", "number": "111"}]
        _, again = bench.bring_in(data)
        assert again.items_added == 0
        assert len(items()) == 2

    def test_a_second_librarys_copies_come_to_the_record_that_is_there(self, bench: Bench) -> None:
        bench.bring_in(iso(book("Số đỏ", copies=[{"p": "A1"}])))
        with db.transaction() as session:
            other = create_actor(session, "cataloguer", bench.place.foreign_library)
        theirs = Bench(bench.place, other, bench.folder, 10)
        _, tally = theirs.bring_in(
            iso(book("Số đỏ", copies=[{"p": "B1"}])), library_id=bench.place.foreign_library.id
        )
        assert (tally.matched, tally.items_added) == (1, 1)
        first, second = items()
        assert first.record_id == second.record_id
        assert second.owner_id == bench.place.foreign_library.id

    def test_an_accession_number_is_never_given_twice(self, bench: Bench) -> None:
        bench.bring_in(iso(book("Một", copies=[{"i": "TN.00001"}])))
        _, tally = bench.bring_in(iso(book("Hai", "Khác", copies=[{"i": "TN 1"}])))
        assert tally.reasons["accession_taken"] == 1
        assert [one.accession_key for one in items()] == ["TN1", None]


class TestUndoing:
    """Taking an import back."""

    def test_a_whole_import_is_taken_back(self, bench: Bench) -> None:
        bench.bring_in(iso(book("Trước đó")))
        run_id, _ = bench.bring_in(iso(*THREE, book("Bốn", copies=[{"p": "9"}])))
        with db.transaction() as session:
            done, job = runs.undo_run(session, bench.cataloger, run_id)
        assert job is None
        assert done
        assert (done.records_removed, done.items_removed) == (4, 1)
        assert titles() == ["Trước đó"]
        assert items() == []
        _, again = bench.bring_in(iso(*THREE))
        assert again.stored == 3

    def test_a_copy_lent_since_stands_in_the_way(self, bench: Bench) -> None:
        run_id, _ = bench.bring_in(iso(book("Một", copies=[{"p": "9"}]), THREE[1]))
        with db.transaction() as session:
            clerk = create_actor(session, "head", bench.place.branch)
            card = card_of(session, create_patron(session, bench.place.branch))
        assert desk.perform(check_out, clerk, barcode="9", card=card, key="k").ok
        with db.transaction() as session, pytest.raises(Refused, match="undo_blocked"):
            runs.undo_run(session, bench.cataloger, run_id)
        with db.transaction() as session:
            runs.undo_run(session, bench.cataloger, run_id, partial=True)
        assert titles() == ["Một"]

    def test_a_replaced_record_gets_its_content_back(self, bench: Bench) -> None:
        bench.bring_in(iso(TestOnMatch.OLD))
        run_id, _ = bench.bring_in(iso(TestOnMatch.NEW), on_match="replace")
        with db.transaction() as session:
            runs.undo_run(session, bench.cataloger, run_id)
        with db.reading() as session:
            assert session.scalars(select(Record.author)).one() == "Tô Hoài"

    def test_what_was_undone_is_no_earlier_import_and_does_not_go_on(self, bench: Bench) -> None:
        """Also when it was undone as a change set, of which the run hears nothing itself."""
        run_id, _ = bench.bring_in(iso(*THREE))
        again, _ = bench.bring_in(iso(*THREE))
        with db.transaction() as session:
            run = session.get_one(ImportRun, run_id)
            run.status = "stopped"
            assert runs.same_file_before(session, session.get_one(ImportRun, again)) is run
            undo_change_set(session, bench.cataloger, run.change_set_id or 0)
        with db.transaction() as session:
            assert runs.same_file_before(session, session.get_one(ImportRun, again)) is None
            with pytest.raises(Refused, match="import_begun"):
                runs.prepare(session, bench.cataloger, run_id)


class TestRules:
    """Who may, and what is refused."""

    def test_a_dry_run_stores_nothing(self, bench: Bench) -> None:
        run = bench.receive(iso(*THREE, THREE[0]))
        tally = work.proceed(run.id, bench.cataloger, dry=True)
        assert (tally.found, tally.stored, tally.matched) == (4, 3, 1)
        assert titles() == []

    @pytest.mark.parametrize("on_match", ["skip", "merge"])
    def test_a_trial_counts_what_the_import_then_does(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch, on_match: str
    ) -> None:
        monkeypatch.setattr(ahead, "AT_ONCE", 2)
        bench.bring_in(iso(with_copies(THREE[0], "TV1", "TV2"), with_copies(THREE[1], "TV3")))
        file = iso(
            with_copies(THREE[0], "TV1", "TV2", "TV4"),  # two of three are there
            with_copies(THREE[2], "TV3", "TV5"),  # one number belongs to another title
            with_copies(book("Lão Hạc", "Nam Cao"), "TV5", "TV6"),  # one was in the chunk before
            with_copies(book("Lão Hạc", "Nam Cao"), "TV6", "TV7"),  # the same title again
        )
        run = bench.receive(file, on_match=on_match)
        tried = work.proceed(run.id, bench.cataloger, dry=True)
        _, done = bench.bring_in(file, on_match=on_match)
        told = ("found", "stored", "matched", "items_added", "items_there", "reasons")
        assert [getattr(tried, name) for name in told] == [getattr(done, name) for name in told]
        assert (done.items_added, done.items_there) == (6, 3)

    def test_nobody_imports_for_another_library(self, bench_here: Bench) -> None:
        with pytest.raises(Forbidden):
            bench_here.receive(iso(*THREE), library_id=bench_here.place.foreign_library.id)
        with db.transaction() as session:
            stranger = create_actor(session, "cataloguer", bench_here.place.foreign_library)
        run_id, _ = bench_here.bring_in(iso(*THREE))
        with db.reading() as session, pytest.raises(NotFound):
            runs.run_for(session, stranger, run_id)

    def test_an_empty_file_is_refused(self, bench_here: Bench) -> None:
        with pytest.raises(Invalid, match="import_file_empty"):
            bench_here.receive(b"")

    def test_a_file_of_no_known_format_is_refused(self, bench_here: Bench) -> None:
        with pytest.raises(Refused, match="import_format_unknown"):
            bench_here.bring_in(b"Kinh gui thu vien,\nxin chao\n")

    def test_rules_do_not_change_once_it_has_begun(self, bench_here: Bench) -> None:
        run_id, _ = bench_here.bring_in(iso(*THREE))
        with db.transaction() as session, pytest.raises(Refused, match="import_begun"):
            runs.change_rules(session, bench_here.cataloger, run_id, on_match="merge")

    def test_the_worker_does_it_and_tells_how_far_it_is(self, bench: Bench) -> None:
        run = bench.receive(iso(*THREE))
        with db.transaction() as session:
            job_id = runs.begin(session, bench.cataloger, run.id).id
        assert run_next_job()
        with db.reading() as session:
            job = session.get_one(Job, job_id)
            assert (job.status, job.done) == ("done", job.total)
            assert session.get_one(ImportRun, run.id).status == "done"
        assert len(titles()) == 3

    def test_the_same_file_is_known_again(self, bench_here: Bench) -> None:
        first, _ = bench_here.bring_in(iso(*THREE))
        again = bench_here.receive(iso(*THREE))
        with db.reading() as session:
            before = runs.same_file_before(session, again)
        assert before
        assert before.id == first
