"""duplicates and merges

Revision: 0144
Before it: 0143b
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql


revision = '0144'
down_revision = '0143b'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table('duplicate_run',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('started_by', sa.Integer(), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('job_id', sa.Integer(), nullable=True),
    sa.Column('phase', sa.String(length=10), nullable=False),
    sa.Column('after', sa.String(length=220), nullable=False),
    sa.Column('looked_at', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['job_id'], ['job.id'], name=op.f('fk_duplicate_run_job_id_job'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_duplicate_run'))
    )
    op.create_table('duplicate_key',
    sa.Column('record_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('key', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['record_id'], ['record.id'], name=op.f('fk_duplicate_key_record_id_record'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('record_id', name=op.f('pk_duplicate_key'))
    )
    with op.batch_alter_table('duplicate_key', schema=None) as batch_op:
        batch_op.create_index('ix_duplicate_key_key', ['key', 'record_id'], unique=False)

    op.create_table('duplicate_pair',
    sa.Column('low_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('high_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('group_id', sa.Integer(), nullable=False),
    sa.Column('certainty', sa.SmallInteger(), nullable=False),
    sa.Column('why', sa.String(length=60), nullable=False),
    sa.Column('run_id', sa.Integer(), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('judged_by', sa.Integer(), nullable=True),
    sa.Column('judged_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('open', 'distinct')", name=op.f('ck_duplicate_pair_state_known')),
    sa.CheckConstraint('certainty BETWEEN 0 AND 3', name=op.f('ck_duplicate_pair_certainty_known')),
    sa.CheckConstraint('low_id < high_id', name=op.f('ck_duplicate_pair_in_order')),
    sa.ForeignKeyConstraint(['high_id'], ['record.id'], name=op.f('fk_duplicate_pair_high_id_record'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['low_id'], ['record.id'], name=op.f('fk_duplicate_pair_low_id_record'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('low_id', 'high_id', name=op.f('pk_duplicate_pair'))
    )
    with op.batch_alter_table('duplicate_pair', schema=None) as batch_op:
        batch_op.create_index('ix_duplicate_pair_group', ['state', 'group_id'], unique=False)
        batch_op.create_index('ix_duplicate_pair_high', ['high_id'], unique=False)

    op.create_table('record_merge',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kept_id', sa.Integer(), nullable=False),
    sa.Column('gone_id', sa.Integer(), nullable=False),
    sa.Column('change_set_id', sa.Integer(), nullable=False),
    sa.Column('merged_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('merged_by', sa.Integer(), nullable=True),
    sa.Column('moved', sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql'), nullable=False),
    sa.Column('undone_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('undone_by', sa.Integer(), nullable=True),
    sa.CheckConstraint('kept_id <> gone_id', name=op.f('ck_record_merge_two_records')),
    sa.ForeignKeyConstraint(['change_set_id'], ['change_set.id'], name=op.f('fk_record_merge_change_set_id_change_set')),
    sa.ForeignKeyConstraint(['gone_id'], ['record.id'], name=op.f('fk_record_merge_gone_id_record')),
    sa.ForeignKeyConstraint(['kept_id'], ['record.id'], name=op.f('fk_record_merge_kept_id_record')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_record_merge'))
    )
    with op.batch_alter_table('record_merge', schema=None) as batch_op:
        batch_op.create_index('ix_record_merge_change_set', ['change_set_id'], unique=False)
        batch_op.create_index('ix_record_merge_kept', ['kept_id'], unique=False)
        batch_op.create_index('uq_record_merge_gone', ['gone_id'], unique=True, sqlite_where=sa.text('undone_at IS NULL'), postgresql_where=sa.text('undone_at IS NULL'))



def downgrade() -> None:
    """Change them back."""
    with op.batch_alter_table('record_merge', schema=None) as batch_op:
        batch_op.drop_index('uq_record_merge_gone', sqlite_where=sa.text('undone_at IS NULL'), postgresql_where=sa.text('undone_at IS NULL'))
        batch_op.drop_index('ix_record_merge_kept')
        batch_op.drop_index('ix_record_merge_change_set')

    op.drop_table('record_merge')
    with op.batch_alter_table('duplicate_pair', schema=None) as batch_op:
        batch_op.drop_index('ix_duplicate_pair_high')
        batch_op.drop_index('ix_duplicate_pair_group')

    op.drop_table('duplicate_pair')
    with op.batch_alter_table('duplicate_key', schema=None) as batch_op:
        batch_op.drop_index('ix_duplicate_key_key')

    op.drop_table('duplicate_key')
    op.drop_table('duplicate_run')
