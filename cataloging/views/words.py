"""The catalogue's codes in the words of a librarian."""

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l

from cataloging.marc.validate import Finding
from ils.core.money import dong

MATERIALS: dict[str, Any] = {
    "book": _l("Book"),
    "article": _l("Article or chapter"),
    "serial": _l("Newspaper or journal"),
    "manuscript": _l("Manuscript"),
    "score": _l("Printed music"),
    "map": _l("Map"),
    "video": _l("Film or video"),
    "audio": _l("Spoken recording"),
    "music": _l("Music recording"),
    "picture": _l("Picture"),
    "electronic": _l("Computer file"),
    "ebook": _l("E-book"),
    "braille": _l("Braille"),
    "kit": _l("Kit"),
    "mixed": _l("Mixed materials"),
    "object": _l("Object"),
}

LIFECYCLES: dict[str, Any] = {
    "in_process": _l("Being processed"),
    "active": _l("In stock"),
    "repair": _l("In repair"),
    "damaged": _l("Damaged"),
    "missing": _l("Missing"),
    "lost": _l("Lost by a patron"),
    "lost_settled": _l("Lost, paid for"),
    "withdrawal_proposed": _l("Proposed for withdrawal"),
    "withdrawn": _l("Withdrawn"),
}

USES: dict[str, Any] = {
    "loan": _l("May be lent"),
    "reading_room": _l("Reading room only"),
    "not_for_loan": _l("Not for loan"),
    "restricted": _l("Restricted"),
}

SOURCES: dict[str, Any] = {
    "": _l("Not stated"),
    "purchase": _l("Purchase"),
    "gift": _l("Gift"),
    "allotted": _l("Allotted by the state"),
    "exchange": _l("Exchange"),
    "deposit": _l("Legal deposit"),
    "transfer": _l("From another library"),
    "other": _l("Other"),
}

REASONS: dict[str, Any] = {
    "worn": _l("Worn out"),
    "outdated": _l("Out of date"),
    "surplus": _l("Too many copies"),
    "lost": _l("Lost"),
    "transferred": _l("Given to another library"),
    "mistake": _l("Entered by mistake"),
    "other": _l("Other reason"),
}

POSITIONS: dict[str, tuple[str, Any]] = {
    "on_shelf": ("ok", _l("On the shelf")),
    "to_shelve": ("ok", _l("To be put back on the shelf")),
    "on_loan": ("info", _l("On loan")),
    "in_transit": ("info", _l("On its way")),
    "hold_shelf": ("warn", _l("On the hold shelf")),
    "at_point": ("info", _l("At a reading point")),
}

VETOES: dict[str, Any] = {
    "on_loan": _l("it is on loan"),
    "in_transit": _l("it is on its way between branches"),
    "at_point": _l("it is in a box at a reading point"),
    "on_hold_shelf": _l("it waits on the hold shelf for a patron"),
    "hold_for_this_item": _l("a patron has asked for this very copy"),
    "title_on_hold": _l("a patron has asked for the title"),
    "on_voucher": _l("it is on a voucher that is not closed yet"),
    "on_order": _l("it is on an order that has not come in whole"),
    "serial_title": _l("a library receives it as a newspaper or magazine"),
    "in_purchase": _l("it is in a central purchase that was not sent yet"),
}

CHANGES: dict[str, Any] = {
    "created": _l("Created"),
    "replaced": _l("Changed"),
    "deleted": _l("Deleted"),
    "restored": _l("Brought back"),
}

CHANGE_KINDS: dict[str, Any] = {
    "edit": _l("Edit"),
    "import": _l("Import"),
    "items": _l("New copies"),
    "delete": _l("Deletion"),
    "restore": _l("Restoring"),
    "undo": _l("Undo"),
    "batch": _l("Batch"),
    "copies": _l("Copies changed or withdrawn"),
    "merge": _l("Merge of records"),
    "quick": _l("Added at the desk"),
    "target": _l("Merged from elsewhere"),
    "authority": _l("Heading"),
    "headings": _l("Headings made one, carried to records"),
    "headings_in": _l("Import of headings"),
}

