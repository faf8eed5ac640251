"""the mark of what processes keep in memory

Revision: 0002
Before it: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table('kept_mark',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('mark', sa.String(length=16), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_kept_mark'))
    )


def downgrade() -> None:
    """Change them back."""
    op.drop_table('kept_mark')
