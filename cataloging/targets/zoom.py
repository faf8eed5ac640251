"""Asking a Z39.50 target, by a child process that is ended with its time."""

import base64
import json
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any, Final

from cataloging.targets import zoom_child
from cataloging.targets.addresses import numeric_address
from cataloging.targets.answers import LARGEST, MOST, Answer, Failed, Place
from cataloging.targets.asking import Wanted, as_pqf
from cataloging.targets.reading import read_records

_CHILD: Final = Path(zoom_child.__file__)
# Numbers of ZOOM's own errors. Source: yaz/zoom.h
_ERRORS: Final = {
    -1: "no_yaz",
    10000: "refused",
    10004: "broken",
    10007: "too_slow",
}
# 10005: the target refused the Init; Bib-1 says why where a target says it at all.
# Source: yaz/zoom.h, https://www.loc.gov/z3950/agency/defns/bib1diag.html
_NOT_LET_IN: Final = (10005, 101, 1010, 1011, 1012, 1014)


@cache
def is_installed() -> bool:
    """Tell whether libyaz is there; the library itself is only ever loaded by children."""
    check = [sys.executable, "-I", "-c", _CHECK, str(_CHILD.parent)]
    return subprocess.run(check, check=False, capture_output=True, timeout=20).returncode == 0


_CHECK: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); import zoom_child; "
    "sys.exit(zoom_child.library() is None)"
)


def ask_z3950(place: Place, wanted: Wanted) -> Answer:
    """Put a question to a target. Raises ``Failed``."""
    query = as_pqf(wanted, place.indexes)
    if not query:
        raise Failed("not_asked")
    end = time.monotonic() + place.seconds
    host = numeric_address(place.address, place.port, inside=place.inside, seconds=place.seconds)
    asked = {
        "host": f"[{host}]" if ":" in host else host,
        "port": place.port,
        "database": place.database or "Default",
        "syntax": place.syntax,
        "seconds": place.seconds,
        "query": query,
        "most": MOST,
        "user": place.user_name,
        "group": place.user_group,
        "password": place.password or "",
    }
    said = _of_child(json.dumps(asked), end)
    if "error" in said:
        number, detail = said["error"], f"{said['error']} · {said['said']}"
        if number in _NOT_LET_IN:
            code = "sign_in_refused" if place.user_name else "sign_in_needed"
            raise Failed(code, "" if number == 10005 else detail)
        code = _ERRORS.get(number, "diagnostic")
        raise Failed(code, detail if code == "diagnostic" else "")
    answer = Answer(hits=min(int(said["hits"]), 2_000_000_000))
    raw = b"".join(base64.b64decode(one) for one in said["records"])
    format = "marcxml" if raw.lstrip()[:1] == b"<" else "iso2709"
    read_records(raw, answer, format=format, encoding=place.encoding)
    return answer


def _of_child(asked: str, end: float) -> dict[str, Any]:
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(_CHILD)],
            input=asked.encode(),
            capture_output=True,
            timeout=max(0.1, end - time.monotonic()),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Failed("too_slow") from error
    if done.returncode != 0 or len(done.stdout) > 2 * LARGEST:
        raise Failed("library_crashed", str(done.returncode))
    return dict(json.loads(done.stdout))
