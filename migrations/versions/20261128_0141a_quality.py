"""points and faults of records

Revision: 0141a
Before it: 0139
"""

import sqlalchemy as sa
from alembic import op


revision = '0141a'
down_revision = '0139'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table('record_score',
    sa.Column('record_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('library_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('score', sa.SmallInteger(), nullable=False),
    sa.Column('rules', sa.SmallInteger(), nullable=False),
    sa.Column('scored_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['record_id'], ['record.id'], name=op.f('fk_record_score_record_id_record'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('record_id', 'library_id', name=op.f('pk_record_score'))
    )
    op.create_index('ix_record_score_library', 'record_score', ['library_id', 'score'], unique=False)
    op.create_table('record_fault',
    sa.Column('record_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('library_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('word', sa.String(length=120), nullable=False),
    sa.ForeignKeyConstraint(['record_id'], ['record.id'], name=op.f('fk_record_fault_record_id_record'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('record_id', 'code', 'library_id', name=op.f('pk_record_fault'))
    )
    op.create_index('ix_record_fault_library', 'record_fault', ['library_id', 'code', 'record_id'], unique=False)
    op.create_table('fault_left',
    sa.Column('record_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('left_by', sa.Integer(), nullable=True),
    sa.Column('left_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['record_id'], ['record.id'], name=op.f('fk_fault_left_record_id_record'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('record_id', 'code', name=op.f('pk_fault_left'))
    )
    op.create_table('quality_month',
    sa.Column('month', sa.String(length=7), nullable=False),
    sa.Column('library_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('month', 'library_id', 'code', name=op.f('pk_quality_month'))
    )


def downgrade() -> None:
    """Change them back."""
    op.drop_table('quality_month')
    op.drop_table('fault_left')
    op.drop_index('ix_record_fault_library', 'record_fault')
    op.drop_table('record_fault')
    op.drop_index('ix_record_score_library', 'record_score')
    op.drop_table('record_score')
