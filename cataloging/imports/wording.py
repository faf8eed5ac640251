"""Sentences for what an import did: repairs, reasons why a stretch gave no record, matches."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

# One for each code of ``formats.REPAIRS``.
REPAIRS: dict[str, Any] = {
    "nfc": _l("Letters and their marks put together (NFC)"),
    "eth": _l("Đ written for the Icelandic Ð"),
    "invisible": _l("Invisible characters taken out"),
    "space": _l("Odd spaces made plain"),
    "transcoded": _l("Text brought to Unicode"),
    "mojibake": _l("Text that had been read in a wrong encoding set right"),
    "bad_bytes": _l("Bytes that are no text kept as letters of Windows-1252"),
    "control_characters": _l("Control characters taken out of a value"),
    "character_references": _l("Numbered letters (&#x1EC7;) written out"),
    "leader_coding": _l("Leader 09 now says Unicode"),
    "leader_structure": _l("Leader 10, 11, 20 to 23 as MARC 21 has them"),
    "leader_size": _l("Leader brought to 24 characters"),
    "leader_blanks": _l("Blanks in the leader written as blanks"),
    "leader_missing": _l("There was no leader; one was made"),
    "length": _l("The length given was wrong"),
    "terminator": _l("The end sign of the record was missing"),
    "base_address": _l("The base address was wrong"),
    "directory": _l("The directory did not fit the fields"),
    "stray_bytes": _l("Signs between the records passed over"),
    "tag": _l("A tag was not three characters"),
    "indicators": _l("Indicators were missing or too many"),
    "no_subfield": _l("Text stood before the first subfield sign"),
    "empty_subfield": _l("A subfield sign with nothing behind it"),
    "subfield_code": _l("A subfield had no proper code"),
    "line_breaks": _l("Broken lines joined"),
    "unassigned": _l("Text of a field without a tag kept aside"),
    "xml": _l("XML markup mended"),
    "json": _l("JSON mended"),
    "members": _l("Parts of the JSON that are no part of a record left out"),
    "control_number": _l("Control number taken from the system number of the lines"),
}

# One for each code of ``formats.PROBLEMS``.
PROBLEMS: dict[str, Any] = {
    "no_record": _l("These bytes are no record"),
    "truncated": _l("The file ends in the middle of the record"),
    "unreadable": _l("Leader, directory and fields do not fit together"),
    "too_long": _l("No end of the record within a size that a record can have"),
    "empty": _l("A leader without any field"),
    "xml_damaged": _l("The XML is damaged"),
    "json_damaged": _l("The JSON is damaged"),
    "deleted_at_source": _l("The source only says that this record was deleted"),
    "compression_damaged": _l("The compressed file is damaged from here on"),
    "unknown_format": _l("No known format"),
}

# Why a row of a spreadsheet was not brought in. What stands in the cell is said behind it.
ROWS: dict[str, Any] = {
    "row_no_title": _l("The row has no title"),
    "row_above": _l("It goes on a row that was not brought in"),
    "row_price": _l("This is no price in đồng"),
    "row_day": _l("This is no day"),
    "row_scientific": _l("The spreadsheet shortened this number; its digits are lost"),
    "row_quantity": _l("This is no number of copies"),
    "row_count_differs": _l("The number of copies and their accession numbers differ"),
    "row_codes_differ": _l("There are not as many barcodes as accession numbers"),
    "row_run": _l("It is not clear which accession numbers are meant"),
    "row_run_long": _l("More accession numbers than one row can have"),
    "row_number": _l("This is no accession number"),
    "row_number_twice": _l("This number stands in an earlier row already"),
    "row_formula": _l("A formula that does not work out"),
}

# What is remarked of a title of a spreadsheet that came in.
REMARKS: dict[str, Any] = {
    "copies_without_number": _l("Copies without accession number or barcode were not made"),
}

# By which rule a record was found to be there already.
MATCHES: dict[str, Any] = {
    "control": _l("same control number"),
    "isbn": _l("same ISBN"),
    "issn": _l("same ISSN"),
    "title": _l("same title, author and year"),
    "content": _l("same content"),
}

ACTIONS: dict[str, Any] = {
    "skipped": _l("ours left as it is"),
    "unchanged": _l("nothing new in it"),
    "replaced": _l("ours replaced"),
    "merged": _l("ours completed"),
}

COPIES: dict[str, Any] = {
    "barcode_taken": _l("barcode taken already, the copy came in without it"),
    "accession_taken": _l("accession number taken already, the copy came in without it"),
}


def repair_sentence(repair: Mapping[str, str]) -> str:
    """Say a repair as it is kept with a line: what, in which fields, with what detail."""
    code = repair.get("code", "")
    said = str(REPAIRS.get(code) or REMARKS.get(code, code))
    if repair.get("where"):
        said = f"{said} ({repair['where']})"
    detail = repair.get("detail", "").strip()
    return f"{said}: {detail}" if detail else said


def problem_sentence(code: str, detail: str = "") -> str:
    """Say why a stretch gave no record."""
    if code in ROWS:
        number, _sign, value = detail.partition("|")
        return str(_("row %(number)s: %(what)s", number=number, what=row_sentence(code, value)))
    said = str(PROBLEMS.get(code, code))
    if code == "truncated" and "/" in detail:
        there, _slash, all_of_them = detail.partition("/")
        return str(
            _("%(what)s: %(there)s of %(all)s fields", what=said, there=there, all=all_of_them)
        )
    return f"{said}: {detail}" if detail else said


def row_sentence(code: str, value: str = "") -> str:
    """Say why a row was not brought in."""
    said = str(ROWS.get(code, code))
    return f"{said}: {value}" if value else said


def match_sentence(rule: str, action: str = "") -> str:
    """Say by what a record was found and what was done with ours."""
    said = str(MATCHES.get(rule, rule))
    return f"{said}, {ACTIONS[action]}" if action in ACTIONS else said


def copy_sentence(problem: Mapping[str, str]) -> str:
    """Say what was odd about a copy."""
    code = problem.get("code", "")
    return str(
        _("%(number)s: %(what)s", number=problem.get("number", ""), what=COPIES.get(code, code))
    )


def line_sentences(outcome: str, reason: str, details: Mapping[str, Any]) -> list[str]:
    """Say all that a line of an import tells, the reason first."""
    said = []
    if outcome == "rejected":
        said.append(problem_sentence(reason, details.get("detail", "")))
    elif outcome == "matched":
        said.append(match_sentence(reason, details.get("action", "")))
    said += [copy_sentence(one) for one in details.get("items", ())]
    said += [repair_sentence(one) for one in details.get("repairs", ())]
    return said


def count_sentence(code: str) -> str:
    """Say what a code stands for in the sums of a run."""
    if code.startswith("match_"):
        return str(MATCHES.get(code[6:], code))
    return str(
        PROBLEMS.get(code)
        or ROWS.get(code)
        or REMARKS.get(code)
        or COPIES.get(code)
        or REPAIRS.get(code)
        or code
    )
