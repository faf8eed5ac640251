"""batch change

Revision: 0139
Before it: 0138b
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql


revision = '0139'
down_revision = '0138b'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table('batch_rules',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('rules', sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql'), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_batch_rules_staff_id_staff'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_batch_rules')),
    sa.UniqueConstraint('staff_id', 'name', name=op.f('uq_batch_rules_staff_id_name'))
    )
    op.create_table('batch_run',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('rules', sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql'), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('job_id', sa.Integer(), nullable=True),
    sa.Column('change_set_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['change_set_id'], ['change_set.id'], name=op.f('fk_batch_run_change_set_id_change_set')),
    sa.ForeignKeyConstraint(['job_id'], ['job.id'], name=op.f('fk_batch_run_job_id_job'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_batch_run_staff_id_staff'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_batch_run'))
    )
    with op.batch_alter_table('batch_run', schema=None) as batch_op:
        batch_op.create_index('ix_batch_run_staff', ['staff_id'], unique=False)

    op.create_table('batch_line',
    sa.Column('run_id', sa.Integer(), nullable=False),
    sa.Column('record_id', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('outcome', sa.String(length=10), nullable=False),
    sa.CheckConstraint("outcome IN ('waiting', 'same', 'will', 'invalid', 'slow', 'gone', 'changed', 'stale')", name=op.f('ck_batch_line_outcome_known')),
    sa.ForeignKeyConstraint(['record_id'], ['record.id'], name=op.f('fk_batch_line_record_id_record'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['run_id'], ['batch_run.id'], name=op.f('fk_batch_line_run_id_batch_run'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('run_id', 'record_id', name=op.f('pk_batch_line'))
    )
    with op.batch_alter_table('batch_line', schema=None) as batch_op:
        batch_op.create_index('ix_batch_line_outcome', ['run_id', 'outcome', 'record_id'], unique=False)
        batch_op.create_index('ix_batch_line_record', ['record_id'], unique=False)

    # ### end Alembic commands ###


def downgrade() -> None:
    """Change them back."""
    with op.batch_alter_table('batch_line', schema=None) as batch_op:
        batch_op.drop_index('ix_batch_line_record')
        batch_op.drop_index('ix_batch_line_outcome')

    op.drop_table('batch_line')
    with op.batch_alter_table('batch_run', schema=None) as batch_op:
        batch_op.drop_index('ix_batch_run_staff')

    op.drop_table('batch_run')
    op.drop_table('batch_rules')
    # ### end Alembic commands ###
