"""acts over many copies

Revision: 0145
Before it: 0146a
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql


revision = '0145'
down_revision = '0146a'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table('act_run',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('act', sa.String(length=10), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('plan', sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql'), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('job_id', sa.Integer(), nullable=True),
    sa.Column('change_set_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("act IN ('change', 'withdraw', 'delete')", name=op.f('ck_act_run_act_known')),
    sa.ForeignKeyConstraint(['change_set_id'], ['change_set.id'], name=op.f('fk_act_run_change_set_id_change_set')),
    sa.ForeignKeyConstraint(['job_id'], ['job.id'], name=op.f('fk_act_run_job_id_job'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_act_run_staff_id_staff'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_act_run'))
    )
    with op.batch_alter_table('act_run', schema=None) as batch_op:
        batch_op.create_index('ix_act_run_staff', ['staff_id'], unique=False)

    op.create_table('act_line',
    sa.Column('run_id', sa.Integer(), nullable=False),
    sa.Column('subject_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('seen', sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql'), nullable=False),
    sa.Column('outcome', sa.String(length=10), nullable=False),
    sa.Column('reasons', sa.String(length=200), nullable=False),
    sa.CheckConstraint("outcome IN ('waiting', 'same', 'will', 'against', 'decision', 'listed', 'gone', 'done', 'stale')", name=op.f('ck_act_line_outcome_known')),
    sa.ForeignKeyConstraint(['run_id'], ['act_run.id'], name=op.f('fk_act_line_run_id_act_run'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('run_id', 'subject_id', name=op.f('pk_act_line'))
    )
    with op.batch_alter_table('act_line', schema=None) as batch_op:
        batch_op.create_index('ix_act_line_outcome', ['run_id', 'outcome', 'subject_id'], unique=False)

    op.create_table('item_change',
    sa.Column('change_set_id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('before', sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql'), nullable=False),
    sa.Column('after', sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql'), nullable=False),
    sa.Column('undone', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['change_set_id'], ['change_set.id'], name=op.f('fk_item_change_change_set_id_change_set')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_item_change_item_id_item'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('change_set_id', 'item_id', name=op.f('pk_item_change'))
    )
    with op.batch_alter_table('item_change', schema=None) as batch_op:
        batch_op.create_index('ix_item_change_item', ['item_id'], unique=False)

    with op.batch_alter_table('record_version', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_record_version_change_set'))
        batch_op.create_index('ix_record_version_change_set', ['change_set_id', 'record_id'], unique=False)



def downgrade() -> None:
    """Change them back."""
    with op.batch_alter_table('record_version', schema=None) as batch_op:
        batch_op.drop_index('ix_record_version_change_set')
        batch_op.create_index(batch_op.f('ix_record_version_change_set'), ['change_set_id'], unique=False)

    with op.batch_alter_table('item_change', schema=None) as batch_op:
        batch_op.drop_index('ix_item_change_item')

    op.drop_table('item_change')
    with op.batch_alter_table('act_line', schema=None) as batch_op:
        batch_op.drop_index('ix_act_line_outcome')

    op.drop_table('act_line')
    with op.batch_alter_table('act_run', schema=None) as batch_op:
        batch_op.drop_index('ix_act_run_staff')

    op.drop_table('act_run')