MOMENTS: dict[str, Any] = {
    "item_accessioned": _l("Entered in the accession register"),
    "item_changed": _l("Data changed"),
    "item_withdrawn": _l("Withdrawn from stock"),
    "loan_checked_out": _l("Lent out"),
    "reading_room_loan_made": _l("Lent for the reading room"),
    "open_loan_entered": _l("Loan on paper entered"),
    "loan_renewed": _l("Loan renewed"),
    "item_checked_in": _l("Returned"),
    "item_found": _l("Found again"),
    "in_house_use_counted": _l("Used on the premises"),
    "hold_placed": _l("Hold placed"),
    "hold_ready": _l("Put on the hold shelf"),
    "hold_filled": _l("Hold collected"),
    "hold_canceled": _l("Hold canceled"),
    "hold_expired": _l("Hold expired"),
    "transit_sent": _l("Sent to another branch"),
    "transit_received": _l("Arrived from another branch"),
    "transit_rerouted": _l("Sent on to another branch"),
    "hold_put_back": _l("Taken from the hold shelf"),
    "due_date_moved": _l("Due date moved"),
    "shelf_period_moved": _l("Days on the hold shelf moved"),
    "item_missing": _l("Missing"),
    "item_damaged": _l("Found damaged"),
    "item_lost": _l("Recorded as lost"),
    "loss_settled": _l("Loss or damage settled"),
    "loss_reopened": _l("Settlement taken back"),
    "loss_canceled": _l("Loss taken back"),
    "claim_made": _l("A reader says it was returned or never lent"),
    "claim_resolved": _l("Claim resolved"),
    "charge_posted": _l("Charge posted"),
    "payment_taken": _l("Payment taken"),
    "waiver_given": _l("Charge waived"),
    "settled_in_kind": _l("Settled with another copy or by work"),
    "entry_reversed": _l("Charge taken back"),
    "consignment_sent": _l("Sent in a box to a reading point"),
    "consignment_received": _l("Box arrived"),
    "copy_left_box": _l("Taken out of a box"),
    "item_withdrawal_undone": _l("Withdrawal taken back"),
    "stock_take": _l("Counted at a stock-taking"),
}

FIGURES: dict[str, Any] = {
    "loans": _l("Times lent"),
    "renewals": _l("Renewals"),
    "uses": _l("Uses on the premises"),
    "moves": _l("Moves"),
    "takes": _l("Stock-takings"),
    "repairs": _l("Times repaired"),
    "damages": _l("Damages"),
    "losses": _l("Losses"),
}

COPY_BOXES: dict[str, Any] = {
    "branch_id": _l("Branch"),
    "item_type": _l("Kind of copy"),
    "collection_id": _l("Collection (kho)"),
    "call_number": _l("Call number"),
    "shelf": _l("Shelf or rack"),
    "volume_key": _l("Volume"),
    "use": _l("Use"),
    "lifecycle": _l("State"),
    "price": _l("Price"),
    "source": _l("Source"),
    "voucher": _l("Voucher"),
    "condition": _l("Condition"),
    "note": _l("Note for the desk"),
    "barcode": _l("Barcode"),
}

AUDIENCES: dict[str, Any] = {
    "": _l("Not stated"),
    "j": _l("Children"),
    "d": _l("Young people"),
    "e": _l("Adults"),
    "g": _l("General"),
    "a": _l("Preschool"),
    "b": _l("Primary school"),
    "c": _l("Lower secondary school"),
    "f": _l("Specialists"),
}

