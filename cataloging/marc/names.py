"""Personal names as catalogs write them, and Vietnamese names in their own order.

A Vietnamese name is written family, middle, given, without a comma: `Nguyễn Nhật Ánh`. The
Library of Congress writes `Nguyễn, Nhật Ánh`; some old catalogs inverted by given name
(`Phụng, Vũ Trọng`). Foreign names keep the form found (`Rowling, J. K.`).
"""

import re
import unicodedata
from functools import lru_cache

_MOST_COMMON = (
    "nguyễn trần lê phạm huỳnh hoàng phan vũ võ đặng bùi đỗ hồ ngô dương lý trịnh đinh đào"
)
# The family names of nearly all Vietnamese authors.
_OTHERS = (
    "an âu bạch bằng bành bế biện ca cái cam cao cát cầm chế chu châu chung chương cổ cù cung cự"
    " đàm đan đậu đầu đèo điền điêu đoàn đồng doãn đới đường giả giang giàng giáp hà hạ hàn hạng"
    " hầu hình hoa hứa hùng khà khiếu khổng khuất khúc khương kiều kim la lã lại lâm lăng lãnh lều"
    " liễu lò lô lộc lù lục lương lường lưu lữ ma mã mạc mai mẫn mạnh mâu nghiêm ngụy nhâm nhan"
    " nhữ ninh nông ong ông phí phó phù phùng phương quách quan quản quàng sầm sùng tạ tăng tào"
    " thạch thái thẩm thân thào thi thiều tiêu tô tôn tống trà triệu trình trương từ tưởng ứng"
    " uông văn vàng vi viên vương xa y yên"
)
# Families that are given names as often: before a comma, the name after it decides.
_AMBIGUOUS = (
    "an mai hà giang hùng lâm hoa kim phương thái châu chung chương hạ mạnh mẫn ninh thân văn viên"
    " yên vũ dương"
)
_COMMON = frozenset(_MOST_COMMON.split())
_FAMILY = _COMMON | frozenset(_OTHERS.split())
_GIVEN_TOO = frozenset(_AMBIGUOUS.split())


def _folded(text: str) -> str:
    spread = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(c for c in spread if not unicodedata.combining(c))


# Families that are nobody else's, so that a name without any mark is still known as Vietnamese.
_UNMISTAKABLE = frozenset(
    ("nguyen", "tran", "pham", "huynh", "hoang", "phan", "dang", "bui", "ngo", "duong", "trinh")
)

_SYLLABLE = re.compile(
    r"(?:ngh|ng|nh|gh|gi|kh|ph|qu|th|tr|ch|[bcdghklmnprstvxy])?[aeiouy]{1,3}(?:ng|nh|ch|[cmnpt])?"
)
_ROLE = (
    r"dịch giả|biên dịch|dịch|đồng chủ biên|tổng chủ biên|chủ biên|ch\.\s?b|biên soạn|b\.\s?s|"
    r"hiệu đính|h\.\s?đ|sưu tầm|s\.\s?t|minh h[oọ][aạ]|tuyển chọn|giới thiệu"
)
_ROLE_AT_END = re.compile(rf"[\s,:(]+(?:{_ROLE})[.)\s]*$", re.IGNORECASE)
_ABBREVIATED = re.compile(r"(?:^|[\s.\-])(?:\w|Jr|Sr|Dr|Mrs?|St|Co|Inc|Ltd|Corp|Tp|PGS|GS|TS)\.$")


@lru_cache(maxsize=8192)
def direct(name: str) -> str:
    """Return a name with a comma in direct order when it is Vietnamese, else as it is.

    ``direct("Nguyễn, Nhật Ánh") == "Nguyễn Nhật Ánh"``; ``direct("Phụng, Vũ Trọng") ==
    "Vũ Trọng Phụng"``; ``direct("Rowling, J. K.")`` stays.
    """
    before, comma, after = name.partition(",")
    before, after = before.strip(), after.strip()
    if not comma or not before or not after or "," in after:
        return name
    folded = _folded(f"{before} {after}")
    if not all(_SYLLABLE.fullmatch(syllable) for syllable in folded.split()):
        return name
    family, then = before.lower().split()[0], after.lower().split()[0]
    if folded == f"{before} {after}".lower():  # no mark anywhere: be careful
        return f"{before} {after}" if family in _UNMISTAKABLE else name
    given_first = then in _COMMON and family in _GIVEN_TOO
    if family in _FAMILY and not given_first:
        return f"{before} {after}"
    if " " not in before and then in _FAMILY:
        return f"{after} {before}"
    return name


@lru_cache(maxsize=8192)
def persons(text: str) -> tuple[str, ...]:
    """Split what stands in a name subfield into names, each without role words and end marks.

    District data put several names into one subfield: `Hiraki Noriko; Nguyễn Thị Thu Thủy dịch.`
    """
    return tuple(one for part in text.split(";") if (one := _one(part)))


def _one(text: str) -> str:
    text = _ROLE_AT_END.sub("", text).strip(" ,;:/")
    if text.endswith(".") and not _ABBREVIATED.search(text):
        text = text[:-1].rstrip()
    return direct(text) if "," in text else text
