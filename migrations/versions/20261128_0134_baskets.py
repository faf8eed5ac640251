"""baskets

Revision: 0134
Before it: 0137
"""

import sqlalchemy as sa
from alembic import op


revision = '0134'
down_revision = '0137'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table('basket',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_basket_staff_id_staff'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_basket')),
    sa.UniqueConstraint('staff_id', 'name', name=op.f('uq_basket_staff_id_name'))
    )
    op.create_table('basket_item',
    sa.Column('basket_id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('record_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['basket_id'], ['basket.id'], name=op.f('fk_basket_item_basket_id_basket'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_basket_item_item_id_item'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('basket_id', 'item_id', name=op.f('pk_basket_item'))
    )
    with op.batch_alter_table('basket_item', schema=None) as batch_op:
        batch_op.create_index('ix_basket_item_item', ['item_id'], unique=False)

    op.create_table('basket_record',
    sa.Column('basket_id', sa.Integer(), nullable=False),
    sa.Column('record_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['basket_id'], ['basket.id'], name=op.f('fk_basket_record_basket_id_basket'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['record_id'], ['record.id'], name=op.f('fk_basket_record_record_id_record'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('basket_id', 'record_id', name=op.f('pk_basket_record'))
    )
    with op.batch_alter_table('basket_record', schema=None) as batch_op:
        batch_op.create_index('ix_basket_record_record', ['record_id'], unique=False)



def downgrade() -> None:
    """Change them back."""
    with op.batch_alter_table('basket_record', schema=None) as batch_op:
        batch_op.drop_index('ix_basket_record_record')

    op.drop_table('basket_record')
    with op.batch_alter_table('basket_item', schema=None) as batch_op:
        batch_op.drop_index('ix_basket_item_item')

    op.drop_table('basket_item')
    op.drop_table('basket')
