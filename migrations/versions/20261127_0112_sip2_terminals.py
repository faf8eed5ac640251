"""machines that speak SIP2

Revision: 0112
Before it: 0105b
"""

import sqlalchemy as sa
from alembic import op

revision = '0112'
down_revision = '0105b'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table('sip2_terminal',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('password_hash', sa.String(length=200), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('asks_password', sa.Boolean(), nullable=False),
    sa.Column('takes_payments', sa.Boolean(), nullable=False),
    sa.Column('ascii_only', sa.Boolean(), nullable=False),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_address', sa.String(length=60), nullable=False),
    sa.ForeignKeyConstraint(['branch_id'], ['org_unit.id'], name=op.f('fk_sip2_terminal_branch_id_org_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sip2_terminal')),
    sa.UniqueConstraint('name', name=op.f('uq_sip2_terminal_name'))
    )


def downgrade() -> None:
    """Change them back."""
    op.drop_table('sip2_terminal')
