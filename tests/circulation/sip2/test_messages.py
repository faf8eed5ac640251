"""SIP2 on the wire: whole messages, their checksums, and what is no message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pysip2 import calculate_checksum, decode_message

from circulation.sip2.messages import (
    BadMessage,
    Message,
    build,
    day_of,
    layouts,
    moment_of,
    parse,
    stamp,
)


def test_a_checkout_is_taken_apart() -> None:
    raw = b"11YN20261127    101500                  AOTVT|AAST000025|ABVN.00012|AC|AD1234|AY3AZ"
    found = parse(raw + calculate_checksum(raw).encode() + b"\r")
    assert (found.code, found.name, found.sequence, found.checked) == ("11", "checkout", "3", True)
    assert found.fixed["renewal_policy"] == "Y"
    assert found.fixed["no_block"] == "N"
    assert (found.get("AA"), found.get("AB"), found.get("AD")) == ("ST000025", "VN.00012", "1234")
    assert found.get("BI") == ""


def test_an_answer_is_written_to_the_letter() -> None:
    told = Message("94", {"ok": "1"}, (), "0", checked=True)
    assert build(told) == b"941AY0AZFDFD\r"
    assert build(Message("96")) == b"96\r"
    assert build(Message("96", checked=True)) == b"96AZFEF6\r"
    assert build(Message("94", {"ok": "0"})) == b"940\r"


def test_the_checksum_is_of_bytes_and_another_implementation_agrees() -> None:
    told = Message(
        "36",
        {"ended": "Y", "transaction_date": "20261127    101500"},
        (("AO", "TVT"), ("AA", "1"), ("AF", "Hẹn gặp lại | lần sau\r\n")),
        "7",
        checked=True,
    )
    wire = build(told)
    assert "Hẹn gặp lại / lần sau ".encode() in wire
    read = decode_message(wire, encoding="utf-8")
    assert read.sequence_number == 7


def test_a_machine_without_marks_is_spoken_to_without() -> None:
    told = Message("36", {"ended": "Y"}, (("AF", "Đặng Thùy Trâm"),))
    assert b"AFDang Thuy Tram|" in build(told, ascii_only=True)


def test_a_short_checksum_of_a_careless_client_is_read() -> None:
    # a sum whose two's complement begins with zeros, written without them
    padded = b"35" + b"20261127    101500" + b"AO" + b"\xff" * 256 + b"|AZ"
    padded = next(
        line
        for n in range(1, 600)
        if -sum(line := padded[:-3] + b"z" * n + b"|AZ") & 0xFFFF < 0x1000
    )
    short = f"{-sum(padded) & 0xFFFF:X}"
    assert len(short) < 4
    assert parse(padded + short.encode()).code == "35"


@pytest.mark.parametrize(
    "raw", [b"", b"1", b"XX", b"11YN", b"941AY0AZ0000", b"99AY1AZFFFF", b"\xff\xfe"]
)
def test_what_is_no_message_is_said_to_be_none(raw: bytes) -> None:
    with pytest.raises(BadMessage):
        parse(raw)


TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="|")).filter(
    lambda t: len(t.encode()) < 250
)


@given(
    st.sampled_from(sorted(layouts())),
    st.lists(st.tuples(st.sampled_from(["AA", "AB", "AF", "BM"]), TEXT), max_size=5),
    st.sampled_from(["", "0", "9"]),
    st.booleans(),
)
def test_what_is_written_is_read_again(
    code: str, fields: list[tuple[str, str]], sequence: str, checked: bool
) -> None:
    fixed = {name: "1" * length for name, length in layouts()[code].fixed}
    sequence = sequence if checked else ""
    told = Message(code, fixed, tuple(fields), sequence, checked)
    assert parse(build(told)) == told


def test_stamps_are_local_time_and_odd_ones_are_none() -> None:
    moment = moment_of("20261127    101500")
    assert moment is not None
    assert stamp(moment) == "20261127    101500"
    assert day_of("20260230    101500") is None
    assert moment_of(" " * 18) is None
