"""Desks that had no server: what they noted is sent, replayed and settled."""

from datetime import datetime, timedelta
from itertools import count

from sqlalchemy import select

from bench.town.ground import Ground
from circulation.offline.log import COMMANDS, Command, Log, receive_log
from circulation.offline.models import CONFLICT, WAITING, OfflineLine
from circulation.offline.replay import replay_waiting
from circulation.offline.settle import PROPOSALS, settle_line
from circulation.patrons.models import Patron
from ils.core.db import reading
from ils.core.errors import IlsError


class Away(Ground):
    """Two desks, each with a counter, a log and a clock of its own."""

    def forget(self) -> None:
        """Both desks have an empty log."""
        super().forget()
        self.counter = count(1)
        self.noted: list[list[Command]] = [[], []]
        self.sent: set[str] = set()

    def note(self, item: int, patron: int, what: int, at: int) -> None:
        """Note an act at a desk that has no server; nothing happens yet."""
        desk = at % 2
        number = next(self.counter)
        command = COMMANDS[(0, 0, 1, 1, 2, 3, 4, 5)[what % 8]]
        before = self.noted[desk][-1].key if self.noted[desk] else ""
        card = self.card(self.patron(patron)) if what % 11 else f"THE-LA-{patron % 2}"
        actor = self.actors[desk]
        self.noted[desk].append(
            Command(
                key=f"d{desk}-{next(self.keys)}",
                number=number,
                command=command,
                said_at=self.now,
                actor_id=actor.staff_id if what % 13 else None,
                unit_id=actor.unit_id,
                item_code=self.item(item)[1] if what % 17 else "KHONG-CO",
                card=card if command == "check_out" else "",
                options={"of": before} if command == "undo" else {},
            )
        )

    def send_log(self, at: int, off: int) -> None:
        """The server is back: the log is sent (twice, to be sure) and all waiting is replayed."""
        if not self.noted[at % 2]:
            return
        desk = at % 2
        wrong: datetime = self.now - timedelta(hours=off % 3)
        log = Log(f"desk-{desk}", wrong, list(self.noted[desk]), None)
        for _ in range(2):
            self.run(receive_log, desk, log)
        self.sent |= {c.key for c in log.commands}
        self.noted[desk].clear()
        self.steps += 1
        with self.clock():
            replay_waiting(self.library)
        with reading() as session:
            lines = session.execute(select(OfflineLine.key, OfflineLine.state)).all()
        assert {key for key, _ in lines} == self.sent, "a line was lost or doubled"
        assert not any(state == WAITING for _, state in lines), "a line was not replayed"
        before = self.events()
        self.run(receive_log, desk, log)
        with self.clock():
            assert replay_waiting(self.library) == 0
        assert self.events() == before, "a log sent again did something"
        self._new_readers()
        self.follow()

    def settle_line(self, pick: int, how: int, patron: int, at: int) -> None:
        """Settle a conflict by one of its proposals; one that cannot be done changes nothing."""
        line = self.one_of(OfflineLine, pick, OfflineLine.state == CONFLICT)
        if line is None:
            return
        ways = PROPOSALS.get(line.conflict or "", ("ok",))
        way = ways[how % len(ways)]
        typed = ""
        if way == "assign":
            typed = self.card(self.patron(patron))
        elif way == "again" and how % 2:
            typed = self.item(patron)[1]
        before = self.events()
        try:
            self.run(
                settle_line, at, line_id=line.id, how=way, typed=typed, key=f"k{line.id}-{before}"
            )
        except IlsError:
            assert self.events() == before, "a refused settlement did something"
        self._new_readers()
        self.follow()

    def _new_readers(self) -> None:
        """A card nobody knew has a reader of its own now, until it is given to somebody."""
        with reading() as session:
            rows = session.execute(select(Patron.id, Patron.merged_into_id)).all()
        self.patrons = [row[0] for row in rows]
        self.merged = {row[0]: row[1] for row in rows if row[1] is not None}
