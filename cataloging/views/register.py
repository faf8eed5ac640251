"""What the pages of records and copies bring into the house: menu entries and sentences."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from cataloging import permissions
from cataloging.classes import views as class_views
from cataloging.classes.marks import declare_settings
from cataloging.stock import prepare_library
from cataloging.views import (
    changes,
    export,
    fields,
    import_report,
    imports,
    items,
    labels,
    quick,
    records,
    stock,
)
from cataloging.views.base import bp
from cataloging.views.words import REASONS
from ils.core.audit import name_acts, name_facts, name_subjects, name_values
from ils.web.errors import message
from ils.web.menu import menu_entry

PAGES = (changes, class_views, fields, import_report, items, labels, quick, records, stock)


def register(app: Flask) -> None:
    """Install the pages of records and copies."""
    for pages in (bp, imports.bp, export.bp):
        app.register_blueprint(pages)
    app.extensions.setdefault("sen.new_library", []).append(prepare_library)
    group = _l("Cataloging")
    menu_entry(
        *(group, _l("Records"), "cataloging.find", permissions.VIEW_RECORD),
        order=200,
        key="Alt+Q",
        begins=permissions.EDIT_RECORD,
    )
    menu_entry(
        group, _l("Titles to finish"), "cataloging.to_finish", permissions.EDIT_RECORD, order=215
    )
    menu_entry(group, _l("Imports"), "imports.runs", permissions.IMPORT, order=220)
    menu_entry(group, _l("Export"), "export.export", permissions.EDIT_RECORD, order=230)
    printing = _l("Printing")
    menu_entry(printing, _l("Labels"), "cataloging.labels", permissions.PRINT_LABELS, order=360)
    menu_entry(
        _l("Stock"),
        _l("Registers and collections"),
        "cataloging.stock",
        permissions.EDIT_STOCK,
        order=350,
    )
    menu_entry(group, _l("Changes"), "cataloging.changes", permissions.UNDO_CHANGES, order=260)
    menu_entry(group, _l("Classes (DDC)"), "cataloging.classes", permissions.EDIT_RECORD, order=242)
    menu_entry(
        *(_l("System"), _l("Table of title codes")),
        "cataloging.title_codes",
        permissions.EDIT_STOCK,
        order=938,
    )
    declare_settings()
    message("rime_bad", _l("This is no rime of the table."))
    message("rime_day_bad", _l("This is not a date. Type it like 01/06/2025, 1/6 or h+14."))
    message("rime_number_bad", _l("The number of a rime is between 1 and 999."))
    _name_acts()
    _say_of_records()
    _say_of_items()
    _say_of_imports()


def _say_of_records() -> None:
    message("record_unknown", _l("There is no such record."))
    message("record_stale", _l("Somebody saved this record meanwhile. Nothing was overwritten."))
    message("record_malformed", _l("This is not a MARC record."))
    message(
        "record_has_items",
        _l("The record still has copies in stock (%(count)s). Withdraw or move them first."),
    )
    message("version_unknown", _l("There is no such version of this record."))
    message("change_set_unknown", _l("There is no such change."))
    message("change_set_already_undone", _l("This change was undone already."))
    message("undo_blocked", _l("This cannot be undone whole: since then, others went on with it."))


def _say_of_items() -> None:
    message("item_unknown", _l("There is no such copy."))
    message("item_stale", _l("Somebody changed this copy meanwhile. Please look and save again."))
    message("item_withdrawn", _l("This copy is withdrawn from stock."))
    message("record_vetoed", _l("This record must stay: somebody waits for it or works on it."))
    message("item_vetoed", _l("This copy must stay as it is: it is in use."))
    message("item_type_unknown", _l("Please choose the kind of copy."))
    message("item_use_unknown", _l("Please choose how the copy may be used."))
    message("item_lifecycle_unknown", _l("Please choose the state of the copy."))
    message("collection_unknown", _l("That collection belongs to another library."))
    message("price_impossible", _l("This cannot be the price of a book."))
    message("too_many_copies", _l("At most %(most)s copies can be entered at once."))
    message("too_many_barcodes", _l("There are more barcodes than copies (%(count)s)."))
    message(
        "accession_date_impossible", _l("The accession date lies in the future or too far back.")
    )
    message("withdrawal_date_impossible", _l("The copy cannot have been withdrawn on that day."))
    message("withdrawal_reason_unknown", _l("Please choose a reason."))
    message("register_unknown", _l("There is no such accession register."))
    message("register_of_other_library", _l("That register belongs to another library."))
    message("accession_taken", _l("The number %(number)s is or was the number of another copy."))
    message("accession_twice", _l("The number %(number)s was given twice."))
    message(
        "accession_not_of_register",
        _l("“%(number)s” is no number of the register %(prefix)s."),
    )
    message("barcode_taken", _l("The barcode %(barcode)s is already on an item or a card."))
    message("barcode_bad", _l("“%(barcode)s” cannot be a barcode."))
    message("register_taken", _l("There is a register with the prefix %(prefix)s already."))
    message("collection_taken", _l("There is a collection with the code %(code)s already."))
    message("item_type_taken", _l("There is a kind of copy with the code %(code)s already."))


def _say_of_imports() -> None:
    message("import_unknown", _l("There is no such import."))
    message("import_line_unknown", _l("There is no such line of this import."))
    message("import_file_empty", _l("The file is empty."))
    message("import_rule_unknown", _l("Please choose what to do with titles we have already."))
    message("import_encoding_unknown", _l("There is no such encoding."))
    message("import_profile_unknown", _l("Please choose where the copies stand in the records."))
    message("import_unit_lends_nothing", _l("Please choose a library: copies belong to one."))
    message("import_begun", _l("This import has begun already; its rules stand."))
    message("import_must_be_confirmed", _l("Adding every record a second time must be confirmed."))
    message("import_format_unknown", _l("This file is in no format that is known here."))
    message(
        "sheet_unreadable",
        _l("This spreadsheet cannot be read: it is damaged or locked by a password."),
    )
    message("sheet_empty", _l("There is nothing in this spreadsheet."))
    message(
        "sheet_too_large",
        _l(
            "This spreadsheet would unpack to more than can be read safely. Save it anew, or as .csv."
        ),
    )
    message("sheet_too_long", _l("The sheet has more than %(most)s rows. Please divide it."))
    message("sheet_needs_title", _l("Please choose which column holds the title."))
    message("mapping_needs_library", _l("Columns are kept for a library; please choose one."))
    message("mapping_needs_name", _l("Please give the columns a name of at most %(most)s letters."))
    message("import_cannot_be_undone", _l("This import cannot be undone as it is now."))


def _name_acts() -> None:
    name_acts(
        record_deleted=_l("Record deleted"),
        record_restored=_l("Record brought back"),
        record_suppressed=_l("Record hidden or shown"),
        change_set_undone=_l("Change undone as a whole"),
        import_begun=_l("Import begun"),
        item_changed=_l("Item changed"),
        item_withdrawn=_l("Item withdrawn"),
        item_withdrawal_undone=_l("Withdrawal taken back"),
        register_opened=_l("Accession register opened"),
        collection_opened=_l("Collection opened"),
        item_type_added=_l("Item type added"),
        rime_set=_l("Number of a rime changed"),
        batch_begun=_l("Batch change begun"),
    )
    name_subjects(
        record=_l("record"),
        change_set=_l("change"),
        import_run=_l("import"),
        item=_l("item"),
        register=_l("accession register"),
        collection=_l("collection"),
        item_type=_l("item type"),
        rime=_l("rime"),
    )
    name_values(**REASONS)
    name_facts(prefix=_l("prefix"), suppressed=_l("hidden"))
