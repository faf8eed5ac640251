"""Fields of records side by side, chosen one by one."""

from hypothesis import given
from hypothesis import strategies as st

from cataloging.duplicates.rules.choosing import made_of, rows_of
from cataloging.marc.model import Marc, control, data_field, fields, first, subfields
from cataloging.marc.text import write


def marc(*some: dict, leader: str = "00000nam a2200000 a 4500") -> Marc:
    return {"leader": leader, "fields": list(some)}


TITLE = data_field("245", "1", "0", ("a", "Số đỏ"))
KEPT = marc({"001": "k1"}, {"003": "VN"}, TITLE, data_field("650", " ", "4", ("a", "Văn học")))
OTHER = marc(
    {"001": "o2"},
    {"003": "XX"},
    data_field("245", "1", "0", ("a", "So do")),
    data_field("520", " ", " ", ("a", "Xuân Tóc Đỏ.")),
    data_field("650", " ", "4", ("a", "Văn học")),
    data_field("650", " ", "4", ("a", "Trào phúng")),
    data_field("952", " ", " ", ("p", "VN.1")),
)


def begun(*marcs: Marc) -> list[str]:
    return [line.key for row in rows_of(marcs) for line in row.lines if line.chosen]


def test_to_begin_with_the_one_that_stays_gets_what_only_the_other_says() -> None:
    made = made_of([KEPT, OTHER], begun(KEPT, OTHER))
    assert first(made, "245", "a") == "Số đỏ"
    assert first(made, "520", "a") == "Xuân Tóc Đỏ."
    assert [subfields(f, "a") for f in fields(made, "650")] == [["Văn học"], ["Trào phúng"]]
    assert control(made, "001") == "k1"
    assert fields(made, "952") == [], "fields about copies are theirs"
    assert [tag for one in made["fields"] for tag in one] == [
        "001",
        "003",
        "245",
        "520",
        "650",
        "650",
    ]


def test_a_field_both_have_is_one_line_and_one_that_stands_once_is_chosen_once() -> None:
    rows = {row.tag: row for row in rows_of([KEPT, OTHER])}
    assert "001" not in rows
    assert [line.places for line in rows["650"].lines] == [(0, 1), (1,)]
    assert (rows["245"].once, rows["245"].same, len(rows["245"].lines)) == (True, False, 2)
    assert rows["LDR"].same
    every = [line.key for row in rows.values() for line in row.lines]
    made = made_of([KEPT, OTHER], every)
    assert len(fields(made, "245")) == 1
    assert len(fields(made, "952")) == 1


def test_the_others_title_is_taken_where_it_is_chosen() -> None:
    rows = {row.tag: row for row in rows_of([KEPT, OTHER])}
    theirs = next(line.key for line in rows["245"].lines if line.places == (1,))
    made = made_of([KEPT, OTHER], [theirs])
    assert write(made).split("\n") == [
        "LDR 00000nam#a2200000#a#4500",
        "001 k1",
        "003 VN",
        "245 10 $a So do",
    ]


def test_choices_made_are_shown_again() -> None:
    theirs = rows_of([KEPT, OTHER])[1].lines[1].key
    again = [
        line.key for row in rows_of([KEPT, OTHER], [theirs]) for line in row.lines if line.chosen
    ]
    assert again == [theirs]


def test_linked_fields_of_two_records_are_never_taken_for_a_pair() -> None:
    def linked(title: str, script: str) -> Marc:
        return marc(
            data_field("500", " ", " ", ("6", "880-01"), ("a", title)),
            data_field("880", " ", " ", ("6", "500-01"), ("a", script)),
        )

    one, two = linked("Một", "一"), linked("Hai", "二")
    made = made_of([one, two], begun(one, two))
    links = [subfields(f, "6")[0] for f in fields(made, "500", "880")]
    assert links == ["880-01", "880-02", "500-01", "500-02"]
    assert made_of([one, one], begun(one, one)) == one


_text = st.text(alphabet="ab $/", min_size=1, max_size=6)
_field = st.builds(
    lambda tag, a, b: data_field(tag, " ", " ", ("a", a), ("b", b)),
    st.sampled_from(["020", "245", "500", "650", "700", "999"]),
    _text,
    _text,
)
_marc = st.lists(_field, max_size=6).map(lambda some: marc(*some))


@given(kept=_marc, other=_marc)
def test_all_lines_of_one_record_make_that_record(kept: Marc, other: Marc) -> None:
    """The one that stays loses nothing that is chosen, whatever stands beside it."""
    once = {"245"}
    mine = [line.key for row in rows_of([kept, other]) for line in row.lines if 0 in line.places]
    made = made_of([kept, other], mine)
    seen: set[str] = set()
    expected = []
    for one in kept["fields"]:
        tag = next(iter(one))
        if tag not in once or tag not in seen:
            expected.append(one)
        seen.add(tag)
    assert made["fields"] == expected
