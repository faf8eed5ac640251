"""rotating sets: what a point pays for missing copies, or is let off

Revision: 0122a
Before it: 0124a
"""

import sqlalchemy as sa
from alembic import op

revision = '0122a'
down_revision = '0124a'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        'consignment_payment',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('consignment_id', sa.Integer(), nullable=False),
        sa.Column('amount', sa.BigInteger(), nullable=False),
        sa.Column('receipt_id', sa.Integer(), nullable=True),
        sa.Column('paper', sa.String(length=160), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('by', sa.Integer(), nullable=True),
        sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint('amount > 0', name=op.f('ck_consignment_payment_amount_positive')),
        sa.CheckConstraint(
            "(receipt_id IS NULL) = (paper <> '')",
            name=op.f('ck_consignment_payment_receipt_or_paper'),
        ),
        sa.ForeignKeyConstraint(
            ['consignment_id'],
            ['consignment.id'],
            name=op.f('fk_consignment_payment_consignment_id_consignment'),
        ),
        sa.ForeignKeyConstraint(
            ['receipt_id'], ['receipt.id'], name=op.f('fk_consignment_payment_receipt_id_receipt')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_consignment_payment')),
        sa.UniqueConstraint('receipt_id', name=op.f('uq_consignment_payment_receipt_id')),
    )
    with op.batch_alter_table('consignment_payment', schema=None) as batch_op:
        batch_op.create_index(
            'ix_consignment_payment_consignment', ['consignment_id'], unique=False
        )


def downgrade() -> None:
    """Change them back."""
    op.drop_table('consignment_payment')
