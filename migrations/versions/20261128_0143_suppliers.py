"""suppliers

Revision: 0143
Before it: 0141a
"""

import sqlalchemy as sa
from alembic import op


revision = '0143'
down_revision = '0141a'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table('supplier',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('tax_code', sa.String(length=14), nullable=False),
    sa.Column('address', sa.String(length=200), nullable=False),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('email', sa.String(length=120), nullable=False),
    sa.Column('contract_no', sa.String(length=60), nullable=False),
    sa.Column('contract_from', sa.Date(), nullable=True),
    sa.Column('contract_until', sa.Date(), nullable=True),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('search', sa.String(length=300), nullable=False),
    sa.Column('name_sort', sa.String(length=240), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=True),
    sa.CheckConstraint("name <> ''", name=op.f('ck_supplier_name_given')),
    sa.CheckConstraint('contract_from IS NULL OR contract_until IS NULL OR contract_from <= contract_until', name=op.f('ck_supplier_contract_runs_forward')),
    sa.ForeignKeyConstraint(['unit_id'], ['org_unit.id'], name=op.f('fk_supplier_unit_id_org_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_supplier'))
    )
    op.create_index('ix_supplier_name', 'supplier', ['unit_id', 'name_sort'], unique=False)
    op.create_index('ix_supplier_tax_code', 'supplier', ['unit_id', 'tax_code'], unique=True, sqlite_where=sa.text("tax_code <> ''"), postgresql_where=sa.text("tax_code <> ''"))


def downgrade() -> None:
    """Change them back."""
    op.drop_index('ix_supplier_tax_code', 'supplier', sqlite_where=sa.text("tax_code <> ''"), postgresql_where=sa.text("tax_code <> ''"))
    op.drop_index('ix_supplier_name', 'supplier')
    op.drop_table('supplier')
