"""The Vietnamese syllable: what one looks like, where its tone mark stands, where one begins.

A syllable is an initial, a rime (vowels and final) and a tone. Two conventions place the mark
differently in open oa, oe and uy (hòa, hoà), and old data misplaces it elsewhere (tòan, qủa);
``canonical`` gives all of them one form. It also writes i for y in an open syllable after
h, k, l, m, s, t and qu (kỹ and kĩ, lý and lí, quý and quí are the same words).
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from ils.text.alphabet import NANG, SAC, TONED, split_tone

_INITIALS = "ngh|ng|nh|ch|gh|kh|ph|th|tr|gi(?=[aăâeêoôơuư])|qu(?=[aăâeêioơy])|[bcdđghklmnpqrstvx]"
_SHAPE = re.compile(f"({_INITIALS}|)([aăâeêioôơuưy]+)(ch|nh|ng|[cmnpt]|)")

_ALL_RIMES = """
    a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt
    âc âm ân âng âp ât âu ây e ec em en eng eo ep et ê êch êm ên ênh êp êt êu êc êng
    i ia ich iêc iêm iên iêng iêp iêt iêu im in inh ip it iu ing ic
    o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oen oeo oet oi
    om on ong op ot oong ooc ô ôc ôi ôm ôn ông ôp ôt ôông ơ ơi ơm ơn ơp ơt ơng
    u ua uân uâng uât uây uc uê uêch uênh ui um un ung uôc uôi uôm uôn uông uôt uơ up ut uy uya
    uych uyên uyêt uynh uyt uyu uyp uyn uôp ư ưa ưc ưi ưm ưn ưng ươc ươi ươm ươn ương ươp ươt ươu
    ưt ưu uơn uơt ươ
    y yêm yên yêng yêt yêu ych ynh yt
"""
_QU_RIMES = """
    a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt ăp ân âng ât ây âu âm e en eng eo
    et ê êch ên ênh êt i it iu ich in inh ip ơ ơn ơt ơi y yên yêt ynh yt ych yêng yp yêu
"""


def _unmarked(letters: str) -> str:
    return letters.translate(str.maketrans("ăâđêôơư", "aadeoou"))


_RIMES: Final = frozenset(_ALL_RIMES.split())
_AFTER_QU: Final = frozenset(_QU_RIMES.split())
_TYPED_RIMES: Final = frozenset(map(_unmarked, _RIMES))
_TYPED_AFTER_QU: Final = frozenset(map(_unmarked, _AFTER_QU))
_STOPPED = ("c", "ch", "p", "t")
_Y_IS_I_AFTER = frozenset({"h", "k", "l", "m", "s", "t", "qu"})


def is_syllable(word: str) -> bool:
    """Tell whether a lower-case NFC word is spelled as a Vietnamese syllable can be."""
    letters, tones = split_tone(word)
    shape = _SHAPE.fullmatch(letters)
    if shape is None or len(tones) > 1:
        return False
    initial, vowels, final = shape.groups()
    if vowels + final not in (_AFTER_QU if initial == "qu" else _RIMES):
        return False
    return final not in _STOPPED or not tones or tones[0] in (SAC, NANG)


def may_be_syllable(word: str) -> bool:
    """Tell whether lower-case letters may be a syllable typed without some or all of its marks."""
    letters, tones = split_tone(word)
    shape = _SHAPE.fullmatch(_unmarked(letters))
    if shape is None or len(tones) > 1:
        return False
    initial, vowels, final = shape.groups()
    return vowels + final in (_TYPED_AFTER_QU if initial == "qu" else _TYPED_RIMES)


@lru_cache(maxsize=32768)
def canonical(word: str) -> str:
    """Return a lower-case NFC word with its tone mark in the one place, and i for final y.

    Words that are no Vietnamese syllable come back unchanged. Source: docs/search.md, forms.
    """
    letters, tones = split_tone(word)
    shape = _SHAPE.fullmatch(letters)
    if shape is None or len(tones) > 1:
        return word
    initial, vowels, final = shape.groups()
    if vowels == "y" and not final and initial in _Y_IS_I_AFTER:
        vowels = "i"
    if tones:
        at = _marked_vowel(vowels, final)
        vowels = vowels[:at] + TONED[vowels[at], tones[0]] + vowels[at + 1 :]
    return initial + vowels + final


def _marked_vowel(vowels: str, final: str) -> int:
    """Return which vowel bears the tone mark, by the new convention (hoà, not hòa)."""
    for at in range(len(vowels) - 1, -1, -1):
        if vowels[at] in "ăâêôơư" and not (vowels[at] == "ư" and vowels[at:] in ("ưa", "ưu", "ưi")):
            return at
    if len(vowels) == 1:
        return 0
    if final or vowels in ("oa", "oe", "uy"):
        return 1 if len(vowels) == 2 else len(vowels) - 1
    return 1 if len(vowels) > 2 else 0


def split_joined(letters: str, most: int = 4) -> Iterator[tuple[str, ...]]:
    """Yield the ways to read run-together letters as syllables, fewest syllables first.

    ``thuvien`` is read ``thu vien``. Yields nothing for what cannot be read so; at most ``most``
    readings, of two syllables or more.
    """
    size = len(letters)
    if not 4 <= size <= 40:
        return
    ways: list[list[tuple[str, ...]]] = [[] for _ in range(size + 1)]
    ways[0] = [()]
    for end in range(1, size + 1):
        for start in range(max(0, end - 7), end):
            if ways[start] and may_be_syllable(letters[start:end]):
                ways[end] += [(*way, letters[start:end]) for way in ways[start]]
        ways[end] = sorted(ways[end], key=_plausibility)[: most * 2]
    yield from [way for way in ways[size] if len(way) > 1][:most]


def _plausibility(way: tuple[str, ...]) -> tuple[int, int]:
    return len(way), sum(1 for syllable in way if len(syllable) == 1)
