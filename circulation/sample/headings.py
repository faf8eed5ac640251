"""Headings the sample establishes: pen-names with real names, a body with its names."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.authorities.described import Boxes, with_boxes
from cataloging.authorities.merging import new_marc_for
from cataloging.authorities.models import PROVINCE, Heading
from cataloging.authorities.writing import create_authority
from cataloging.change_sets import new_change_set
from ils.accounts.actor import system_actor

# Kind, preferred form, see from, see also, note for readers.
_HEADINGS = (
    ("person", "Tô Hoài", ("Nguyễn Sen",), (), "Nhà văn, tên thật là Nguyễn Sen."),
    ("person", "Nam Cao", ("Trần Hữu Tri", "Trần Hữu Trí"), (), ""),
    (
        *("person", "Hồ Chí Minh"),
        ("Nguyễn Ái Quốc", "Nguyễn Tất Thành", "Nguyễn Sinh Cung", "Trần Dân Tiên"),
        *((), ""),
    ),
    ("person", "Nguyễn Du", ("Tố Như", "Thanh Hiên"), (), ""),
    ("person", "Nguyễn Đình Chiểu", ("Đồ Chiểu",), (), ""),
    ("person", "Thạch Lam", ("Nguyễn Tường Lân", "Nguyễn Tường Vinh"), (), ""),
    ("person", "Tố Hữu", ("Nguyễn Kim Thành",), (), ""),
    ("person", "Nguyên Hồng", ("Nguyễn Nguyên Hồng",), (), ""),
    ("person", "Fujiko F. Fujio", ("Fujimoto Hiroshi",), (), "Họa sĩ truyện tranh Doraemon."),
    (
        *("body", "Bộ Văn hóa, Thể thao và Du lịch", ("Bộ VHTTDL",)),
        *(("Bộ Văn hóa - Thông tin",), ""),
    ),
)


def establish_some(session: Session) -> None:
    """Establish headings that records of the sample use, for the whole province."""
    actor = system_actor()
    change_set = new_change_set(session, actor, "authority", "Dữ liệu mẫu")
    for kind, name, variants, see_also, note in _HEADINGS:
        form = session.scalar(
            select(Heading).where(
                Heading.kind == kind, Heading.text == name, Heading.role == "provisional"
            )
        )
        if form is not None:
            boxes = Boxes(kind, name, "", variants, see_also, note)
            marc = with_boxes(new_marc_for(session, form), boxes)
            create_authority(session, actor, marc, scope=PROVINCE, change_set=change_set)
