"""Personal names as catalogs write them, and Vietnamese names in their own order.

A Vietnamese name is written family, middle, given, without a comma: `Nguyễn Nhật Ánh`. The
Library of Congress writes `Nguyễn, Nhật Ánh`; some old catalogs inverted by given name
(`Phụng, Vũ Trọng`). Foreign names keep the form found (`Rowling, J. K.`).
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from ils.text.syllables import is_syllable

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
    r"dịch giả|dịch thuật|biên dịch|tuyển dịch|lược dịch|đồng chủ biên|tổng chủ biên|chủ biên|"
    r"ch\.\s?b|biên soạn|b\.\s?s|hiệu đính|h\.\s?đ|sưu tầm|s\.\s?t|minh h[oọ][aạ]|tuyển chọn|"
    r"giới thiệu|hệ thống hóa|hệ thống|chú giải|chú thích|chuyển ngữ|phóng tác|tổng hợp|thực hiện|tổ chức"
)
# `dịch` is a given name, too (Nguyễn Văn Dịch): after a blank alone it is a role in small letters.
_ONE_ROLE = rf"(?:(?i:{_ROLE})|dịch)"
_MORE_ROLES = rf"(?:(?:\s+(?:và|&)\s+|\s*,\s*|\s+){_ONE_ROLE})*[.)\s]*"
_ROLE_AT_END = re.compile(rf"(?:\s*[,:(]\s*(?i:dịch)|[\s,:(]+{_ONE_ROLE}){_MORE_ROLES}$")
_ONLY_ROLES = re.compile(rf"{_ONE_ROLE}{_MORE_ROLES}")
_AND_OTHERS = re.compile(
    r"[\s,.…]*(?:\[\s*(?:và những người khác|và các tác giả khác|et al\.?)\s*\]|\bet al\.|\.\.\.|…)"
)
_ROLE_BEFORE = re.compile(rf"(?P<role>tham gia|dịch|(?i:{_ROLE}))\s*:\s*(?=\S)", re.IGNORECASE)
_ABBREVIATED = re.compile(r"(?:^|[\s.\-])(?:\w|Jr|Sr|Dr|Mrs?|St|Co|Inc|Ltd|Corp|Tp|PGS|GS|TS)\.$")

# What stands before the comma of a name in another order is one syllable, or a family of two; two
# full names with a comma between them are two persons.
_TWO_SYLLABLES = ("tôn thất", "tôn nữ", "âu dương", "tư mã", "gia cát", "thượng quan", "hoàng phủ")
_MIDDLE = ("thị", "văn")


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
    if " " in before and not _ends_before_given(before.lower(), after):
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
    if " " not in before and (then in _COMMON or (then in _FAMILY and " " in after)):
        return f"{after} {before}"
    return name


def is_doubtful(name: str) -> bool:
    """Tell whether a name in another order could be turned two ways: a person is to decide."""
    family = name.partition(",")[0].strip().lower()
    return family in _GIVEN_TOO and family not in _COMMON


def _ends_before_given(before: str, after: str) -> bool:
    """Tell whether two words before a comma are a family, or a family and its `Thị` or `Văn`."""
    family, *more = before.split()
    return before in _TWO_SYLLABLES or (
        family in _FAMILY and more[-1] in _MIDDLE and len(more) == 1 and " " not in after
    )


_DATES = re.compile(
    r"(?P<name>.*[^\s,\d])\s*,\s*(?P<dates>(?:\d{3,4}\??-(?:\d{3,4}\??)?|-\d{3,4}\??))"
)


def dated(heading: str) -> tuple[str, str]:
    """Part the years of birth and death from a person's heading: `Nguyễn Nhật Ánh, 1955-`."""
    found = _DATES.fullmatch(heading.strip())
    return (found["name"], found["dates"]) if found else (heading, "")


class Credited(NamedTuple):
    """A name out of a subfield, and the role that stood with it."""

    name: str
    role: str = ""


@lru_cache(maxsize=8192)
def persons(text: str) -> tuple[str, ...]:
    """Split what stands in a name subfield into names, each without role words and end marks.

    District data put several names into one subfield: `Hiraki Noriko; Nguyễn Thị Thu Thủy dịch.`,
    `Nguyễn Xuân Huy, Lê Hoài Bắc`.
    """
    return tuple(one.name for one in credited(text))


def credited(text: str) -> tuple[Credited, ...]:
    """Return the names in a subfield as ``persons`` does, each with its role."""
    found: list[Credited] = []
    for part in _AND_OTHERS.sub(" ", text).split(";"):
        for name in _by_commas(part):
            one = _one(name)
            if one.name:
                found.append(one)
            elif found:
                role = ", ".join(filter(None, (found[-1].role, one.role)))
                found[-1] = found[-1]._replace(role=role)
    return tuple(found)


def _by_commas(text: str) -> list[str]:
    """Part full Vietnamese names with commas between them; anything else stays whole."""
    if "," not in text:
        return [text]
    pieces = [stripped for piece in text.split(",") if (stripped := piece.strip(" ."))]
    names = [piece for piece in pieces if not _ONLY_ROLES.fullmatch(piece)]
    bare = [_ROLE_AT_END.sub("", name) for name in names]
    if len(names) == 1 and pieces[0] != names[0] and _is_full(bare[0]):
        return [names[0], *(piece for piece in pieces if piece != names[0])]  # `dịch, Mai Hạnh`
    if len(names) < 2 or not all(map(_is_full, bare)) or bare[0].lower() in _TWO_SYLLABLES:
        return [text]
    return pieces if any(not one.isascii() for one in bare) else [text]


def _is_full(name: str) -> bool:
    """Tell whether it can only be a whole Vietnamese name: two to five syllables, in capitals."""
    words = name.split()
    return (
        1 < len(words) < 6
        and words[0][:1].isupper()
        and words[-1][:1].isupper()
        and all(is_syllable(word.lower()) for word in words)
    )


def _one(text: str) -> Credited:
    text = text.strip(" ,;:/")
    if _ONLY_ROLES.fullmatch(text):
        return Credited("", text.rstrip(" .)"))
    text = " ".join(text.split())
    if led := _ROLE_BEFORE.match(text):  # `Minh họa: Tạ Huy Long`
        return _one(text[led.end() :])._replace(role=led["role"].lower())
    name = _ROLE_AT_END.sub("", text)
    before, comma, after = name.partition(",")
    if comma and len(name) < len(text) and after.strip()[:1].islower():
        name = before  # `Lê Huy Lâm, chuyển ngữ phần chú giải`
    role = text[len(name) :].strip(" ,:().")
    name = name.strip(" ,;:/")
    if name.endswith(".") and not _ABBREVIATED.search(name):
        name = name[:-1].rstrip()
    return Credited(direct(name) if "," in name else name, role)
