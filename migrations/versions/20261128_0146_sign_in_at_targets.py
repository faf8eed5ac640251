"""names and passwords at targets of copy cataloguing

Revision: 0146
Before it: 0143
"""

import sqlalchemy as sa
from alembic import op

revision = '0146'
down_revision = '0143'
branch_labels = None
depends_on = None

COLUMNS = {'user_name': 80, 'user_group': 80, 'password': 600}


def upgrade() -> None:
    """Change the tables."""
    with op.batch_alter_table('target', schema=None) as batch_op:
        for name, length in COLUMNS.items():
            column = sa.Column(name, sa.String(length=length), server_default='', nullable=False)
            batch_op.add_column(column)


def downgrade() -> None:
    """Change them back."""
    with op.batch_alter_table('target', schema=None) as batch_op:
        for name in reversed(COLUMNS):
            batch_op.drop_column(name)
