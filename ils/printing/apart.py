"""A large paper set in a process of its own, which gives its memory back when it is done.

Typst keeps what it has set to be quicker the next time: a worker that printed 2,000 cards would hold
half a gigabyte on. Run as a program: names on the command line, the data on standard input, the
paper on standard output. Nothing of the house is imported here, so it begins at once.
"""

import subprocess
import sys
from pathlib import Path

LONGEST = 300  # seconds


def set_apart(source: Path, root: Path, packed: str, made_at: int) -> bytes:
    """Return the PDF of a template and its data. Raises ``RuntimeError`` with what Typst said."""
    done = subprocess.run(
        [sys.executable, __file__, str(source), str(root), str(made_at)],
        input=packed.encode(),
        capture_output=True,
        timeout=LONGEST,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode(errors="replace")[-2000:])
    return done.stdout


def _main(source: str, root: str, made_at: str) -> None:
    import typst

    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
    packed = sys.stdin.buffer.read().decode()
    compiler = typst.Compiler(
        Path(source), root=Path(root), font_paths=fonts, sys_inputs={"data": packed}
    )
    made = compiler.compile(format="pdf", timestamp=int(made_at))
    sys.stdout.buffer.write(made)  # type: ignore[arg-type]


if __name__ == "__main__":
    _main(*sys.argv[1:4])
