"""What the acts on patrons are called where people read the audit log."""

from flask_babel import lazy_gettext as _l

from ils.core.audit import name_acts, name_subjects


def name_patron_acts() -> None:
    """Say what they are called."""
    name_acts(
        cards_printed=_l("Cards printed"),
        consent_recorded=_l("Consent recorded"),
        consent_withdrawn=_l("Consent taken back"),
        data_copied=_l("Copy of a person's data made"),
        family_joined=_l("Child joined to a guardian"),
        family_left=_l("Child parted from a guardian"),
        history_on=_l("History of loans kept"),
        history_off=_l("History of loans no longer kept"),
        notice_written=_l("Notice on personal data written"),
        patron_erased=_l("Person erased"),
        photo_kept=_l("Photo kept"),
        photo_dropped=_l("Photo taken away"),
        request_asked=_l("Request about data written down"),
        request_answered=_l("Request about data answered"),
        registration_confirmed=_l("Registration from the site confirmed"),
        registration_declined=_l("Registration from the site declined"),
        visitor_registered=_l("Visitor without a card written down"),
        batch_classes=_l("List or photos of a school brought in"),
        batch_renewal=_l("Cards of many renewed"),
        batch_new_year=_l("Classes moved to the new school year"),
        batch_ages=_l("Kinds of patrons changed by age"),
        batch_undone=_l("Act on many patrons undone"),
        patrons_merged=_l("Records of one person merged"),
        patrons_parted=_l("Merge of two records undone"),
        patrons_distinct=_l("Two records found to be two people"),
    )
    name_subjects(
        day_visitor=_l("day visitor"),
        patron_batch=_l("act on many patrons"),
        patron_card=_l("card"),
        privacy_notice=_l("notice on personal data"),
        registration=_l("registration from the site"),
    )
