"""Letters of other rooms (an order to a supplier), carried by the mail server of the notices."""

from cataloging.hooks import Letter, Post
from circulation.notices.carriers import Later, Mail, Outgoing, RefusedForGood, Unsure
from ils.core.config import config


def carry(letter: Letter) -> tuple[str, str]:
    """Hand a letter over; return ``sent``, ``failed`` or ``unsure`` with the server's words."""
    outgoing = Outgoing(
        reference=letter.reference,
        to=letter.to,
        subject=letter.subject,
        text=letter.text,
        sender_name=letter.sender_name,
        reply_to=letter.reply_to,
        file_name=letter.file_name,
        content=letter.content,
    )
    try:
        Mail(config()).send(outgoing)
    except (Later, RefusedForGood) as error:
        return "failed", str(error)
    except Unsure as error:
        return "unsure", str(error)
    return "sent", ""


POST = Post(able=lambda: bool(config().smtp_host), send=carry)
