"""acts on many patrons done row by row, photos replaced

Revision: 0121
Before it: 0122
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0121'
down_revision = '0122'
branch_labels = None
depends_on = None

JSONB = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), 'postgresql'
)
STATES = ('trying', 'draft', 'running', 'done', 'undoing')


def upgrade() -> None:
    """Change the tables. Acts there are were done within a request: they are done."""
    # not as a batch: that would write the whole table anew, and lose its checks
    op.execute(
        "ALTER TABLE patron_batch ADD COLUMN state VARCHAR(10) DEFAULT 'done' NOT NULL"
        f' CONSTRAINT ck_patron_batch_state_known CHECK (state IN {STATES!r})'
    )
    op.add_column(
        'patron_batch', sa.Column('plan', JSONB, server_default='{}', nullable=False)
    )
    for name in ('done_to', 'total'):
        op.add_column(
            'patron_batch', sa.Column(name, sa.Integer(), server_default='0', nullable=False)
        )
    op.add_column('patron_batch', sa.Column('job_id', sa.Integer(), nullable=True))
    op.execute(
        'ALTER TABLE patron_batch_line ADD COLUMN photo_was_id INTEGER'
        ' CONSTRAINT fk_patron_batch_line_photo_was_id_kept_file REFERENCES kept_file (id)'
    )
    op.create_table(
        'patron_batch_row',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('batch_id', sa.Integer(), nullable=False),
        sa.Column('part', sa.String(length=5), nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('patron_id', sa.Integer(), nullable=True),
        sa.Column('what', sa.String(length=10), nullable=False),
        sa.Column('name', sa.String(length=250), nullable=False),
        sa.Column('code', sa.String(length=40), nullable=False),
        sa.Column('facts', JSONB, nullable=False),
        sa.CheckConstraint(
            "part IN ('row', 'photo', 'left')", name=op.f('ck_patron_batch_row_part_known')
        ),
        sa.ForeignKeyConstraint(
            ['batch_id'],
            ['patron_batch.id'],
            name=op.f('fk_patron_batch_row_batch_id_patron_batch'),
        ),
        sa.ForeignKeyConstraint(
            ['patron_id'], ['patron.id'], name=op.f('fk_patron_batch_row_patron_id_patron')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_patron_batch_row')),
        sa.UniqueConstraint(
            'batch_id', 'part', 'number', name=op.f('uq_patron_batch_row_batch_id_part_number')
        ),
    )
    op.create_index(
        'ix_patron_batch_row_what', 'patron_batch_row', ['batch_id', 'part', 'what', 'number']
    )
    op.create_index('ix_patron_batch_row_patron', 'patron_batch_row', ['patron_id'])


def downgrade() -> None:
    """Change them back. What is only looked at or half done is not known to the older program."""
    op.drop_table('patron_batch_row')
    op.execute(
        'DELETE FROM patron_batch_line WHERE batch_id IN'
        " (SELECT id FROM patron_batch WHERE state IN ('trying', 'draft'))"
    )
    op.execute("DELETE FROM patron_batch WHERE state IN ('trying', 'draft')")
    op.execute('ALTER TABLE patron_batch_line DROP COLUMN photo_was_id')
    for name in ('job_id', 'total', 'done_to', 'plan', 'state'):
        op.execute(f'ALTER TABLE patron_batch DROP COLUMN {name}')
