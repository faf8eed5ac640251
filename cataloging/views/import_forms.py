"""Forms of the pages of imports and of the export."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from sqlalchemy.orm import Session
from wtforms import BooleanField, RadioField, SelectField, StringField
from wtforms.validators import Length

from cataloging.imports.profiles import AUTO, NONE, profiles
from cataloging.imports.runs import FORMATS, ON_MATCH
from cataloging.marc import formats
from cataloging.permissions import IMPORT
from cataloging.views import import_words as words
from ils.org.models import OrgUnit
from ils.org.units import branches_of, libraries, unit_names
from ils.web.door import current_actor
from ils.web.forms import Form, choices

NO_LIBRARY = 0
BRANCH_BOX = "branch:"  # and the code that the file has for it


class UploadForm(Form):
    """A file of records."""

    file = FileField(_l("File of records"), [FileRequired(_l("Please choose a file."))])


class RulesForm(Form):
    """How a file is read, where its copies go, and what happens to titles that are there."""

    encoding = RadioField(_l("Text of the file"))
    format = SelectField(_l("Format"))
    library_id = SelectField(_l("Library"), coerce=int)
    branch_id = SelectField(_l("Copies of no known branch go to"), coerce=int)
    on_match = RadioField(_l("When we have the title already"))
    profile = SelectField(_l("Where the copies stand in the records"))
    opening_balance = BooleanField(
        _l("The copies were in the library before (opening balance, no new accession)")
    )

    library_of: dict[int, int]  # branch → its library

    def fill_choices(self, session: Session, encodings: list[str]) -> None:
        """Set the pick lists. ``encodings`` are those that have a sample to show."""
        names = unit_names(session)
        own = importable_libraries(session)
        places = [(one, place) for one in own for place in branches_of(session, one.id)]
        self.library_of = {place.id: one.id for one, place in places}
        several = len(own) > 1
        self.library_id.choices = choices(
            [
                *((one.id, names.get(one.id, one.code)) for one in own),
                (NO_LIBRARY, _l("Records only, no copies")),
            ]
        )
        self.branch_id.choices = choices(
            [
                (0, _l("the first branch of the library")),
                *(
                    (p.id, f"{names.get(one.id)} · {names.get(p.id)}" if several else names[p.id])
                    for one, p in places
                ),
            ]
        )
        every = dict.fromkeys([formats.AUTO, *encodings, *formats.ENCODINGS])
        self.encoding.choices = choices((e, words.ENCODING_NAMES.get(e, e)) for e in every)
        self.format.choices = choices((f, words.FORMAT_NAMES[f]) for f in FORMATS)
        self.on_match.choices = choices((rule, words.ON_MATCH[rule]) for rule in ON_MATCH)
        self.profile.choices = choices(
            [
                (AUTO, _l("As recognized")),
                (NONE, _l("The records hold no copies")),
                *((code, one.name) for code, one in profiles().items()),
            ]
        )

    def rules(self, sent: Mapping[str, str]) -> dict[str, Any]:
        """Return what was chosen as ``change_rules`` takes it; ``sent`` names codes of branches."""
        ours = {str(p) for p, library in self.library_of.items() if library == self.library_id.data}
        branches = {
            name.removeprefix(BRANCH_BOX): int(value)
            for name, value in sent.items()
            if name.startswith(BRANCH_BOX) and value in ours
        }
        branch_id = self.branch_id.data if str(self.branch_id.data) in ours else None
        return {
            "encoding": self.encoding.data,
            "format": self.format.data,
            "library_id": self.library_id.data or None,
            "on_match": self.on_match.data,
            "profile": self.profile.data,
            "options": {
                "branch_id": branch_id,
                "branches": branches,
                "opening_balance": bool(self.opening_balance.data),
                "confirmed": False,
            },
        }


class ExportForm(Form):
    """Which records, and in which format. Sent by GET: it changes nothing."""

    class Meta(Form.Meta):
        """Asked by address."""

        csrf = False

    q = StringField(_l("Only records found by these words"), [Length(max=500)])
    library_id = SelectField(_l("With copies in"), coerce=int)
    format = SelectField(_l("Format"))


def importable_libraries(session: Session) -> list[OrgUnit]:
    """Return the libraries the actor may import for, the own one first."""
    actor = current_actor()
    found = [one for one in libraries(session) if actor.can(IMPORT, one)]
    return sorted(found, key=lambda one: one.id != actor.library_id)
