"""Books that look like those of a district library, made up by the million and always the same.

``book(n)`` depends on ``n`` alone, so that queries can be made from books without keeping them.
Words are drawn with the skew of real Vietnamese titles: the commonest is in one title of eight,
most are in a few; a third of the records have a summary that begins alike.
"""

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from random import Random
from typing import Any, Final

from cataloging.marc.model import Marc

SEED: Final = 20260501


def _parted(text: str) -> list[str]:
    return text.replace("\n", "").split("|")


TOPICS: Final = _parted("""
lịch sử|Việt Nam|văn học|truyện ngắn|tiểu thuyết|thơ|kinh tế|giáo dục|pháp luật|văn hóa|xã hội
|nông nghiệp|kỹ thuật|tiếng Việt|tiếng Anh|toán học|vật lí|hóa học|sinh học|địa lí|âm nhạc|sức khỏe
|gia đình|thiếu nhi|truyện tranh|cổ tích|truyện dân gian|chiến tranh|cách mạng|Hồ Chí Minh|Hà Nội
|quê hương|đất nước|con người|cuộc sống|tình yêu|tuổi thơ|mùa xuân|dòng sông|biển đảo|núi rừng
|làng quê|chăn nuôi|trồng trọt|cây ăn quả|lúa nước|nuôi cá|nấu ăn|món ngon|y học cổ truyền
|cây thuốc|tin học|lập trình|máy tính|điện tử|cơ khí|xây dựng|quản trị|kinh doanh|kế toán
|tài chính|ngân hàng|hành chính|luật đất đai|luật hôn nhân|tâm lí|triết học|tôn giáo|Phật giáo
|lễ hội|phong tục|dân tộc thiểu số|kiến trúc|hội họa|nhiếp ảnh|sân khấu|điện ảnh|bóng đá|võ thuật
|khoa học|vũ trụ|động vật|thực vật|môi trường|khí hậu|danh nhân|nhà văn|anh hùng|khởi nghĩa
|triều Nguyễn|thời Trần|Điện Biên Phủ|Trường Sơn|Tây Nguyên|Nam Bộ|miền Trung|đồng bằng sông Cửu Long
|sông Hồng|Huế|Sài Gòn|Đà Nẵng|hồi kí|bút kí|nhật kí|tục ngữ|ca dao|câu đố|thành ngữ|từ điển
|ngữ pháp|bài tập|ôn thi|kĩ năng sống|làm giàu|khởi nghiệp|nuôi dạy con|hạnh phúc|ước mơ|hi vọng""")
OPENINGS: Final = _parted("""
Tuyển tập|Những câu chuyện về|Cẩm nang|Hỏi đáp về|Tìm hiểu|Giáo trình|Sổ tay|Kể chuyện
|Bài tập|Hướng dẫn|Từ điển|Một trăm|Bí quyết|Kỹ thuật|Phương pháp|Truyện|Thơ|Hành trình|Đường vào
|Nhà|Người|Tập truyện|Khám phá|Thế giới|Bách khoa|Đại cương|Cơ sở|Nghiên cứu|Lịch sử|Về""")
JOINTS: Final = _parted("và|của|trong|với|cho|từ|ở|qua|về|thời|những|các|một|người")
FAMILIES: Final = _parted(
    "Nguyễn|Trần|Lê|Phạm|Hoàng|Huỳnh|Phan|Vũ|Võ|Đặng|Bùi|Đỗ|Hồ|Ngô|Dương|Lý|Đinh|Tô"
)
MIDDLES: Final = _parted("Văn|Thị|Hữu|Đức|Ngọc|Minh|Quang|Xuân|Thanh|Hồng|Công|Đình|Thế|Kim|Bá|Duy")
GIVENS: Final = _parted("""
Anh|Bình|Châu|Chi|Cường|Dung|Dũng|Duyên|Đạt|Giang|Hà|Hải|Hạnh|Hiền|Hiếu|Hòa|Hoa|Hùng|Hương|Khánh
|Khoa|Lan|Linh|Loan|Long|Mai|Nam|Nga|Ngân|Nhung|Phong|Phúc|Phương|Quân|Quỳnh|Sơn|Tâm|Thảo|Thắng
|Thu|Thủy|Tiến|Toàn|Trang|Trinh|Trung|Tuấn|Tùng|Vân|Việt|Vinh|Yến""")
PUBLISHERS: Final = _parted("""
Kim Đồng|Trẻ|Giáo dục Việt Nam|Văn học|Hội Nhà văn|Phụ nữ Việt Nam|Thanh niên|Lao động
|Chính trị quốc gia Sự thật|Khoa học và Kỹ thuật|Nông nghiệp|Y học|Tổng hợp Thành phố Hồ Chí Minh
|Dân trí|Thế giới|Đại học Quốc gia Hà Nội|Quân đội nhân dân|Mỹ thuật""")
ENGLISH: Final = _parted(
    "history|english|science|world|learning|grammar|practice|stories|modern|guide"
)
CLASSES: Final = _parted(
    "895.9221|895.92214|895.92234|959.7|398.209597|330|340.5979|372.21|428|510|530|540|570|610|615.8|630|641.5|658|707|781|796.334|800|813|823|915.97|920"
)

_ONSETS: Final = _parted("b|c|ch|d|đ|g|gi|h|k|kh|l|m|n|ng|nh|ph|qu|r|s|t|th|tr|v|x")
_RIMES: Final = _parted(
    "a|á|à|ả|ã|ạ|an|án|ang|áng|ao|anh|ành|ăn|ắn|ân|ấn|e|é|en|eo|ê|ế|ên|êu|i|ì|in|inh|o|ó|oa|oai|on|ong|óng|ô|ố|ôn|ông|ồng|ơ|ớ|ơn|u|ú|ung|úc|ư|ứ|ưng|ươi|ương|ước|uyên|yên"
)

