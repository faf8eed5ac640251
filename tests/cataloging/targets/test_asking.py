"""Targets are asked, and each bad one ends in its time with a word that says why."""

import time
from dataclasses import replace
from typing import Any

import pytest

from cataloging.targets.answers import Answer, Failed, Place
from cataloging.targets.asking import Wanted, as_cql, as_pqf
from cataloging.targets.setup import ask, usual_indexes
from tests.cataloging.targets.conftest import GROUP, PASSWORD, USER

ISBN = Wanted("0-13-110362-8")


def at(url: str, **more: Any) -> Place:
    facts = {"version": "1.2", "seconds": 2, "inside": True, "indexes": usual_indexes("sru")}
    return Place("sru", url, **{**facts, **more})


def test_a_question_is_written_in_both_languages() -> None:
    wanted = Wanted(title='Dế "Mèn"', author="Tô Hoài")
    assert as_cql(wanted, usual_indexes("sru")) == (
        'dc.title="Dế \\"Mèn\\"" and dc.creator="Tô Hoài"'
    )
    assert as_pqf(wanted, usual_indexes("z3950")) == (
        '@and @attr 1=4 "Dế \\"Mèn\\"" @attr 1=1003 "Tô Hoài"'
    )
    assert as_cql(ISBN, usual_indexes("sru")) == 'bath.isbn="9780131103627"'
    assert as_cql(ISBN, {"title": "dc.title"}) == ""


@pytest.mark.parametrize("kind", ["good", "escaped", "zip", "away"])
def test_a_record_is_read_however_it_is_packed(sru: Any, kind: str) -> None:
    got, _ms = ask(at(f"{sru.url}/{kind}"), ISBN)
    assert isinstance(got, Answer), got
    assert got.hits == 1
    [(marc, _repairs)] = got.records
    assert {"245": {"ind1": "1", "ind2": "0", "subfields": [{"a": "Mắt biếc"}]}} in marc["fields"]


def test_a_wrong_charset_is_read_and_told(sru: Any) -> None:
    got, _ms = ask(at(f"{sru.url}/latin"), ISBN)
    assert isinstance(got, Answer), got
    [(marc, repairs)] = got.records
    assert "Café" in str(marc)
    assert repairs


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("diagnostic", "diagnostic"),
        ("entity", "unsafe_xml"),
        ("html", "not_sru"),
        ("broken", "bad_xml"),
        ("huge", "too_large"),
        ("bomb", "too_large"),
        ("loop", "too_many_redirects"),
        ("nothing", "http_status"),
    ],
)
def test_a_bad_answer_says_what_is_wrong(sru: Any, kind: str, code: str) -> None:
    got, _ms = ask(at(f"{sru.url}/{kind}"), ISBN)
    assert isinstance(got, Failed)
    assert got.code == code
    if kind == "diagnostic":
        assert got.detail == "16 · Unsupported index · bath.isbn"


@pytest.mark.parametrize("kind", ["dribble", "hang"])
def test_a_slow_one_ends_in_its_time(sru: Any, kind: str) -> None:
    begun = time.monotonic()
    got, _ms = ask(at(f"{sru.url}/{kind}", seconds=1), ISBN)
    assert isinstance(got, Failed)
    assert got.code == "too_slow"
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    ("url", "code", "inside"),
    [
        ("http://127.0.0.1:8080/", "private_address", False),
        ("http://[::ffff:10.0.0.1]/", "private_address", False),
        ("http://169.254.169.254/", "private_address", True),
        ("http://127.0.0.1:25/", "port_forbidden", True),
        ("file:///etc/passwd", "scheme_forbidden", True),
        ("http://127.0.0.1:1024/", "refused", True),
    ],
)
def test_what_may_not_be_called_is_not(url: str, code: str, inside: bool) -> None:
    got, _ms = ask(at(url, inside=inside), ISBN)
    assert isinstance(got, Failed)
    assert got.code == code


