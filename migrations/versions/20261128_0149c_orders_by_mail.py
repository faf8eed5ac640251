"""orders sent by mail

Revision: 0149c
Before it: 0149b
"""

import sqlalchemy as sa
from alembic import op

revision = '0149c'
down_revision = '0149b'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table('order_mail',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('order_id', sa.Integer(), nullable=False),
    sa.Column('address', sa.String(length=120), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('said', sa.String(length=280), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('asked_by', sa.Integer(), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('waiting', 'handing', 'sent', 'failed', 'unsure')", name=op.f('ck_order_mail_state_known')),
    sa.ForeignKeyConstraint(['order_id'], ['purchase_order.id'], name=op.f('fk_order_mail_order_id_purchase_order'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_order_mail'))
    )
    op.create_index('ix_order_mail_order', 'order_mail', ['order_id'], unique=False)


def downgrade() -> None:
    """Change them back."""
    op.drop_table('order_mail')
