"""Calls, letters, texts and gateways: what people and providers do with a notice."""

import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from circulation.notices import calls, letters
from circulation.notices.carriers import HttpGateway, Outgoing, Unsure
from circulation.notices.models import NoticeCall, NoticeText, NoticeWish
from circulation.notices.preview import preview
from circulation.notices.reach import choose_way
from circulation.notices.texts import PARTS, Texts, check_text, own_texts, write_text
from circulation.notices.told import without_last_reminder
from circulation.patrons.models import Patron
from ils.core.errors import Invalid, NotFound, Refused
from tests.circulation.conftest import Library
from tests.circulation.notices.conftest import Desk, Gateway

Reader = Callable[..., Any]


def overdue(library: Library, desk: Desk, patron: Any, days: int = 3, title: str = "Số đỏ") -> Any:
    """Lend a title to a reader and let it be so many days late, planned and formed."""
    item = library.item(library.record(title))
    assert library.lend(item, patron).ok
    library.on(library.today + timedelta(days=14 + days))
    desk.day()
    return item


def call(library: Library, result: str, **more: Any) -> None:
    """Record the result of the first call of the list."""
    with library.writing() as session:
        [first, *_] = calls.waiting_calls(session, library.place.library.id, library.today)
        facts = {"message_id": first.id, "tries": first.tries, "result": result, **more}
        calls.record_call(session, library.clerk, **facts)


def list_of(library: Library) -> list[str]:
    with library.writing() as session:
        calls.recheck_calls(session, library.place.library.id, library.today)
        found = calls.waiting_calls(session, library.place.library.id, library.today)
        return [f"{one.addressee}: {one.phone}" for one in found]


# --- calls -----------------------------------------------------------------------------------


def test_a_reader_without_mail_is_on_the_call_list_until_reached(
    library: Library, desk: Desk, reader: Reader
) -> None:
    overdue(library, desk, reader(email=""))
    assert list_of(library) == ["Nguyễn Thị Lan: 0600123456"]
    call(library, "reached")
    assert list_of(library) == []
    assert desk.states() == [("overdue", "sent", "")]


def test_who_brings_the_book_before_the_call_is_not_called(
    library: Library, desk: Desk, reader: Reader
) -> None:
    item = overdue(library, desk, reader(email=""))
    library.take_back(item)
    assert list_of(library) == []
    assert desk.states() == [("overdue", "dropped", "returned")]


def test_no_answer_comes_again_tomorrow_and_a_letter_after_three(
    library: Library, desk: Desk, reader: Reader
) -> None:
    overdue(library, desk, reader(email=""))
    for _ in range(3):
        call(library, "no_answer")
        assert list_of(library) == []
        library.on(library.today + timedelta(days=1))
    assert len(library.all(NoticeCall)) == 3
    assert [(one.channel, one.state) for one in desk.messages()] == [
        ("phone", "failed"),
        ("letter", "waiting"),
    ]


def test_a_wrong_number_is_not_called_again(library: Library, desk: Desk, reader: Reader) -> None:
    overdue(library, desk, reader(email=""))
    call(library, "wrong_number")
    assert [one.bad_phone for one in library.all(NoticeWish)] == ["0600123456"]
    assert desk.messages()[-1].channel == "letter"


def test_a_promise_names_a_day_that_can_be(library: Library, desk: Desk, reader: Reader) -> None:
    overdue(library, desk, reader(email=""))
    with pytest.raises(Invalid):
        call(library, "promised", promised_on=library.today - timedelta(days=1))
    call(library, "promised", promised_on=library.today + timedelta(days=2))
    assert library.all(NoticeCall)[0].promised_on == library.today + timedelta(days=2)


def test_two_at_the_same_call_count_it_once(library: Library, desk: Desk, reader: Reader) -> None:
    overdue(library, desk, reader(email=""))
    [message] = desk.messages()
    call(library, "no_answer")
    with library.writing() as session, pytest.raises(Refused):
        calls.record_call(
            session, library.clerk, message_id=message.id, result="no_answer", tries=0
        )


def test_what_comes_later_joins_the_call_that_waits(
    library: Library, desk: Desk, reader: Reader
) -> None:
    patron = reader(email="")
    overdue(library, desk, patron)
    library.on(library.today - timedelta(days=10))
    overdue(library, desk, patron, days=4, title="Tắt đèn")
    assert len(list_of(library)) == 1
    assert "Tắt đèn" in desk.messages()[0].body


