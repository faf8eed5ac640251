"""Words for notices on pages."""

from typing import Any

from flask_babel import lazy_gettext as _l

KINDS: dict[str, Any] = {
    "due_soon": _l("due soon"),
    "overdue": _l("overdue"),
    "overdue_last": _l("overdue, last reminder"),
    "hold_ready": _l("hold ready"),
    "hold_expired": _l("hold not collected"),
    "hold_cancelled": _l("hold canceled"),
    "hold_unfilled": _l("hold needed no longer"),
    "hold_hopeless": _l("hold without a copy"),
    "card_expiring": _l("card ends soon"),
    "apology": _l("apology"),
    "hold_joined": _l("two holds made one"),
    "hold_at_home": _l("waits for a title that is at home"),
    "registered": _l("registration confirmed"),
    "declined": _l("registration declined"),
    "loan_receipt": _l("receipt of loans"),
    "money_receipt": _l("receipt of money"),
    "message": _l("what frames every message"),
}
CHANNELS: dict[str, Any] = {
    "email": _l("e-mail"),
    "zalo": _l("Zalo"),
    "sms": _l("SMS"),
    "phone": _l("telephone"),
    "letter": _l("letter"),
}
RECEIPT_WAYS: dict[str, Any] = {
    "print": _l("on paper"),
    "email": _l("by e-mail"),
    "none": _l("none"),
}
STATES: dict[str, tuple[str, Any]] = {
    "planned": ("info", _l("planned")),
    "sent": ("ok", _l("sent")),
    "dropped": ("off", _l("not needed")),
    "failed": ("bad", _l("cannot be told")),
    "unsure": ("warn", _l("perhaps sent")),
}
REASONS: dict[str, Any] = {
    "returned": _l("returned meanwhile"),
    "renewed": _l("renewed, or the due day was moved"),
    "lost": _l("recorded as lost"),
    "claimed": _l("claimed to be back"),
    "hold_gone": _l("collected, canceled or changed meanwhile"),
    "card_renewed": _l("the card was renewed or replaced"),
    "past": _l("the day has passed"),
    "by_staff": _l("taken out by staff"),
    "person_gone": _l("the patron's record is gone"),
    "no_consent": _l("did not agree to messages"),
    "not_wanted": _l("does not want such messages"),
    "no_channel": _l("no e-mail address, and nothing sends to the telephone"),
    "void": _l("the receipt was voided"),
    "way_failed": _l("the message could not be delivered"),
    "unreachable": _l("no address, telephone or class is known"),
}
RESULTS: dict[str, Any] = {
    "reached": _l("Reached"),
    "no_answer": _l("No answer"),
    "wrong_number": _l("Wrong number"),
    "promised": _l("Promised a day"),
}
PARTS: dict[str, Any] = {
    "subject": _l("Subject of the e-mail"),
    "greeting": _l("Greeting"),
    "about": _l("Whom it is about, where a parent is written to"),
    "closing": _l("Closing"),
    "short": _l("Short, for SMS, Zalo and the telephone"),
    "call": _l("First sentence of a call"),
    "intro": _l("Introduction"),
    "line": _l("A line for each thing"),
}
KINDS_VI = {
    "due_soon": "sắp đến hạn",
    "overdue": "quá hạn",
    "hold_ready": "đặt giữ đã có",
    "hold_expired": "hết ngày giữ",
    "hold_cancelled": "hủy đặt giữ",
    "hold_unfilled": "không kịp ngày cần",
    "hold_hopeless": "không còn bản",
    "card_expiring": "thẻ sắp hết hạn",
    "apology": "xin lỗi",
    "hold_joined": "hai đặt giữ nhập một",
    "hold_at_home": "đặt giữ sách đang mượn",
    "registered": "đăng ký được nhận",
    "declined": "đăng ký không được nhận",
    "loan_receipt": "phiếu mượn",
    "money_receipt": "biên lai",
}
CHANNELS_VI = {
    "email": "thư điện tử",
    "zalo": "Zalo",
    "sms": "SMS",
    "phone": "điện thoại",
    "letter": "thư giấy",
}
STATES_VI = {
    "planned": "dự kiến",
    "sent": "đã gửi",
    "dropped": "không cần nữa",
    "failed": "không báo được",
    "unsure": "có thể đã gửi",
}