RULES: dict[str, Any] = {
    "missing_field": _l("The record has no field %(tag)s."),
    "empty_heading": _l("The heading says nothing."),
    "missing_title": _l("The title ($a) is missing."),
    "two_main_entries": _l("A record has only one main entry, this one has %(value)s."),
    "field_repeated": _l("Field %(tag)s may stand only once."),
    "length": _l("It has %(value)s characters instead of %(allowed)s."),
    "bad_tag": _l("“%(value)s” is no tag: a tag is three figures."),
    "wrong_kind": _l("Fields 00X hold plain text, all others subfields."),
    "bad_indicator": _l("An indicator is one character or #, not “%(value)s”."),
    "bad_subfield": _l("“%(subfield)s” cannot be the code of a subfield."),
    "empty_field": _l("The field is empty."),
    "unknown_field": _l("MARC 21 knows no field %(tag)s; it is kept as a local one."),
    "obsolete_field": _l("Field %(tag)s is out of use."),
    "unknown_subfield": _l("Field %(tag)s has no subfield $%(subfield)s."),
    "subfield_repeated": _l("$%(subfield)s may stand only once in this field."),
    "indicator1": _l("The first indicator cannot be %(value)s (allowed: %(allowed)s)."),
    "indicator2": _l("The second indicator cannot be %(value)s (allowed: %(allowed)s)."),
    "bad_code": _l("Position %(position)s cannot be “%(value)s”."),
    "bad_year": _l("Position %(position)s: “%(value)s” is no year."),
    "bad_date": _l("Position %(position)s: “%(value)s” is no date (yymmdd)."),
    "bad_minutes": _l("Position %(position)s: “%(value)s” is no number of minutes."),
    "unknown_language": _l("“%(value)s” is not in the list of language codes."),
    "obsolete_language": _l("The language code “%(value)s” is out of use."),
    "unknown_country": _l("“%(value)s” is not in the list of country codes."),
    "obsolete_country": _l("The country code “%(value)s” is out of use (Vietnam is vm)."),
    "bad_isbn": _l("The ISBN “%(value)s” is wrong: its check digit does not fit."),
    "bad_issn": _l("The ISSN “%(value)s” is wrong: its check digit does not fit."),
}

LINE_PROBLEMS: dict[str, Any] = {
    "no_tag": _l("A line begins with a tag of three figures, not with “%(what)s”."),
    "no_indicators": _l("Two indicators stand behind the tag (# for an empty one)."),
    "no_subfield": _l("The text of a field begins with $ and a code, not with “%(what)s”."),
    "no_code": _l("A $ needs a code behind it; a dollar sign in the text is written $$."),
    "bad_escape": _l("“%(what)s” cannot be read; a dollar sign in the text is written $$."),
    "no_leader": _l("The record needs a line LDR with its leader."),
    "second_leader": _l("A record has only one leader (LDR)."),
}


def say_finding(finding: Finding) -> str:
    """Word what a check found, in the page's language."""
    sentence = RULES.get(finding.rule)
    if sentence is None:
        return finding.rule
    position = "" if finding.position is None else f"{finding.position:02}"
    return str(sentence) % {
        "tag": finding.tag,
        "subfield": finding.subfield,
        "value": finding.value.replace(" ", "#"),
        "allowed": finding.allowed,
        "position": position,
    }


def say_vetoes(codes: list[str]) -> str:
    """Word why a copy must stay as it is."""
    return ", ".join(str(VETOES.get(code, code)) for code in dict.fromkeys(codes))


def material_name(code: str) -> str:
    """Return the name of a kind of material."""
    return str(MATERIALS.get(code, code))


def iso_day(text: str) -> str:
    """Write a day kept as ISO text the way people read it."""
    return date.fromisoformat(text).strftime("%d/%m/%Y")


def shown_value(box: str, value: Any, units: dict[int, str]) -> str:
    """Word a value of a copy's box, for its history."""
    named = {"lifecycle": LIFECYCLES, "use": USES, "source": SOURCES}.get(box)
    if named is not None:
        return str(named.get(value, value))
    if box == "branch_id":
        return units.get(value, str(value))
    if box == "price" and isinstance(value, int):
        return dong(value)
    return "–" if value in (None, "") else str(value)
