"""kept files

Revision: 0108
Before it: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = '0108'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table('kept_file',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('mime', sa.String(length=100), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=True),
    sa.Column('kept_by', sa.Integer(), nullable=True),
    sa.Column('kept_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('size >= 0', name=op.f('ck_kept_file_size_known')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_kept_file'))
    )
    op.create_index('ix_kept_file_sha256', 'kept_file', ['sha256'])
    op.create_index('ix_kept_file_kind', 'kept_file', ['kind', 'id'])


def downgrade() -> None:
    """Change them back."""
    op.drop_table('kept_file')
