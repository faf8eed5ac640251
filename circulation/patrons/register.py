"""What patrons bring into the house: settings, sentences, pages."""

from flask import Flask
from flask_babel import lazy_gettext as _l

import circulation.patrons.retention_jobs  # noqa: F401 — declares
from circulation.patrons import (  # noqa: F401 — each joins the pages
    age_views,
    batch_views,
    card_views,
    category_views,
    class_views,
    consent_views,
    merge_views,
    new_year_views,
    note_views,
    photo_views,
    privacy_views,
    registration_views,
    renewal_views,
    run_views,
    spreadsheet_views,
    visit_views,
)
from circulation.patrons.audit_words import name_patron_acts
from circulation.patrons.categories import EDIT_CATEGORY, prepare_categories
from circulation.patrons.check_views import bp as check_bp
from circulation.patrons.consent import EDIT_NOTICE
from circulation.patrons.looks import VIEW_LOOKS
from circulation.patrons.merge import MERGE
from circulation.patrons.patrons import EDIT
from circulation.patrons.views import bp
from circulation.permissions import TALLY, USE_DESK
from ils.web.errors import message
from ils.web.menu import menu_entry


def register(app: Flask) -> None:
    """Install patrons."""
    app.register_blueprint(bp)
    app.register_blueprint(check_bp)
    app.extensions.setdefault("sen.new_library", []).append(prepare_categories)
    group = _l("Patrons")
    menu_entry(group, _l("Patrons"), "patrons.find", "patrons:patron:view", order=150, key="F4")
    menu_entry(group, _l("Kinds of patrons"), "patrons.categories", EDIT_CATEGORY, order=156)
    menu_entry(group, _l("Registrations from the site"), "patrons.registrations", EDIT, order=152)
    menu_entry(group, _l("Print cards"), "patrons.print_page", EDIT, order=151)
    menu_entry(group, _l("School classes"), "patrons.classes", EDIT, order=151)
    menu_entry(group, _l("Renew cards of many"), "patrons.renewals", EDIT, order=151)
    menu_entry(*(group, _l("Day visitors"), "patrons.visitors", TALLY), order=155, begins=USE_DESK)
    menu_entry(group, _l("Registered twice"), "patrons.duplicates", MERGE, order=153)
    menu_entry(group, _l("Requests about data"), "patrons.requests", EDIT, order=154)
    system = _l("System")
    menu_entry(system, _l("Notice on personal data"), "patrons.notice_text", EDIT_NOTICE, order=941)
    menu_entry(system, _l("Who looked"), "patrons.looks_page", VIEW_LOOKS, order=942)
    menu_entry(system, _l("How long data are kept"), "patrons.retention", VIEW_LOOKS, order=943)
    name_patron_acts()
    _say()
    _say_of_merging()
    _say_of_many()


def _say_of_many() -> None:
    message("patron_batch_unknown", _l("There is no such act."))
    message("batch_begun", _l("Somebody has begun this already."))
    message("batch_not_begun", _l("This was only looked at; there is nothing to undo."))
    message("patron_batch_at_work", _l("This is still being done; please stop it first."))
    message("upload_unknown", _l("There is no such file."))
    message("upload_gone", _l("The file that was sent is deleted by now; please send it again."))
    message("batch_ended", _l("This is undone already, or more than 30 days ago."))
    message("new_year_empty", _l("Please choose classes, and write the new school year."))
    message("card_renewal_gains_nothing", _l("The card is valid as long already."))
    message("visitor_name_missing", _l("Please write the visitor's name."))
    message("category_next_wrong", _l("The kind that follows must be another kind of patrons."))
    message("category_age_wrong", _l("The last age of a kind is between 1 and 120 years."))
    message("ages_none_chosen", _l("Please choose who gets the other kind."))
    message("column_name_missing", _l("Please say which column holds the names."))
    message("cell_too_long", _l("The student code or the class is too long."))
    message("row_twice", _l("%(name)s is on the list twice."))
    message(
        "row_several", _l("Several patrons are called %(name)s; tell the student code or card.")
    )
    message(
        "row_other_person",
        _l("The student code or card belongs to %(name)s, whose name is another."),
    )
    message("zip_unreadable", _l("This file could not be read as a zip."))
    message(
        "zip_too_large", _l("At most %(most)s files and %(most_mb)s MB unpacked; please split it.")
    )
    message("zip_locked", _l("The zip is locked by a password; please make one without."))
    message(
        "zip_bomb", _l("Something in the zip unpacks to far more than pictures do; not opened.")
    )
    message("zip_empty", _l("There is no picture in the zip (JPEG, PNG, WebP)."))


