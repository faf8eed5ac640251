"""Cards on paper, and the signature in their QR code."""

import io
from datetime import timedelta

import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import select

from circulation.patrons import card_print
from circulation.patrons.card_print import cards_to_print, print_cards
from circulation.patrons.cards import active_card, renew_card, replace_card
from circulation.patrons.models import PatronCard
from circulation.patrons.photos import keep_photo
from circulation.patrons.signed import (
    bare,
    check_card,
    check_text,
    ended_marks,
    make_key,
    mark_of,
    number_in,
    signed_text,
)
from circulation.scan import recognize
from ils.core import clock
from ils.core.config import config
from ils.core.errors import Invalid
from ils.printing.pdf import typst_pages


def signed(library, patron):
    with library.reading() as session:
        return signed_text(active_card(session, patron.id), "adult")


def checked(library, text):
    with library.reading() as session:
        return check_card(session, text).state


def test_a_signed_card_is_genuine_and_a_changed_one_is_not(lite):
    patron = lite.patron()
    text = signed(lite, patron)
    with clock.at(lite.now):
        assert check_text(f"https://thuvien.example/verify#{text}").state == "valid"
        later = text.replace(f"{lite.today.year + 1}", "2099", 1)
        assert later != text
        assert check_text(later).state == "forged"
        assert check_text("TV000001").state == "unreadable"
        parts = text.split(":")
        assert check_text(":".join([*parts[:4], "00000000", parts[5]])).state == "key_unknown"
    with clock.at(lite.now + timedelta(days=366)):
        assert check_text(text).state == "expired"


def test_the_server_knows_lost_and_renewed_cards(lite):
    lost, renewed = lite.patron("Lan"), lite.patron("Hoa")
    texts = [signed(lite, patron) for patron in (lost, renewed)]
    with lite.writing() as session:
        replace_card(session, lite.head, lost.id)
        renew_card(session, lite.head, renewed.id)
    with lite.reading() as session:
        assert ended_marks(session) == [mark_of(number_in(texts[0]))]
    lite.later(days=370)
    assert [checked(lite, text) for text in texts] == ["ended", "valid"]


def test_an_old_key_is_still_known_and_the_folder_is_in_the_backups(lite):
    patron = lite.patron()
    text = signed(lite, patron)
    make_key()
    assert checked(lite, text) == checked(lite, signed(lite, patron)) == "valid"
    files = sorted((config().files_dir / "keys").glob("*.pem"))
    assert len(files) == 2
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_the_desk_takes_the_qr_code_for_the_number(lite):
    patron = lite.patron()
    text = signed(lite, patron)
    with lite.reading() as session:
        assert recognize(session, lite.clerk, text).card.patron_id == patron.id
        assert recognize(session, lite.clerk, f"https://x.example/verify#{text}").kind == "card"


def test_the_printed_codes_are_read_back_from_the_page(lite, monkeypatch):
    """The third place of the sheet, with a photo: barcode and QR code at 200 dots an inch."""
    picture = io.BytesIO()
    Image.new("RGB", (600, 800), "teal").save(picture, "JPEG")
    patron = lite.patron("Công Tằng Tôn Nữ Thị Bích Phượng", consent=True)
    with lite.writing() as session:
        keep_photo(session, lite.head, patron.id, picture.getvalue(), agreed=True)
    pages = []

    def drawn(template, data):
        pages.extend(typst_pages(template, data, ppi=200))
        return b"%PDF"

    monkeypatch.setattr(card_print, "typst_pdf", drawn)
    with lite.writing() as session:
        card = active_card(session, patron.id)
        print_cards(session, lite.head, [card.id], start=3)
    (page,) = pages
    sheet = Image.open(io.BytesIO(page)).convert("RGB")
    found = {str(code.format): code for code in zxingcpp.read_barcodes(sheet)}
    texts = {code.text for code in found.values()}
    assert card.number in texts
    qr = next(text for text in texts if text != card.number)
    assert number_in(bare(qr)) == card.number
    assert checked(lite, qr) == "valid"
    width, height = sheet.size
    colors = sheet.crop((0, height // 5, width // 2, height * 2 // 5)).getcolors(1 << 24)
    assert any(rgb == (0, 128, 128) or (rgb[0] < 12 and 120 < rgb[1] < 136) for _, rgb in colors)
    assert sheet.crop((0, 0, width, height // 6)).getcolors() == [
        (width * (height // 6), (255, 255, 255))
    ]


def test_printed_cards_are_not_offered_again_unless_asked_for(lite):
    one, _two = lite.patron("Lan"), lite.patron("Hoa", school_class="6A")
    lite.patron("Xa", at=lite.place.foreign_branch)
    with lite.reading() as session:
        rows = cards_to_print(session, lite.head)
        assert [row.patron.name for row in rows] == ["Hoa", "Lan"] or len(rows) == 2
        in_class = cards_to_print(session, lite.head, school_class="6A")
        assert [row.patron.name for row in in_class] == ["Hoa"]
        number = active_card(session, one.id).number
    with lite.writing() as session:
        made = print_cards(session, lite.head, [row.card.id for row in rows], paper="card")
        assert made.startswith(b"%PDF")
    with lite.reading() as session:
        assert cards_to_print(session, lite.head) == []
        assert len(cards_to_print(session, lite.head, numbers=[number.lower()])) == 1


def test_another_librarys_cards_are_not_printed(lite):
    far = lite.patron("Xa", at=lite.place.foreign_branch)
    with lite.writing() as session:
        card_id = session.scalar(select(PatronCard.id).where(PatronCard.patron_id == far.id))
        with pytest.raises(Invalid, match="cards_none_chosen"):
            print_cards(session, lite.head, [card_id])
