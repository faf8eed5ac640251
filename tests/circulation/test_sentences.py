"""Whatever the desk answers is said in words, never in codes."""

import re
from pathlib import Path

import pytest

import circulation
from circulation.checkin import _SIGNALS
from circulation.losses.models import RESOLUTIONS
from circulation.rules.compensation import CREDIT, KEEPS_PAID, PAYOUT
from circulation.rules.reasons import KINDS
from circulation.sentences import COMMANDS, DETAILS, HEADLINES, REASONS

CODE = "\n".join(
    file.read_text("utf-8")
    for folder in (".", "losses")
    for file in sorted((Path(circulation.__file__).parent / folder).glob("*.py"))
    if file.name != "sentences.py"
)
ANSWERED = {
    *re.findall(r'act\.answer\(\s*"([a-z_]+)"', CODE),
    *re.findall(r'\bcode ?= ?"([a-z_]+)"', CODE),
    *(_SIGNALS.keys() - {"to_shelve"}),  # said as returned, found, received or cleared
} - {"card_not_item"}  # a reason
SAID_BELOW = set(re.findall(r'\.line\(\s*"([a-z_]+)"', CODE)) | {
    *(f"charged_{kind}" for kind in ("lost_price", "processing")),
    *(f"found_{money}" for money in (CREDIT, PAYOUT, KEEPS_PAID)),
    *(f"claim_resolved_{how}" for how in RESOLUTIONS),
}


@pytest.mark.parametrize("code", sorted(KINDS))
def test_every_reason_has_its_sentence(code: str) -> None:
    assert code in REASONS


ACTS = set(re.findall(r'(?:Act|begin)\(session, actor, "([a-z_]+)"', CODE))


@pytest.mark.parametrize("act", sorted(ACTS))
def test_every_act_has_its_name_in_the_list_of_what_was_done(act: str) -> None:
    assert act in COMMANDS


@pytest.mark.parametrize("code", sorted(ANSWERED))
def test_every_headline_has_its_sentence(code: str) -> None:
    assert code in HEADLINES


@pytest.mark.parametrize("code", sorted(SAID_BELOW))
def test_every_line_under_it_has_its_sentence(code: str) -> None:
    assert code in DETAILS


def test_no_sentence_is_left_over() -> None:
    assert DETAILS.keys() <= SAID_BELOW
    assert len(ANSWERED) > 20