@pytest.mark.parametrize("version", ["1.1", "1.2", "2.0", "auto"])
def test_yaz_answers_in_each_version_of_sru(ztest: int, version: str) -> None:
    place = at(
        f"http://127.0.0.1:{ztest}/Default", version=version, indexes={"any": "cql.serverChoice"}
    )
    got, _ms = ask(place, Wanted("computer"))
    assert isinstance(got, Answer), got
    assert got.records
    assert got.version == ("1.2" if version == "auto" else version)


@pytest.mark.parametrize("syntax", ["usmarc", "marcxml"])
def test_yaz_answers_over_z3950(ztest: int, syntax: str) -> None:
    place = Place(
        "z3950",
        "127.0.0.1",
        ztest,
        "Default",
        syntax=syntax,
        seconds=10,
        indexes=usual_indexes("z3950"),
        inside=True,
    )
    got, _ms = ask(place, Wanted(title="computer"))
    assert isinstance(got, Answer), (got.code, got.detail)
    assert got.hits >= len(got.records) > 0
    assert got.records[0][0]["fields"]


def test_a_z3950_target_that_never_speaks_ends_with_its_process(sru: Any) -> None:
    port = int(sru.url.rpartition(":")[2])
    place = Place(
        "z3950", "127.0.0.1", port, "x", seconds=1, indexes={"any": "1=1016"}, inside=True
    )
    begun = time.monotonic()
    got, _ms = ask(place, Wanted("x"))
    assert isinstance(got, Failed)
    assert got.code in ("too_slow", "broken")
    assert time.monotonic() - begun < 3


class TestSigningIn:
    """A target that wants a name and a password gets them, and nobody else does."""

    def test_sru_signs_in_by_http(self, sru: Any) -> None:
        url = f"{sru.url}/closed"
        got, _ms = ask(at(url, user_name=USER, password=PASSWORD), ISBN)
        assert isinstance(got, Answer), got
        assert got.hits == 1
        for facts, code in (
            ({}, "sign_in_needed"),
            ({"user_name": USER, "password": "khác"}, "sign_in_refused"),
            ({"user_name": USER, "password": None}, "password_lost"),
        ):
            got, _ms = ask(at(url, **facts), ISBN)
            assert isinstance(got, Failed)
            assert got.code == code
            assert "khác" not in got.detail

    def test_a_diagnostic_of_sru_refuses_too(self, sru: Any) -> None:
        got, _ms = ask(at(f"{sru.url}/unknown"), ISBN)
        assert isinstance(got, Failed)
        assert got.code == "sign_in_needed"

    def test_the_password_does_not_follow_to_another_host(self, sru: Any) -> None:
        got, _ms = ask(at(f"{sru.url}/leaves", user_name=USER, password=PASSWORD), ISBN)
        assert isinstance(got, Answer), got
        assert sru.signed[-2:] == [("leaves", True), ("good", False)]

    def test_z3950_signs_in_with_its_group(self, closed_ztest: int) -> None:
        place = Place(
            *("z3950", "127.0.0.1", closed_ztest, "Default"),
            syntax="usmarc",
            indexes=usual_indexes("z3950"),
            inside=True,
            user_name=USER,
            user_group=GROUP,
            password=PASSWORD,
        )
        got, _ms = ask(place, Wanted(title="computer"))
        assert isinstance(got, Answer), (got.code, got.detail)
        assert got.records
        for changed, code in (
            ({"password": "khác"}, "sign_in_refused"),
            ({"user_name": "", "user_group": "", "password": ""}, "sign_in_needed"),
        ):
            got, _ms = ask(replace(place, **changed), Wanted(title="computer"))
            assert isinstance(got, Failed)
            assert got.code == code

    def test_what_is_shown_of_a_place_hides_the_password(self) -> None:
        assert PASSWORD not in repr(at("http://x", user_name=USER, password=PASSWORD))
