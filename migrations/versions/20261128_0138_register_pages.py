"""pages of the registers as they were printed as final

Revision: 0138
Before it: 0133
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql


revision = '0138'
down_revision = '0133'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql')
    op.create_table('register_page',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('library_id', sa.Integer(), nullable=False),
    sa.Column('book', sa.String(length=24), nullable=False),
    sa.Column('page_no', sa.Integer(), nullable=False),
    sa.Column('layout', sa.Integer(), nullable=False),
    sa.Column('heading', json, nullable=False),
    sa.Column('lines', json, nullable=False),
    sa.Column('entries', sa.Integer(), nullable=False),
    sa.Column('carried', json, nullable=False),
    sa.Column('totals', json, nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('printed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('printed_by', sa.Integer(), nullable=True),
    sa.CheckConstraint('page_no > 0 AND entries >= 0', name=op.f('ck_register_page_counted')),
    sa.ForeignKeyConstraint(['library_id'], ['org_unit.id'], name=op.f('fk_register_page_library_id_org_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_register_page')),
    sa.UniqueConstraint('library_id', 'book', 'page_no', name=op.f('uq_register_page_library_id_book_page_no'))
    )


def downgrade() -> None:
    """Change them back."""
    op.drop_table('register_page')
