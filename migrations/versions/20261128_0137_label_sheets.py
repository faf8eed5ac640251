"""label sheets that libraries measure themselves

Revision: 0137
Before it: 0131
"""

import sqlalchemy as sa
from alembic import op

revision = '0137'
down_revision = '0131'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table('label_sheet',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('library_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('columns', sa.Integer(), nullable=False),
    sa.Column('rows', sa.Integer(), nullable=False),
    sa.Column('width', sa.Float(), nullable=False),
    sa.Column('height', sa.Float(), nullable=False),
    sa.Column('left', sa.Float(), nullable=False),
    sa.Column('top', sa.Float(), nullable=False),
    sa.Column('gap_x', sa.Float(), nullable=False),
    sa.Column('gap_y', sa.Float(), nullable=False),
    sa.Column('page_width', sa.Float(), nullable=False),
    sa.Column('page_height', sa.Float(), nullable=False),
    sa.Column('shift_x', sa.Float(), nullable=False),
    sa.Column('shift_y', sa.Float(), nullable=False),
    sa.CheckConstraint('columns > 0 AND rows > 0', name=op.f('ck_label_sheet_has_places')),
    sa.CheckConstraint('width > 0 AND height > 0', name=op.f('ck_label_sheet_has_size')),
    sa.ForeignKeyConstraint(['library_id'], ['org_unit.id'], name=op.f('fk_label_sheet_library_id_org_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_label_sheet')),
    sa.UniqueConstraint('library_id', 'name', name=op.f('uq_label_sheet_library_id_name'))
    )


def downgrade() -> None:
    """Change them back."""
    op.drop_table('label_sheet')
