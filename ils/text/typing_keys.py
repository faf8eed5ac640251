"""Reading keystrokes: text typed with the Vietnamese keyboard off, and barcodes typed with it on.

Readers type ``tieesng vieejt`` (Telex) or ``tie61ng vie65t`` (VNI) when the input method is off;
``readings`` says what they meant. A barcode scanner types like a hand, so the input method, when
it is on, spoils labels: ``DD001`` arrives as ``Đ001``. ``barcode_readings`` gives what may have
been scanned; the caller keeps the one that exists.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from itertools import islice, product
from typing import Final

from ils.text.alphabet import HOI, HUYEN, NANG, NGA, SAC, SPLIT, TONED
from ils.text.syllables import canonical, is_syllable, may_be_syllable, split_joined

_TELEX_TONES: Final = {"f": HUYEN, "r": HOI, "x": NGA, "s": SAC, "j": NANG, "z": 0}
_VNI_TONES: Final = {"2": HUYEN, "3": HOI, "4": NGA, "1": SAC, "5": NANG, "0": 0}
_VNI_SHAPES: Final = {
    "6": {"a": "â", "e": "ê", "o": "ô"},
    "7": {"u": "ư", "o": "ơ"},
    "8": {"a": "ă"},
}
_DOUBLED: Final = {"a": "â", "e": "ê", "o": "ô"}
_HOOKED: Final = {"u": "ư", "o": "ơ", "a": "ă"}
_VOWELS: Final = "aăâeêioôơuưy"


@lru_cache(maxsize=4096)
def telex(keys: str) -> str | None:
    """Return the syllable that these Telex keystrokes write, None when they write none.

    Keys may stand where a typist puts them: after the vowel or at the end (``tieesng``,
    ``tieengs``, ``tienges``). None also when nothing would change.
    """
    return _written(keys, _telex_step)


@lru_cache(maxsize=4096)
def vni(keys: str) -> str | None:
    """Return the syllable that these VNI keystrokes write (``vie65t``), None when none."""
    if not any(key.isdigit() for key in keys):
        return None
    return _written(keys, _vni_step)


_State = tuple[str, int]  # letters so far, tone
_Step = Callable[[str, int, str], _State | None]


def _written(keys: str, step: _Step) -> str | None:
    lowered = keys.lower()
    if not lowered.isascii() or not lowered[:1].isalpha() or len(lowered) > 16:
        return None
    letters, tone, changed = "", 0, False
    for key in lowered:
        after = step(letters, tone, key)
        if after is None:
            letters += key
        else:
            (letters, tone), changed = after, True
    if not changed:
        return None
    toned = _with_tone(letters, tone)
    return toned if is_syllable(toned) and toned != lowered else None


def _with_tone(letters: str, tone: int) -> str:
    """Put the tone on any vowel, then let the canonical form move it to its place."""
    for at, letter in enumerate(letters):
        if tone and letter in _VOWELS and not (letters[:at] == "q" and letter == "u"):
            marked = letters[:at] + TONED[letter, tone] + letters[at + 1 :]
            return canonical(marked)
    return canonical(letters)


def _has_vowel(letters: str) -> bool:
    return any(letter in _VOWELS for letter in letters)


def _telex_step(letters: str, tone: int, key: str) -> _State | None:
    """Apply one Telex key; None when it is an ordinary letter here."""
    if key in _TELEX_TONES and _has_vowel(letters):
        return letters, _TELEX_TONES[key]
    if key == "w":
        hooked = _hook(letters)
        return (hooked, tone) if hooked else None
    if key == "d" and letters.startswith("d"):
        return "đ" + letters[1:], tone
    if key in _DOUBLED:
        at = letters.rfind(key)
        if at >= 0 and not any(c in _VOWELS and c not in "iuy" for c in letters[at + 1 :]):
            return letters[:at] + _DOUBLED[key] + letters[at + 1 :], tone
    return None


def _hook(letters: str) -> str | None:
    """Apply Telex w: uo becomes ươ, else the last u, o or a gets its hook; alone it writes ư."""
    at = letters.rfind("uo")
    if at >= 0 and not letters.startswith("q"):
        return letters[:at] + "ươ" + letters[at + 2 :]
    at = letters.rfind("ưo")
    if at >= 0:
        return letters[:at] + "ươ" + letters[at + 2 :]
    if letters.endswith("ua") and not letters.startswith("q"):
        return letters[:-2] + "ưa"
    for at in range(len(letters) - 1, -1, -1):
        if letters[at] in _HOOKED:
            return letters[:at] + _HOOKED[letters[at]] + letters[at + 1 :]
    return None if _has_vowel(letters) else letters + "ư"


def _vni_step(letters: str, tone: int, key: str) -> _State | None:
    """Apply one VNI key; None when it is an ordinary letter here."""
    if key in _VNI_TONES and _has_vowel(letters):
        return letters, _VNI_TONES[key]
    if key == "9" and letters.startswith("d"):
        return "đ" + letters[1:], tone
    if key == "7":
        hooked = _hook(letters.replace("a", "á"))
        return (hooked.replace("á", "a"), tone) if hooked else None
    for at in range(len(letters) - 1, -1, -1):
        shape = _VNI_SHAPES.get(key, {}).get(letters[at])
        if shape:
            return letters[:at] + shape + letters[at + 1 :], tone
    return None


def readings(text: str, known: Callable[[str], bool] = lambda _: False) -> tuple[str, ...]:
    """Return what a text may mean if it holds raw keystrokes, likeliest first; at most six.

    Each word is judged alone, so ``sach thieeus nhi`` keeps its first and last. Words for which
    ``known`` is true are kept in the first readings, for *test* is also Telex for *tét*. When a
    word cannot be keystrokes, letters run together (``thuvien``) are taken apart.
    """
    words = unicodedata.normalize("NFC", text).split()
    found: dict[str, None] = {}
    for keep in (known, lambda _: False):
        for method in ((telex, vni), (vni, telex)):
            read = " ".join(word if keep(word) else _read(word, method) for word in words)
            found.setdefault(read)
    for read in list(found):
        apart = " ".join(_apart(word, known) for word in read.split())
        found.setdefault(apart)
    found.pop(" ".join(words), None)
    return tuple(found)[:6]


def _read(word: str, methods: tuple[Callable[[str], str | None], ...]) -> str:
    for method in methods:
        read = method(word)
        if read is not None:
            return read
    return word


def _apart(word: str, known: Callable[[str], bool]) -> str:
    if known(word) or may_be_syllable(word.lower()):
        return word
    ways = list(split_joined(word.lower()))
    best = next((way for way in ways if all(map(known, way))), ways[0] if ways else (word,))
    return " ".join(best)


# Barcodes: from what arrived back to what the scanner typed.

# The unshifted number row of keyboard layouts that Windows may be set to, in the order 1 … 9, 0.
_NUMBER_ROWS: Final = (
    "&é\"'(-è_çà",  # French
    "ăâêô\u0300\u0309\u0303\u0301\u0323đ",  # Vietnamese
    "!@#$%^&*()",  # a digit row read with Shift held
)
# Keys of a French keyboard that stand elsewhere: what arrives → what the scanner typed.
_FRENCH: Final = str.maketrans("AQZW,?;:!)", "QAWZMM,./-")
_SIGNS: Final = frozenset("!@#$%^&*()\"'_")
_MOST: Final = 48

_TELEX_SHAPES: Final = {
    "â": "aa", "ê": "ee", "ô": "oo", "ă": "aw", "ơ": "ow", "ư": "uw", "đ": "dd",
}  # fmt: skip
_VNI_SHAPED: Final = {
    "â": "a6", "ê": "e6", "ô": "o6", "ă": "a8", "ơ": "o7", "ư": "u7", "đ": "d9",
}  # fmt: skip
_TELEX_KEYS: Final = {tone: key for key, tone in _TELEX_TONES.items() if tone}
_VNI_KEYS: Final = {tone: key for key, tone in _VNI_TONES.items() if tone}
_RUNS: Final = re.compile(r"[^\W\d_]+|[\W\d_]+")


def barcode_readings(text: str) -> tuple[str, ...]:
    """Return what a scanner may have read when ``text`` arrived, the text itself first.

    Undoes what Unikey does to the keys (``Đ001`` was ``DD001`` or ``D9001``; ``Á`` was ``AS`` or
    ``A1``) and number rows of other keyboard layouts. The result is in upper case; at most 48.
    What a later key overwrote (VNI makes ``A12`` into ``À``) cannot be brought back.
    """
    came = unicodedata.normalize("NFC", "".join(text.split())).upper()
    if not came:
        return ()
    found: dict[str, None] = {came: None}
    if came.isascii() and _SIGNS.isdisjoint(came):
        return tuple(found)
    french = _as_digits(came, _NUMBER_ROWS[0], _FRENCH)
    if french is not None:
        found.setdefault(french)
    for row in _NUMBER_ROWS:
        digits = _as_digits(came, row)
        if digits is not None:
            found.setdefault(digits)
    for shapes, tones in ((_TELEX_SHAPES, _TELEX_KEYS), (_VNI_SHAPED, _VNI_KEYS)):
        runs = [_keys_of(run.lower(), shapes, tones) for run in _RUNS.findall(came)]
        for parts in islice(product(*runs), _MOST):
            read = "".join(parts).upper()
            if read.isascii():
                found.setdefault(read)
    return tuple(found)[:_MOST]


def _as_digits(came: str, row: str, letters: dict[int, int] | None = None) -> str | None:
    """Return the text with the signs of a number row as digits, None when other signs remain.

    ``letters`` moves other keys of that keyboard back to their place first.
    """
    table = {sign: str((at + 1) % 10) for at, sign in enumerate(row.upper())}
    spread = "".join(c if c in table else unicodedata.normalize("NFD", c) for c in came)
    read = "".join(table.get(s) or (s.translate(letters) if letters else s) for s in spread)
    return read if read != came and read.isascii() else None


def _keys_of(run: str, shapes: dict[str, str], tones: dict[int, str]) -> list[str]:
    """Return the keystrokes that write a run of letters.

    The key of a shape or tone stands anywhere between its letter and the end of the run. Telex
    writes ư by a single w too, and both methods write ươ with one key.
    """
    split = [SPLIT.get(char, (char, 0)) for char in run]
    letters = "".join(letter for letter, _ in split)
    variants = {letters: None, letters.replace("ươ", "uơ"): None}
    if shapes is _TELEX_SHAPES:
        variants[letters.replace("ư", "w")] = None
    found: dict[str, None] = {}
    for variant in variants:
        strokes = [shapes.get(letter, letter) for letter in variant]
        keys = [(at + 1, stroke[1]) for at, stroke in enumerate(strokes) if len(stroke) > 1]
        keys += [(at + 1, tones[tone]) for at, (_, tone) in enumerate(split) if tone]
        plain = [stroke[0] for stroke in strokes]
        places = [range(first, len(plain) + 1) for first, _ in keys]
        for chosen in islice(product(*places), _MOST):
            found.setdefault(_insert(plain, [key for _, key in keys], chosen))
    return list(found)


def _insert(plain: list[str], keys: list[str], places: tuple[int, ...]) -> str:
    made = ""
    for at, letter in enumerate(plain, start=1):
        made += letter + "".join(
            key for key, place in zip(keys, places, strict=True) if place == at
        )
    return made
