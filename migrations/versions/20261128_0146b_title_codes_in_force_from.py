"""from which day a change of the table of title codes is in force

Revision: 0146b
Before it: 0144
"""

import sqlalchemy as sa
from alembic import op

revision = '0146b'
down_revision = '0144'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables: what was changed before was in force at once, so nothing is filled in."""
    with op.batch_alter_table('rime_number', schema=None) as batch_op:
        batch_op.add_column(sa.Column('in_force_from', sa.Date(), nullable=True))


def downgrade() -> None:
    """Change them back."""
    with op.batch_alter_table('rime_number', schema=None) as batch_op:
        batch_op.drop_column('in_force_from')
