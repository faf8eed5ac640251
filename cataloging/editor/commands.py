"""What the buttons of the MARC view do to the fields of a record; pure, for pages without scripts.

With scripts the page does the same in place (``static/rows.js``). A new field or subfield is only
an empty box on the page, so it is not here.
"""

import copy

from cataloging.marc.model import Marc

COMMANDS = ("double", "up", "down", "delete")
BLANKS = ("field", "subfield")


def change_rows(marc: Marc, command: str, at: int) -> Marc:
    """Return the record after a command on its field number ``at``; as it was if there is none."""
    found = list(marc["fields"])
    if 0 <= at < len(found):
        if command == "double":
            found.insert(at + 1, copy.deepcopy(found[at]))
        elif command == "delete":
            del found[at]
        elif command in ("up", "down"):
            other = at + (1 if command == "down" else -1)
            if 0 <= other < len(found):
                found[at], found[other] = found[other], found[at]
    return {"leader": marc["leader"], "fields": found}
