"""The National Library's code of titles."""

import pytest

from cataloging.title_code import title_code


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("Truyện Kiều", "TR527K"),
        ("Dế Mèn phiêu lưu ký", "D250M"),
        ("Đất rừng phương Nam", "Đ124R"),
        ("Số đỏ", "S450Đ"),
        ("Tắt đèn", "T118Đ"),
        ("Nhật ký trong tù", "NH124K"),
        ("Những người khốn khổ", "NH556N"),
        ("Lịch sử Việt Nam", "L302S"),
        ("Quốc văn giáo khoa thư", "QU451V"),
        ("Ông già và biển cả", "Ô455GI"),
        ("Giáo trình triết học", "GI108T"),
        ("Nghề trồng nấm", "NGH250T"),
        ("Kỹ thuật nuôi tôm", "K600TH"),
        ("Anh hùng Núp", "A107H"),
        ("Hồ Chí Minh toàn tập", "H450CH"),
        ("Tuyển tập Nam Cao", "T527T"),
        ("Quản lý nhà nước", "QU105L"),
        ("Giếng làng", "GI255L"),
        ("Gìn giữ", "G311GI"),
        ("Vang", "V106"),
        ("1984", ""),
        ("Shogun", ""),
        ("", ""),
    ],
)
def test_the_code_is_that_of_the_national_library(title: str, code: str) -> None:
    assert title_code(title) == code


def test_the_place_of_the_tone_mark_does_not_matter() -> None:
    assert title_code("Hoá học") == title_code("Hóa học") == "H401H"
