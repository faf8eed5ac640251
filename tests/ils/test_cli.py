"""The command line: what it offers, and how it says no."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from ils.cli import COMMANDS, SENTENCES, main, run_cli

CORE = Path(__file__).parents[2] / "ils" / "core"


@pytest.mark.parametrize("word", COMMANDS)
def test_every_command_is_there_and_helps(word: str) -> None:
    answer = CliRunner().invoke(main, [word, "--help"])
    assert answer.exit_code == 0, answer.output
    assert "Usage:" in answer.output


def test_the_help_names_every_command_and_what_each_is_for() -> None:
    shown = CliRunner().invoke(main, ["--help"]).output
    for word in ("test", *COMMANDS):
        assert re.search(rf"^  {word} +\S.* ", shown, re.M), word


def test_a_refusal_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("SEN_COLOUR", "green")
    with pytest.raises(SystemExit) as ended:
        run_cli(["upgrade", "--data", str(tmp_path)])
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        "sen: there is no setting SEN_COLOUR; docs/maintainer.md lists them\n"
    )


def test_what_the_ground_floor_refuses_has_its_sentence() -> None:
    raised = set()
    for name in ("config", "migrate", "backup"):
        raised |= set(
            re.findall(r'raise (?:Invalid|Refused)\("(\w+)"', (CORE / f"{name}.py").read_text())
        )
    assert raised == SENTENCES.keys()
