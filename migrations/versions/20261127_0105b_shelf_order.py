"""call numbers stand on the shelf with the fraction of their class read as a fraction

Revision: 0105b
Before it: 0107
"""

import sqlalchemy as sa
from alembic import op

from ils.text.filing import filing_key, shelf_key

revision = '0105b'
down_revision = '0107'
branch_labels = None
depends_on = None

AT_ONCE = 1000


def upgrade() -> None:
    """File every copy anew."""
    _file(shelf_key)


def downgrade() -> None:
    """File every copy as before."""
    _file(filing_key)


def _file(key) -> None:
    item, record = sa.table('item', *_columns('id', 'record_id', 'call_number', 'call_sort')), sa.table('record', *_columns('id', 'call_number'))
    bind = op.get_bind()
    rows = bind.execute(
        sa.select(item.c.id, item.c.call_number, record.c.call_number, item.c.call_sort).join(record, record.c.id == item.c.record_id)
    ).all()
    changed = [
        {'the_id': id_, 'sort': new}
        for id_, own, of_title, old in rows
        if (new := key(own or of_title)[:200]) != old
    ]
    change = item.update().where(item.c.id == sa.bindparam('the_id')).values(call_sort=sa.bindparam('sort'))
    for first in range(0, len(changed), AT_ONCE):
        bind.execute(change, changed[first : first + AT_ONCE])


def _columns(*names):
    return [sa.column(name) for name in names]