_FOREIGN: Final = _parted(
    "an|ar|bel|ben|cha|chris|da|del|don|el|er|fer|gar|hen|in|jan|ka|ler|lin|lo|man|mar|mer|mi|nel|ni|no|or|pe|ra|ri|ro|sa|sen|shi|son|ta|ter|ti|tol|va|ver|vi|wil"
)

_SUMMARY: Final = "Giới thiệu kiến thức cơ bản về"


@dataclass(frozen=True, slots=True)
class Book:
    """What a made-up book is known by."""

    number: int
    title: str
    author: str
    subjects: tuple[str, ...]
    publisher: str
    year: int
    language: str
    class_number: str
    isbn: str  # thirteen digits with a right check digit; '' for every fifth book

    @property
    def call_number(self) -> str:
        """Class and cutter, as on the label."""
        return f"{self.class_number} {self.author[:1].upper()}{100 + self.number % 900}"

    @property
    def barcode(self) -> str:
        """The barcode of its first copy."""
        return f"BN{self.number:08d}"


class Skewed:
    """Draws from a list so that the k-th is drawn about 1/k as often as the first (Zipf)."""

    def __init__(self, values: Sequence[str], slope: float = 1.0) -> None:
        self.values = values
        self._sums = list(accumulate(1 / (at + 1) ** slope for at in range(len(values))))

    def draw(self, dice: Random) -> str:
        """Return one value."""
        return self.values[bisect(self._sums, dice.random() * self._sums[-1])]


@cache
def _rare_words() -> Skewed:
    """Forty thousand seldom words: names of places and people, ours in two syllables or foreign."""
    dice = Random(SEED)
    syllables = [onset + rime for onset in _ONSETS for rime in _RIMES]
    found = []
    for _ in range(20_000):
        found.append(f"{dice.choice(syllables).capitalize()} {dice.choice(syllables)}")
        parts = [dice.choice(_FOREIGN) for _ in range(dice.randint(2, 4))]
        found.append("".join(parts).capitalize())
    return Skewed(list(dict.fromkeys(found)), 0.7)


_topics, _openings, _joints = Skewed(TOPICS, 0.7), Skewed(OPENINGS, 0.5), Skewed(JOINTS, 0.7)
_families, _publishers, _classes = Skewed(FAMILIES), Skewed(PUBLISHERS, 0.8), Skewed(CLASSES, 0.6)


def book(number: int) -> Book:
    """Return the book of a number; the same one each time."""
    dice = Random(SEED * 1_000_003 + number)
    topics = list(dict.fromkeys(_topics.draw(dice) for _ in range(dice.choice((1, 1, 2, 2, 3)))))
    foreign = dice.random() < 0.04
    if foreign:
        words = [dice.choice(ENGLISH) for _ in range(dice.randint(2, 4))]
        title = " ".join([words[0].capitalize(), *words[1:], *topics[:1]])
    else:
        title = _title(dice, topics)
    author = f"{_families.draw(dice)} {dice.choice(MIDDLES)} {dice.choice(GIVENS)}"
    year = 2025 - min(60, int(dice.expovariate(1 / 11)))
    return Book(
        number=number,
        title=title,
        author=author,
        subjects=tuple(dict.fromkeys(one[0].upper() + one[1:] for one in topics)),
        publisher=_publishers.draw(dice),
        year=year,
        language="eng" if foreign else "vie",
        class_number=_classes.draw(dice),
        isbn="" if number % 5 == 0 else isbn_of(number),
    )


def _title(dice: Random, topics: Sequence[str]) -> str:
    parts = [topics[0]]
    if dice.random() < 0.6:
        parts.insert(0, _openings.draw(dice))
    for topic in topics[1:]:
        parts += [_joints.draw(dice), topic]
    if dice.random() < 0.45:
        parts.append(_rare_words().draw(dice))
    if dice.random() < 0.12:
        parts.append(f"tập {dice.randint(1, 12)}")
    text = " ".join(parts)
    return text[0].upper() + text[1:]


def isbn_of(number: int) -> str:
    """Return thirteen digits with the right check digit, of a range nobody was given."""
    body = f"978604{number % 1_000_000:06d}"
    total = sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(body))
    return f"{body}{-total % 10}"


def marc_of(one: Book) -> Marc:
    """Return the book as a MARC record, the way a district library writes one."""
    fields: list[Any] = [
        {"001": f"bench{one.number:08d}"},
        {"008": f"200101s{one.year}    vm            000 1 {one.language} d"},
    ]
    if one.isbn:
        fields.append(_field("020", "  ", a=one.isbn, c=f"{20 + one.number % 180}.000đ"))
    fields += [
        _field("041", "0 ", a=one.language),
        _field("082", "04", a=one.class_number, b=one.author[:1] + str(100 + one.number % 900)),
        _field("100", "1 ", a=one.author),
        _field("245", "10", a=one.title + " /", c=one.author),
        _field("260", "  ", a="H. :", b=one.publisher + ",", c=str(one.year)),
        _field("300", "  ", a=f"{80 + one.number % 400}tr. ;", c="21cm"),
        *(
            [_field("520", "  ", a=f"{_SUMMARY} {one.title.lower()}")]
            if one.number % 3 == 0
            else []
        ),
        *(_field("650", " 4", a=subject) for subject in one.subjects),
    ]
    return {"leader": "00000nam a2200000 a 4500", "fields": fields}


def _field(tag: str, indicators: str, **subfields: str) -> dict[str, Any]:
    return {
        tag: {
            "ind1": indicators[0],
            "ind2": indicators[1],
            "subfields": [{code: value} for code, value in subfields.items()],
        }
    }
