"""Corporate bodies entered as persons: what names them, and the field they belong in. Pure."""

import re
from typing import Any, Final

from cataloging.marc.model import Marc, pairs

# Words a Vietnamese body begins with and no person's name does, and those a foreign one ends with.
_BEGINS: Final = re.compile(
    r"(?:Quốc hội|Chính phủ|Ủy ban|Uỷ ban|Bộ \w+ \w|Sở \w+ \w|Cục \w+ \w|Tổng cục|Học viện|"
    r"Viện \w+ \w|Trung tâm|Ngân hàng|Công ty|Tổng công ty|Hội đồng|Hội \w+ \w+ \w|Liên hiệp|"
    r"Trường (?:Đại học|Cao đẳng|Trung cấp|Trung học|Tiểu học|Mầm non|Chính trị|ĐH|CĐ|THPT|THCS)|"
    r"Ban (?:chấp hành|chỉ đạo|biên|quản lý|tổ chức|tuyên giáo|thường vụ)|Trung ương|Tập đoàn|"
    r"Đại học \w+ \w|Cao đẳng \w+ \w|Đại hội|Đảng (?:ủy|bộ|Cộng sản)|Nhà xuất bản|NXB|Thư viện|Tỉnh ủy|Bảo tàng|Tòa án)",
    re.IGNORECASE,
)
_ENDS: Final = re.compile(
    r"(?:\b(?:Inc|Ltd|Co|Corp|Corporation|Company|Association|University|Institute|Committee|Bank|Organization|Department)\b\.?(?: \([A-Z]+\))?)$"
)
_BODY_FIELD: Final = {"100": "110", "700": "710"}


def is_body(name: str) -> bool:
    """Tell whether a name of a person surely is that of a corporate body."""
    bare = name.strip(" ,.[]")
    if ";" in bare:
        return False
    if bare[:1].islower():
        return False
    ends = bare.count(",") < 2 and " " in bare and _ENDS.search(bare)
    return bool(ends or _BEGINS.match(bare))


def as_body(marc: Marc) -> None:
    """Put bodies that stand as persons into the fields of bodies (110, 710), in direct order."""
    for at, (tag, content) in enumerate(list(pairs(marc))):
        if tag not in _BODY_FIELD or isinstance(content, str):
            continue
        names: list[Any] = [v for sub in content["subfields"] for c, v in sub.items() if c == "a"]
        if len(names) == 1 and is_body(names[0]):
            subs = [
                {c: v.strip(" []") if c == "a" else v}
                for sub in content["subfields"]
                for c, v in sub.items()
            ]
            marc["fields"][at] = {
                _BODY_FIELD[tag]: {**content, "ind1": "2", "ind2": " ", "subfields": subs}
            }
