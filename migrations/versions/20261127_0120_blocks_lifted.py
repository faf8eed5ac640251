"""who lifted a block, and why

Revision: 0120
Before it: 0117
"""

import sqlalchemy as sa
from alembic import op

revision = '0120'
down_revision = '0117'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    with op.batch_alter_table('block_note', schema=None) as batch_op:
        batch_op.add_column(sa.Column('lifted_by', sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column('lifted_why', sa.String(length=250), server_default='', nullable=False)
        )


def downgrade() -> None:
    """Change them back."""
    with op.batch_alter_table('block_note', schema=None) as batch_op:
        batch_op.drop_column('lifted_why')
        batch_op.drop_column('lifted_by')
