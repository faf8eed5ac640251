"""``./sen test``: brings in what the tests need from the system, then runs them.

PostgreSQL, Chromium, YAZ and MARC::Lint come from Debian's packages when this runs as root on
Debian; elsewhere they are named in one line and the tests that need them are skipped aloud.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# program → Debian package
NEEDED = {
    "postgres": "postgresql",
    "chromium": "chromium",
    "yaz-marcdump": "yaz",
    "pdftotext": "poppler-utils",
    "MARC/Lint.pm": "libmarc-lint-perl",
}
PERL = Path("/usr/share")  # perl5/MARC/Lint.pm
# Chromium draws Vietnamese only with a font that holds it.
ALONG = {"chromium": ["fonts-dejavu-core"]}


def find(program: str) -> str | None:
    """Return the path of a program, also of PostgreSQL's, which Debian keeps out of PATH; or of a
    module of Perl, ending in ``.pm``."""
    if program.endswith(".pm"):
        return next((str(at) for at in PERL.glob(f"*/{program}")), None)
    found = shutil.which(program)
    if found is None and program == "postgres":
        places = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
        found = str(places[-1]) if places else None
    return found


def bring_in() -> None:
    """Install missing system packages, or say which are missing."""
    missing = sorted({package for program, package in NEEDED.items() if find(program) is None})
    if not missing:
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"sen: installing {', '.join(missing)} for the tests", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "env": environment}
        along = [name for package in missing for name in ALONG.get(package, [])]
        subprocess.run(["apt-get", "update", "-q"], check=False, **quiet)  # type: ignore[call-overload]
        subprocess.run(
            ["apt-get", "install", "-q", "-y", "--no-install-recommends", *missing, *along],
            check=False,
            **quiet,  # type: ignore[call-overload]
        )
        missing = sorted({package for program, package in NEEDED.items() if find(program) is None})
    if missing:
        print(f"sen: tests that need {', '.join(missing)} are skipped", flush=True)


def lint() -> None:
    """Run the formatters, linters and type checks; stop at the first that objects."""
    python = sys.executable
    places = ["ils", "cataloging", "circulation", "opac", "bench", "tests", "migrations", "wsgi.py"]
    for words in (
        ["-m", "ruff", "check", *places],
        ["-m", "ruff", "format", "--check", *places],
        ["-m", "mypy"],
    ):
        print("sen:", *words[1:3], flush=True)
        done = subprocess.run([python, *words], cwd=ROOT, check=False)
        if done.returncode:
            sys.exit(done.returncode)


def main() -> None:
    """Bring in what is needed and run pytest with the words given."""
    words = sys.argv[1:]
    if "--lint" in words:
        words.remove("--lint")
        lint()
    bring_in()
    if not words:
        words = ["-n", "2", "--dist", "loadgroup"]
    sys.exit(
        subprocess.run([sys.executable, "-m", "pytest", *words], cwd=ROOT, check=False).returncode
    )


if __name__ == "__main__":
    main()
