"""mappings of spreadsheets kept by name

Revision: 0135
Before it: 0138a
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0135'
down_revision = '0138a'
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql')


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        'sheet_mapping',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('library_id', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(length=80), nullable=False),
        sa.Column('headers_key', sa.String(length=64), nullable=False),
        sa.Column('plan', JSON, nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['library_id'], ['org_unit.id'], name=op.f('fk_sheet_mapping_library_id_org_unit')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_sheet_mapping')),
        sa.UniqueConstraint('library_id', 'name', name=op.f('uq_sheet_mapping_library_id_name')),
    )
    op.create_index(op.f('ix_sheet_mapping_headers_key'), 'sheet_mapping', ['headers_key'])


def downgrade() -> None:
    """Change them back."""
    op.drop_table('sheet_mapping')
