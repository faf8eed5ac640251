"""rotating sets: a box is counted copy by copy where it arrives

Revision: 0122
Before it: 0119
"""

import sqlalchemy as sa
from alembic import op

revision = '0122'
down_revision = '0119'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    with op.batch_alter_table('consignment_line', schema=None) as batch_op:
        batch_op.add_column(sa.Column('arrived_at', sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table('consignment_extra', schema=None) as batch_op:
        batch_op.add_column(
            sa.Column('on_arrival', sa.Boolean(), server_default=sa.false(), nullable=False)
        )


def downgrade() -> None:
    """Change them back."""
    with op.batch_alter_table('consignment_extra', schema=None) as batch_op:
        batch_op.drop_column('on_arrival')
    with op.batch_alter_table('consignment_line', schema=None) as batch_op:
        batch_op.drop_column('arrived_at')