def _say() -> None:
    message("patron_unknown", _l("There is no such patron in your library."))
    message("name_missing", _l("Please write the patron's name."))
    message("category_taken", _l("There is a kind of patrons of this name already."))
    message("card_months_wrong", _l("A card is valid for 1 to %(most)s months."))
    message("category_unknown", _l("Please choose the kind of patron."))
    message("birth_date_impossible", _l("This cannot be a date of birth."))
    message("guardian_missing", _l("A child's card needs the name of a parent or guardian."))
    message("branch_of_other_library", _l("That branch belongs to another library."))
    message("card_already_active", _l("The patron has a valid card already; renew or replace it."))
    message("card_none_active", _l("The patron has no valid card."))
    message("card_number_taken", _l("The number %(number)s is already on a card or an item."))
    message("card_number_too_long", _l("A card number has at most 40 characters."))
    message("card_expiry_before_issue", _l("The card would end before it begins."))
    message("card_unknown", _l("There is no card with the number %(number)s."))
    message("patron_sheet_empty", _l("The sheet holds no rows below its headers."))
    message("patron_sheet_too_long", _l("The sheet has more than %(most)s rows; please split it."))
    message("patron_sheet_unreadable", _l("This file could not be read as a spreadsheet."))
    message("cell_not_a_date", _l("“%(value)s” is not a date."))
    message("merge_ended", _l("This is undone already, or more than 30 days ago."))
    message(
        "merge_built_upon",
        _l("One of the two records was merged again or erased since; it cannot be undone."),
    )
    message("note_empty", _l("Please write the note."))
    message("note_act_unknown", _l("Please choose what the block stops."))
    message("note_ends_before", _l("The note would end before it begins."))
    message("block_why_missing", _l("Please write why the block is lifted."))
    message("note_unknown", _l("There is no such note."))
    message("block_of_other", _l("Only its author or the head of the library may lift this block."))
    message("guardian_card_unknown", _l("There is no patron with the card %(number)s."))
    message("guardian_is_child", _l("This card belongs to the child, or to somebody's child."))
    message("consent_by_nobody", _l("Please tick who agrees."))
    message("consent_unsaid", _l("Without agreeing no data may be kept, so no card can be given."))
    message("notice_too_short", _l("The text is too short to tell people what happens."))
    message("photo_too_large", _l("The picture is too large; at most %(most_mb)s MB."))
    message("photo_not_agreed", _l("A photo may be kept only where the person agrees; tick it."))
    message("photo_unreadable", _l("This is no picture the program can read (JPEG, PNG, WebP)."))
    message("registration_closed", _l("This library does not take registrations on the site."))
    message("registration_unknown", _l("There is no such registration."))
    message("registration_decided", _l("Somebody has decided on this registration already."))
    message("birth_missing", _l("Please tell the date of birth, or at least the year."))
    message("reach_missing", _l("Please tell a telephone number or an e-mail address."))
    message("paper_unseen", _l("Please look at the person's paper first, and tick it."))
    message("decline_reason_missing", _l("Please write why it is declined."))
    message("erase_blocked", _l("Something is still open; the list below says what."))
    message("erase_name_differs", _l("The name typed is not the patron's name."))
    message("request_kind_unknown", _l("Please choose what is asked."))
    message("request_text_missing", _l("Please write what exactly is asked."))
    message("requests_too_many", _l("Several requests wait already; they are answered first."))
    message("request_unknown", _l("There is no such request."))
    message("request_closed", _l("This request is answered already."))
    message("request_answer_missing", _l("A refusal needs a reason the person can read."))


def _say_of_merging() -> None:
    message("cards_none_chosen", _l("Please choose cards to print, at most %(most)s in one go."))
    message("merge_same_record", _l("This is one and the same record."))
    message("merge_other_library", _l("The two records belong to two libraries."))
    message(
        "merge_family",
        _l("A guardian and a child cannot be one person; please part the family first."),
    )
    message("merge_keeps_card", _l("Only the other record has a valid card; please keep that one."))
    message("merge_unknown", _l("There is no such merge."))