# --- letters ---------------------------------------------------------------------------------


def pupils(library: Library, reader: Reader) -> list[Any]:
    facts = {
        "email": "",
        "phone": "",
        "category": "child",
        "born_year": library.today.year - 11,
        "school": "THCS Bình Sen",
        "guardian_name": "Trần Thị Hạnh",
        "guardian_consent": True,
    }
    return [reader(name, **facts, school_class="6A") for name in ("Lê An", "Võ Bình")]


def printed(library: Library) -> Any:
    with library.writing() as session:
        groups = letters.waiting_letters(session, library.place.library.id)
        return letters.print_letters(session, library.clerk, groups=[group.key for group in groups])


def said_by(paper: bytes, folder: Path) -> str:
    (folder / "l.pdf").write_bytes(paper)
    asked = ["pdftotext", "-layout", folder / "l.pdf", "-"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout


def test_a_letter_of_what_is_due_soon_calls_nothing_late(
    lite: Library, reader: Reader, tmp_path: Path
) -> None:
    patron = reader()
    with lite.writing() as session:
        found = session.get_one(Patron, patron.id)
        choose_way(session, lite.clerk, found, channel="letter", courtesies=True, language="vi")
    overdue(lite, Desk(lite), patron, days=-2)
    batch = printed(lite)
    with lite.reading() as session:
        text = said_by(letters.letters_pdf(session, batch), tmp_path)
    assert "sắp đến hạn trả" in text
    assert "Hạn trả" in text
    assert "quá hạn" not in text


def test_letters_lie_together_by_class_and_commune_and_reprint_the_same(
    library: Library, desk: Desk, reader: Reader, tmp_path: Path
) -> None:
    children = pupils(library, reader)
    grown = reader("Đỗ Văn Ba", email="", phone="")
    for patron in (*children, grown):
        library.lend(library.item(library.record("Đất rừng phương Nam")), patron)
    library.on(library.today + timedelta(days=38))
    desk.day()
    with library.reading() as session:
        groups = letters.waiting_letters(session, library.place.library.id)
        assert [(g.kind, g.name, len(g.messages)) for g in groups] == [
            ("class", "6A – THCS Bình Sen", 2),
            ("commune", "Xã Bình Sen", 1),
        ]
    batch = printed(library)
    assert {one.state for one in desk.notices()} == {"sent"}
    library.on(library.today + timedelta(days=9))
    with library.reading() as session:
        first = letters.letters_pdf(session, batch)
        assert first == letters.letters_pdf(session, batch)
    text = said_by(first, tmp_path)
    assert "Lớp 6A" in text
    assert text.count("Kính gửi Trần Thị Hạnh") == 2
    assert "bạn đọc Võ Bình" in text
    assert "GIẤY NHẮC TRẢ TÀI LIỆU LẦN CUỐI" in text
    assert "Địa bàn: Xã Bình Sen" in text


def test_a_letter_for_what_came_back_is_not_printed(
    library: Library, desk: Desk, reader: Reader
) -> None:
    item = overdue(library, desk, reader("Đỗ Văn Ba"), days=24)
    library.take_back(item)
    with pytest.raises(Refused):
        printed(library)


def test_a_loan_is_held_back_from_the_lost_until_its_last_reminder_went_out(
    library: Library, desk: Desk, reader: Reader
) -> None:
    overdue(library, desk, reader(), days=24)
    [notice] = desk.notices()
    loan_id = notice.loan_id or 0

    def held() -> set[int]:
        with library.reading() as session:
            return without_last_reminder(session, [loan_id])

    assert held() == {loan_id}
    library.setting("notices.before_lost", False)
    assert held() == set()
    library.setting("notices.before_lost", True)
    printed(library)
    assert held() == set()


# --- gateways --------------------------------------------------------------------------------


def test_an_sms_really_goes_to_the_gateway_without_marks(
    library: Library, desk: Desk, reader: Reader, gateway: Gateway
) -> None:
    overdue(library, desk, reader(email=""))
    [posted] = gateway.posted
    assert posted["phone"] == "0600123456"
    assert "Số đỏ".encode() not in posted["message"].encode()
    assert '"So do" qua han tra 3 ngay' in posted["message"]
    assert posted["meta"]["ref"] == desk.messages()[0].reference
    assert gateway.headers[0]["authorization"].startswith("Bearer")
    assert desk.messages()[0].parts == 1
    assert desk.states() == [("overdue", "sent", "")]


@pytest.mark.parametrize(
    ("answer", "state", "channels"),
    [
        (503, "planned", ["sms"]),
        (401, "planned", ["sms"]),
        (422, "planned", ["sms", "letter"]),
        (0, "unsure", ["sms"]),
    ],
)
def test_a_gateway_that_refuses_is_believed(
    lite: Library,
    reader: Reader,
    gateway: Gateway,
    answer: int,
    state: str,
    channels: list[str],
) -> None:
    desk = Desk(lite)
    gateway.answers = [answer]
    patron = reader(email="")
    overdue(lite, desk, patron)
    assert [one.state for one in desk.notices()] == [state]
    assert [one.channel for one in desk.messages()] == channels


def test_a_text_with_quotes_cannot_break_what_is_posted(gateway: Gateway) -> None:
    from ils.core.config import config

    carrier = HttpGateway(config().sms_url, "", '{"a": ["{to}", "x {text} y {id}"]}')
    carrier.send(Outgoing("r", '0"1', "", 'nói "{to}" \\'))
    assert gateway.posted == [{"a": ['0"1', 'x nói "{to}" \\ y r']}]
    gateway.answers = [0]
    with pytest.raises(Unsure):
        carrier.send(Outgoing("r", "1", "", "x"))


# --- texts -----------------------------------------------------------------------------------


def test_every_text_that_comes_with_the_program_is_whole_and_right() -> None:
    for language in ("vi", "en"):
        texts = own_texts(language)
        assert set(texts) == set(PARTS)
        for what, parts in PARTS.items():
            assert set(texts[what]) == set(parts)
            for part in parts:
                assert check_text(what, part, texts[what][part])


def test_a_text_is_inherited_until_a_unit_writes_its_own(lite: Library) -> None:
    top, at = lite.place.library.id, lite.place.branch.id
    with lite.writing() as session:
        wanted = {"unit_id": top, "what": "overdue", "language": "vi"}
        write_text(session, lite.head, **wanted, bodies={"intro": "Xin trả sách:"})
        assert Texts(session, at, "vi")("overdue", "intro") == "Xin trả sách:"
        assert Texts(session, at, "vi").text("overdue", "intro").unit_id == top
        assert Texts(session, at, "en")("overdue", "intro") == own_texts("en")["overdue"]["intro"]
        own = own_texts("vi")["overdue"]["intro"]
        write_text(session, lite.head, **wanted, bodies={"intro": own})
    assert not lite.all(NoticeText)


def test_a_name_that_is_none_is_named(lite: Library) -> None:
    with lite.writing() as session, pytest.raises(Invalid) as refused:
        write_text(
            session,
            lite.head,
            unit_id=lite.place.library.id,
            what="overdue",
            language="vi",
            bodies={"line": "{title} {pickup}"},
        )
    assert refused.value.facts["name"] == "pickup"


def test_a_preview_shows_a_real_patron_and_writes_nothing(lite: Library, reader: Reader) -> None:
    patron = reader()
    lite.lend(lite.item(lite.record("Số đỏ")), patron)
    with lite.reading() as session:
        found = session.get_one(Patron, patron.id)
        shown = preview(
            session, found, lite.place.branch.id, "overdue", "vi", {"line": "*{title}* {name}"}
        )
    assert "*Số đỏ* Nguyễn Thị Lan" in shown.text
    assert shown.parts >= 1
    assert not Desk(lite).notices()


def test_what_is_another_librarys_is_not_known(
    library: Library, desk: Desk, reader: Reader
) -> None:
    overdue(library, desk, reader(email=""))
    [message] = desk.messages()
    with library.writing() as session:
        from tests import factories

        stranger = factories.create_actor(session, "head", library.place.foreign_branch)
        with pytest.raises(NotFound):
            calls.call_for(session, stranger, message.id)


def test_a_wish_is_followed_and_forgets_what_was_wrong(
    library: Library, desk: Desk, reader: Reader
) -> None:
    patron = reader(email="")
    with library.writing() as session:
        found = session.get_one(Patron, patron.id)
        choose_way(session, library.clerk, found, channel="letter", courtesies=False, language="en")
    overdue(library, desk, patron)
    assert [(one.channel, one.language) for one in desk.messages()] == [("letter", "en")]
