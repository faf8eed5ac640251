"""Settings of notices, at any unit, inherited downward."""

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from circulation.rules.notices import STEPS, steps_from
from ils.org.settings import declare, setting

DEFAULT_STEPS = ", ".join(str(days) for days in STEPS)


def declare_settings() -> None:
    """Declare the settings of notices; safe to call twice."""
    declare(
        "notices.due_soon_days",
        int,
        3,
        _l("Readers are reminded so many days before the due day; 0: not at all."),
        minimum=0,
        maximum=30,
    )
    declare(
        "notices.overdue_steps",
        str,
        DEFAULT_STEPS,
        _l(
            "On which days after the due day readers are reminded, such as 3, 10, 24: at most nine"
            " whole numbers that rise; the last one is a letter. Empty: not at all."
        ),
        check=steps_from,
    )
    declare(
        "notices.card_days",
        int,
        30,
        _l("Readers are told so many days before their card ends; 0: not at all."),
        minimum=0,
        maximum=120,
    )
    declare(
        "notices.from_hour",
        int,
        8,
        _l("No message goes out before this hour."),
        minimum=0,
        maximum=23,
        below="notices.to_hour",
    )
    declare(
        "notices.to_hour",
        int,
        20,
        _l("No message goes out from this hour on."),
        minimum=1,
        maximum=24,
    )
    declare(
        "notices.wait_closed",
        bool,
        True,
        _l("Messages wait while the library is closed for the day."),
    )
    declare("notices.email", bool, True, _l("Messages are sent by e-mail where the server can."))
    declare("notices.sms", bool, True, _l("Messages are sent by SMS where the server can."))
    declare("notices.zalo", bool, True, _l("Messages are sent by Zalo where the server can."))
    declare(
        "notices.sms_plain",
        bool,
        True,
        _l("SMS are written without Vietnamese marks, which lets twice as much into one."),
    )
    declare(
        "notices.receipts",
        str,
        "print",
        _l(
            "How readers get receipts of loans and money who have not chosen: print (as the"
            " workstation is set), email or none."
        ),
        choices=("print", "email", "none"),
    )
    declare(
        "notices.receipt_email",
        bool,
        True,
        _l("Readers may have receipts by e-mail where the server can."),
    )
    declare(
        "notices.calls",
        int,
        3,
        _l("After so many calls without an answer a letter is printed."),
        minimum=1,
        maximum=10,
    )
    declare(
        "notices.before_lost",
        bool,
        True,
        _l("A loan is proposed as lost only when its last reminder has gone out."),
    )
    declare(
        "notices.keep_days",
        int,
        180,
        _l("What was told is kept for so many days."),
        minimum=30,
        maximum=3650,
    )


def steps_at(session: Session, unit_id: int) -> tuple[int, ...]:
    """Return the overdue steps of a unit; what cannot be read counts as the usual ones."""
    try:
        return steps_from(str(setting(session, unit_id, "notices.overdue_steps")))
    except ValueError:
        return STEPS


declare_settings()
