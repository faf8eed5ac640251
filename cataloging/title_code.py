"""The code of a title on the spine: initial, number of the rime, first letters of the second word.

It is the National Library's code for Vietnamese titles: *Truyện Kiều* is TR527K. It files books of
one class by title on the shelf. Titles that begin with a number or a foreign word have none here;
the cataloger then types what the library uses.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from ils.text.alphabet import split_tone
from ils.text.normal import clean

_FILE = Path(__file__).with_name("title_code.toml")
_WORD = re.compile(r"[^\W\d_]+")
_INITIAL = re.compile(r"ngh|ng|gh|ch|gi|kh|nh|ph|qu|th|tr|[bcdđghklmnpqrstvx]")


@cache
def rimes() -> dict[str, int]:
    """Return the numbers of the rimes as the program brings them."""
    table: dict[str, int] = tomllib.loads(_FILE.read_text("utf-8"))["rimes"]
    return table


def title_code(title: str, changed: Mapping[str, int] | None = None) -> str:
    """Return the code of a Vietnamese title, ``""`` where the table has none.

    ``changed``: rimes that have another number in this province.

    ``title_code("Dế Mèn phiêu lưu ký") == "D250M"``.
    """
    words = [split_tone(word)[0] for word in _WORD.findall(clean(title).lower())]
    if not words or not re.match(r"\W*[^\W\d_]", title):
        return ""
    initial, number = _first(words[0], rimes() | dict(changed or {}))
    if not number:
        return ""
    if len(words) < 2:
        return f"{initial}{number}".upper()
    behind = _INITIAL.match(words[1])
    second = behind.group() if behind else words[1][0]
    if len(initial) > 1:
        second = second[0]
    return f"{initial}{number}{second}".upper()


def _first(word: str, known: Mapping[str, int]) -> tuple[str, int]:
    """Part a syllable without tone into its initial and the number of its rime; 0 if it has none.

    A syllable that begins with a vowel has that vowel as initial. In *gì* the i is the rime.
    """
    match = _INITIAL.match(word)
    if match is None:
        return word[0], known.get(word, 0)
    initial, rime = match.group(), word[match.end() :]
    if initial == "gi" and rime not in known:
        initial, rime = ("g", f"i{rime}") if not rime.startswith("ê") else ("gi", rime)
    return initial, known.get(rime, 0)
