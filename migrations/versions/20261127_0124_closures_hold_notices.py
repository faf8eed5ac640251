"""closures list suspensions and notices held back

Revision: 0124
Before it: 0121
"""

import sqlalchemy as sa
from alembic import op

revision = '0124'
down_revision = '0121'
branch_labels = None
depends_on = None

KINDS = {
    True: "kind IN ('loan', 'hold', 'fine', 'suspension', 'notice')",
    False: "kind IN ('loan', 'hold', 'fine')",
}
FORWARD = {
    True: "new_on IS NULL OR (kind = 'suspension' AND new_on < old_on)"
    " OR (kind <> 'suspension' AND new_on > old_on)",
    False: 'new_on IS NULL OR new_on > old_on',
}


def _checks(*, new: bool) -> None:
    """Say two checks of a line anew; SQLite writes the table anew for that."""
    with op.batch_alter_table('closure_line', schema=None) as batch_op:
        for name, said in (('kind_known', KINDS[new]), ('only_forward', FORWARD[new])):
            whole = op.f(f'ck_closure_line_{name}')
            batch_op.drop_constraint(whole, type_='check')
            batch_op.create_check_constraint(whole, said)


def upgrade() -> None:
    """Change the tables."""
    op.add_column(
        'closure_line',
        sa.Column('about', sa.String(length=20), server_default='', nullable=False),
    )
    _checks(new=True)


def downgrade() -> None:
    """Change them back."""
    op.execute("DELETE FROM closure_line WHERE kind IN ('suspension', 'notice')")
    _checks(new=False)
    op.execute('ALTER TABLE closure_line DROP COLUMN about')
