"""The words of money: kinds of lines and receipts, kinds of cards; for pages and, in Vietnamese,
for paper."""

from typing import Any

from flask_babel import lazy_gettext as _l

KINDS: dict[str, Any] = {
    "overdue": _l("Overdue fine"),
    "lost_price": _l("Price of a lost item"),
    "damage": _l("Damage"),
    "point_loss": _l("Missing copies of a rotating set"),
    "processing": _l("Processing fee"),
    "card_fee": _l("Card fee"),
    "service": _l("Service"),
    "deposit_due": _l("Deposit due"),
    "payout": _l("Paid back"),
    "payment": _l("Payment"),
    "waiver": _l("Waiver"),
    "reversal": _l("Reversal"),
    "replacement_copy": _l("Replacement copy"),
    "work": _l("Work"),
    "deposit_in": _l("Deposit received"),
    "deposit_out": _l("Deposit given back"),
    "deposit_to_debt": _l("Deposit used for a debt"),
    "sale": _l("Sale"),
    "added": _l("Put into the till"),
    "handed_over": _l("Handed over"),
}
CARD_KINDS: dict[str, Any] = {
    "lending": _l("Lending card"),
    "reading": _l("Reading-room card"),
    "children": _l("Children's card"),
    "special": _l("Card of special rooms"),
}
OCCASIONS: dict[str, Any] = {
    "annual": _l("A year: issue and renewal"),
    "replacement": _l("Replacement of a lost card"),
}
METHODS: dict[str, Any] = {"cash": _l("Cash"), "transfer": _l("Bank transfer")}
RECEIPT_STATES: dict[str, Any] = {
    "void": _l("void"),
    "void_later": _l("voided later"),
    "taken_off": _l("voided in this period"),
    "payout": _l("paid back"),
    "deposit_in": _l("deposit, see the deposit book"),
    "deposit_out": _l("deposit, see the deposit book"),
    "deposit_to_debt": _l("out of the deposit"),
}

# What stands on paper, which is Vietnamese whatever the page's language.
TITLES_VI = {
    "payment": "Biên lai thu tiền",
    "sale": "Biên lai thu tiền",
    "payout": "Phiếu hoàn tiền",
    "deposit_in": "Phiếu thu tiền thế chân",
    "deposit_out": "Phiếu trả tiền thế chân",
    "deposit_to_debt": "Phiếu khấu trừ tiền thế chân",
}
KINDS_VI = {
    "overdue": "Phạt quá hạn",
    "lost_price": "Bồi thường tài liệu",
    "damage": "Bồi thường hư hỏng tài liệu",
    "point_loss": "Bồi thường tài liệu luân chuyển",
    "processing": "Phí xử lý tài liệu",
    "card_fee": "Phí thẻ",
    "service": "Dịch vụ",
    "deposit_due": "Tiền thế chân phải nộp",
    "payment": "Thu tiền",
    "payout": "Hoàn tiền cho bạn đọc",
    "reversal": "Hủy biên lai",
    "deposit_in": "Nhận tiền thế chân",
    "deposit_out": "Trả tiền thế chân",
    "added": "Bổ sung tiền lẻ vào két",
    "handed_over": "Nộp tiền khỏi két",
}
METHODS_VI = {"cash": "Tiền mặt", "transfer": "Chuyển khoản"}
