"""school classes brought in, acts on many patrons

Revision: 0120a
Before it: 0120
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0120a'
down_revision = '0120'
branch_labels = None
depends_on = None

JSONB = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), 'postgresql'
)


def upgrade() -> None:
    """Change the tables."""
    # not as a batch: that would write the whole table anew, and its keys with it
    for name, length in (('school_year', 9), ('student_code', 30)):
        column = sa.Column(name, sa.String(length=length), server_default='', nullable=False)
        op.add_column('patron', column)
    op.create_index('ix_patron_student_code', 'patron', ['library_id', 'student_code'])
    op.create_table(
        'patron_batch',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('library_id', sa.Integer(), nullable=False),
        sa.Column('kind', sa.String(length=10), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('by', sa.Integer(), nullable=True),
        sa.Column('until', sa.Date(), nullable=False),
        sa.Column('facts', JSONB, nullable=False),
        sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('undone', sa.Boolean(), nullable=False),
        sa.Column('undone_by', sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('classes', 'renewal', 'new_year', 'ages')",
            name=op.f('ck_patron_batch_kind_known'),
        ),
        sa.ForeignKeyConstraint(
            ['library_id'], ['org_unit.id'], name=op.f('fk_patron_batch_library_id_org_unit')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_patron_batch')),
    )
    with op.batch_alter_table('patron_batch', schema=None) as batch_op:
        batch_op.create_index(
            'ix_patron_batch_library', ['library_id', 'ended_at', 'until'], unique=False
        )
    op.create_table(
        'patron_batch_line',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('batch_id', sa.Integer(), nullable=False),
        sa.Column('patron_id', sa.Integer(), nullable=False),
        sa.Column('made', sa.String(length=64), nullable=False),
        sa.Column('changes', JSONB, nullable=False),
        sa.Column('facts', JSONB, nullable=False),
        sa.ForeignKeyConstraint(
            ['batch_id'], ['patron_batch.id'],
            name=op.f('fk_patron_batch_line_batch_id_patron_batch'),
        ),
        sa.ForeignKeyConstraint(
            ['patron_id'], ['patron.id'], name=op.f('fk_patron_batch_line_patron_id_patron')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_patron_batch_line')),
        sa.UniqueConstraint(
            'batch_id', 'patron_id', name=op.f('uq_patron_batch_line_batch_id_patron_id')
        ),
    )
    with op.batch_alter_table('patron_batch_line', schema=None) as batch_op:
        batch_op.create_index('ix_patron_batch_line_patron', ['patron_id'], unique=False)


def downgrade() -> None:
    """Change them back."""
    op.drop_table('patron_batch_line')
    op.drop_table('patron_batch')
    op.drop_index('ix_patron_student_code', table_name='patron')
    op.execute('ALTER TABLE patron DROP COLUMN student_code')
    op.execute('ALTER TABLE patron DROP COLUMN school_year')
