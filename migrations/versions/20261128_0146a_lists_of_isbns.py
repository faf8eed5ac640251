"""lists of ISBNs asked at targets

Revision: 0146a
Before it: 0143a
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0146a'
down_revision = '0143a'
branch_labels = None
depends_on = None


def _json() -> sa.JSON:
    return sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql')


def upgrade() -> None:
    """Change the tables."""
    op.create_table('isbn_list',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('target_ids', _json(), nullable=False),
    sa.Column('lost', _json(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('job_id', sa.Integer(), nullable=True),
    sa.Column('change_set_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['change_set_id'], ['change_set.id'], name=op.f('fk_isbn_list_change_set_id_change_set')),
    sa.ForeignKeyConstraint(['job_id'], ['job.id'], name=op.f('fk_isbn_list_job_id_job'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_isbn_list_staff_id_staff'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_isbn_list'))
    )
    op.create_index('ix_isbn_list_staff', 'isbn_list', ['staff_id'], unique=False)
    # Added in place: SQLite would make the table anew, and with it lose what hangs on it.
    op.execute(
        "ALTER TABLE target ADD COLUMN per_minute INTEGER DEFAULT 60 NOT NULL"
        " CONSTRAINT ck_target_per_minute_bounded CHECK (per_minute BETWEEN 0 AND 600)"
    )
    op.create_table('isbn_line',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('list_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('typed', sa.String(length=80), nullable=False),
    sa.Column('isbn', sa.String(length=13), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('reason', sa.String(length=20), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('search_id', sa.Integer(), nullable=True),
    sa.Column('found_id', sa.Integer(), nullable=True),
    sa.Column('record_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("state IN ('wrong', 'double', 'ours', 'waiting', 'one', 'several', 'none', 'unasked', 'taken')", name=op.f('ck_isbn_line_state_known')),
    sa.ForeignKeyConstraint(['found_id'], ['target_found.id'], name=op.f('fk_isbn_line_found_id_target_found'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['list_id'], ['isbn_list.id'], name=op.f('fk_isbn_line_list_id_isbn_list'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['search_id'], ['target_search.id'], name=op.f('fk_isbn_line_search_id_target_search'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_isbn_line'))
    )
    op.create_index('ix_isbn_line_list', 'isbn_line', ['list_id', 'state'], unique=False)
    op.create_index('ix_isbn_line_search', 'isbn_line', ['search_id'], unique=False)
    op.create_index('ix_isbn_line_found', 'isbn_line', ['found_id'], unique=False)


def downgrade() -> None:
    """Change them back."""
    op.drop_table('isbn_line')
    op.execute("ALTER TABLE target DROP COLUMN per_minute")
    op.drop_table('isbn_list')
