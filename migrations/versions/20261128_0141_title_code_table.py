"""the table of title codes, changed by the province

Revision: 0141
Before it: 0135
"""

import sqlalchemy as sa
from alembic import op


revision = '0141'
down_revision = '0135'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table('rime_number',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('rime', sa.String(length=10), nullable=False),
    sa.Column('number', sa.Integer(), nullable=True),
    sa.Column('why', sa.String(length=300), nullable=False),
    sa.Column('set_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('set_by', sa.Integer(), nullable=True),
    sa.CheckConstraint('number IS NULL OR number BETWEEN 1 AND 999', name=op.f('ck_rime_number_number_of_three')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rime_number'))
    )


def downgrade() -> None:
    """Change them back."""
    op.drop_table('rime_number')
