"""The command line: joins the groups of the packages. Groups load only when they are called."""

import importlib
import sys
from pathlib import Path
from typing import Any

import click

# word → module that holds a click command of that name (with - as _)
COMMANDS = {
    "run": ("ils.serve_cli", "Serve the libraries: set up what is missing, then start."),
    "worker": ("ils.serve_cli", "Run only the worker (index, jobs)."),
    "sip2": ("circulation.sip2.cli", "Serve self-check machines over SIP2."),
    "upgrade": ("ils.serve_cli", "Bring the database to this version, after a backup."),
    "doctor": ("ils.serve_cli", "Check the installation and say what is wrong."),
    "backup": ("ils.serve_cli", "Write everything into one file, also while running."),
    "restore": ("ils.serve_cli", "Bring back what a backup file holds."),
    "sample": ("ils.serve_cli", "Load the sample province into an empty installation."),
    "user": ("ils.accounts.cli", "Staff accounts: add, password, list."),
    "org": ("ils.org.cli", "Libraries and branches: add, list."),
    "marc": ("cataloging.marc.cli", "Import and export MARC records."),
    "search": ("cataloging.search.cli", "The search index: rebuild, check."),
    "catalog": ("cataloging.cli", "The catalogue: reproject, check."),
    "report": ("ils.reporting.cli", "Figures and reports."),
    "bench": ("ils.bench_cli", "Measure the program on data it makes itself."),
    "soak": ("ils.bench_cli", "Lend and return at random for long, checking every rule."),
}

# What ./sen does itself, before there is a program to call.
OF_THE_SCRIPT = {"test": "Set up what the tests need and run them; pytest's words may follow."}

# What the command line says for refusals it meets before there is an application.
SENTENCES = {
    "setting_unknown": "there is no setting {name}; docs/maintainer.md lists them",
    "setting_not_boolean": "{name} must be true or false, not {value}",
    "setting_not_number": "{name} must be a number, not {value}",
    "database_newer": "the database was made by a newer version of Sen ({revision});"
    " nothing was changed. Update the program.",
    "backup_of_other_database": "this is a backup of {database}; the program runs on another one",
    "backup_unreadable": "{file} is no backup of Sen, or is cut off; nothing was changed",
    "backup_damaged": "{file} is damaged: its checksum differs; nothing was changed",
    "program_missing": "{program} is needed and is not installed",
    "program_failed": "{program} failed: {message}",
}


class Joined(click.Group):
    """A group whose commands live in the packages."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all words."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load the module of a word."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        return getattr(module, cmd_name.replace("-", "_"))  # type: ignore[no-any-return]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the words without loading what they name."""
        with formatter.section("Commands"):
            words = {word: about for word, (_, about) in COMMANDS.items()} | OF_THE_SCRIPT
            formatter.write_dl(list(words.items()))


@click.group(cls=Joined, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--data", type=click.Path(path_type=Path), help="Folder of all data (default var/).")
def main(data: Path | None) -> None:
    """Sen: the library system for district libraries."""
    if data is not None:
        from ils.core.config import load, use

        use(load(data_dir=data))


def run_cli(arguments: list[str] | None = None) -> Any:
    """Run the command line; refusals are one line, not a traceback."""
    from ils.core.errors import IlsError

    try:
        return main.main(args=arguments, prog_name="./sen", standalone_mode=True)
    except IlsError as error:
        said = SENTENCES.get(error.code)
        click.echo(f"sen: {said.format(**error.facts) if said else error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    run_cli()
