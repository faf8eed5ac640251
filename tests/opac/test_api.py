"""The public search for other programs."""

from typing import Any


def test_a_search_answers_total_page_facets_and_records(
    client: Any, province: Any, title: Any, indexed: Any
) -> None:
    indexed()
    answer = client.get("/api/v1/search?q=dat+rung&facets=1").get_json()
    assert set(answer) == {"total", "page", "facets", "records"}
    assert answer["total"] == 1
    assert answer["page"] == 1
    assert answer["records"] == [
        {
            "id": title.id,
            "title": "Đất rừng phương Nam",
            "author": "Đoàn Giỏi",
            "year": 2020,
            "isbn": None,
            "available": True,
        }
    ]
    assert {"value", "label", "count"} == set(answer["facets"]["language"][0])


def test_without_being_asked_it_counts_no_facets(client: Any, province: Any, title: Any) -> None:
    assert client.get("/api/v1/search?q=dat+rung").get_json()["facets"] == {}


def test_a_library_is_named_by_code_slug_or_id(client: Any, province: Any, title: Any) -> None:
    library = province.foreign_library
    for name in (library.code, library.slug, library.id):
        answer = client.get(f"/api/v1/search?q=dat+rung&library={name}")
        assert answer.get_json()["total"] == 1, name
    problem = client.get("/api/v1/search?library=khong-co")
    assert problem.status_code == 404
    assert problem.mimetype == "application/problem+json"
