"""newspapers and magazines: titles, patterns, issues, claims, bound volumes

Revision: 0142
Before it: 0145
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql


revision = '0142'
down_revision = '0145'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql')
    op.create_table('serial_claim',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('library_id', sa.Integer(), nullable=False),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('made_on', sa.Date(), nullable=False),
    sa.Column('receiver', sa.String(length=200), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['branch_id'], ['org_unit.id'], name=op.f('fk_serial_claim_branch_id_org_unit')),
    sa.ForeignKeyConstraint(['library_id'], ['org_unit.id'], name=op.f('fk_serial_claim_library_id_org_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_serial_claim')),
    sa.UniqueConstraint('library_id', 'year', 'number', name=op.f('uq_serial_claim_library_id_year_number'))
    )
    op.create_table('serial_title',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('record_id', sa.Integer(), nullable=False),
    sa.Column('library_id', sa.Integer(), nullable=False),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('copies', sa.Integer(), nullable=False),
    sa.Column('price', sa.BigInteger(), nullable=True),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=True),
    sa.Column('delay_days', sa.Integer(), nullable=False),
    sa.Column('grace_days', sa.Integer(), nullable=False),
    sa.Column('as_items', sa.Boolean(), nullable=False),
    sa.Column('item_type', sa.String(length=30), nullable=True),
    sa.Column('use', sa.String(length=15), nullable=False),
    sa.Column('register_id', sa.Integer(), nullable=True),
    sa.Column('collection_id', sa.Integer(), nullable=True),
    sa.Column('supplier_id', sa.Integer(), nullable=True),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=True),
    sa.CheckConstraint("use IN ('loan', 'reading_room', 'not_for_loan', 'restricted')", name=op.f('ck_serial_title_use_known')),
    sa.CheckConstraint('copies BETWEEN 1 AND 99', name=op.f('ck_serial_title_copies_counted')),
    sa.CheckConstraint('delay_days BETWEEN 0 AND 60', name=op.f('ck_serial_title_delay_short')),
    sa.CheckConstraint('ends_on IS NULL OR ends_on >= starts_on', name=op.f('ck_serial_title_ends_after_start')),
    sa.CheckConstraint('grace_days BETWEEN 0 AND 90', name=op.f('ck_serial_title_grace_short')),
    sa.CheckConstraint('price IS NULL OR price >= 0', name=op.f('ck_serial_title_price_not_negative')),
    sa.ForeignKeyConstraint(['branch_id'], ['org_unit.id'], name=op.f('fk_serial_title_branch_id_org_unit')),
    sa.ForeignKeyConstraint(['collection_id'], ['collection.id'], name=op.f('fk_serial_title_collection_id_collection')),
    sa.ForeignKeyConstraint(['item_type'], ['item_type.code'], name=op.f('fk_serial_title_item_type_item_type')),
    sa.ForeignKeyConstraint(['library_id'], ['org_unit.id'], name=op.f('fk_serial_title_library_id_org_unit')),
    sa.ForeignKeyConstraint(['record_id'], ['record.id'], name=op.f('fk_serial_title_record_id_record')),
    sa.ForeignKeyConstraint(['register_id'], ['accession_register.id'], name=op.f('fk_serial_title_register_id_accession_register')),
    sa.ForeignKeyConstraint(['supplier_id'], ['supplier.id'], name=op.f('fk_serial_title_supplier_id_supplier')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_serial_title')),
    sa.UniqueConstraint('branch_id', 'record_id', name=op.f('uq_serial_title_branch_id_record_id'))
    )
    op.create_index('ix_serial_title_library', 'serial_title', ['library_id'], unique=False)
    op.create_index('ix_serial_title_record', 'serial_title', ['record_id'], unique=False)
    op.create_index('ix_serial_title_supplier', 'serial_title', ['supplier_id'], unique=False)
    op.create_table('serial_issue',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('serial_id', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('first_no', sa.Integer(), nullable=True),
    sa.Column('last_no', sa.Integer(), nullable=True),
    sa.Column('volume', sa.Integer(), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('copies', sa.Integer(), nullable=False),
    sa.Column('arrived_on', sa.Date(), nullable=True),
    sa.Column('event_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('change_set_id', sa.Integer(), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('done_by', sa.Integer(), nullable=True),
    sa.CheckConstraint("state IN ('claimed', 'arrived', 'absent', 'missing', 'discarded')", name=op.f('ck_serial_issue_state_known')),
    sa.CheckConstraint("state NOT IN ('arrived', 'discarded') OR (arrived_on IS NOT NULL AND copies >= 1)", name=op.f('ck_serial_issue_arrived_counted')),
    sa.CheckConstraint('(first_no IS NULL AND last_no IS NULL) OR (first_no >= 1 AND last_no >= first_no)', name=op.f('ck_serial_issue_numbers_in_order')),
    sa.ForeignKeyConstraint(['change_set_id'], ['change_set.id'], name=op.f('fk_serial_issue_change_set_id_change_set')),
    sa.ForeignKeyConstraint(['serial_id'], ['serial_title.id'], name=op.f('fk_serial_issue_serial_id_serial_title')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_serial_issue')),
    sa.UniqueConstraint('serial_id', 'day', 'name', name=op.f('uq_serial_issue_serial_id_day_name'))
    )
    op.create_index('ix_serial_issue_change_set', 'serial_issue', ['change_set_id'], unique=False)
    op.create_index('ix_serial_issue_day', 'serial_issue', ['day'], unique=False)
    op.create_table('serial_pattern',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('serial_id', sa.Integer(), nullable=False),
    sa.Column('begins', sa.Date(), nullable=False),
    sa.Column('unit', sa.String(length=5), nullable=False),
    sa.Column('weekdays', json, nullable=False),
    sa.Column('every', sa.Integer(), nullable=False),
    sa.Column('days', json, nullable=False),
    sa.Column('months', json, nullable=False),
    sa.Column('first_number', sa.Integer(), nullable=False),
    sa.Column('numbering', sa.String(length=7), nullable=False),
    sa.Column('volume', sa.Integer(), nullable=True),
    sa.Column('skipped', json, nullable=False),
    sa.Column('combined', json, nullable=False),
    sa.Column('specials', json, nullable=False),
    sa.CheckConstraint("numbering IN ('year', 'running', 'none')", name=op.f('ck_serial_pattern_numbering_known')),
    sa.CheckConstraint("unit IN ('week', 'month')", name=op.f('ck_serial_pattern_unit_known')),
    sa.CheckConstraint('every BETWEEN 1 AND 52', name=op.f('ck_serial_pattern_every_counted')),
    sa.CheckConstraint('first_number >= 1', name=op.f('ck_serial_pattern_number_positive')),
    sa.ForeignKeyConstraint(['serial_id'], ['serial_title.id'], name=op.f('fk_serial_pattern_serial_id_serial_title'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_serial_pattern')),
    sa.UniqueConstraint('serial_id', 'begins', name=op.f('uq_serial_pattern_serial_id_begins'))
    )
    op.create_table('serial_volume',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('serial_id', sa.Integer(), nullable=False),
    sa.Column('label', sa.String(length=120), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('change_set_id', sa.Integer(), nullable=False),
    sa.Column('bound_on', sa.Date(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['change_set_id'], ['change_set.id'], name=op.f('fk_serial_volume_change_set_id_change_set')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_serial_volume_item_id_item'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['serial_id'], ['serial_title.id'], name=op.f('fk_serial_volume_serial_id_serial_title')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_serial_volume')),
    sa.UniqueConstraint('item_id', name=op.f('uq_serial_volume_item_id'))
    )
    op.create_index('ix_serial_volume_serial', 'serial_volume', ['serial_id'], unique=False)
    op.create_table('serial_claim_line',
    sa.Column('claim_id', sa.Integer(), nullable=False),
    sa.Column('issue_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['claim_id'], ['serial_claim.id'], name=op.f('fk_serial_claim_line_claim_id_serial_claim'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['issue_id'], ['serial_issue.id'], name=op.f('fk_serial_claim_line_issue_id_serial_issue'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('claim_id', 'issue_id', name=op.f('pk_serial_claim_line'))
    )
    op.create_index('ix_serial_claim_line_issue', 'serial_claim_line', ['issue_id'], unique=False)
    op.create_table('serial_volume_issue',
    sa.Column('issue_id', sa.Integer(), nullable=False),
    sa.Column('volume_id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['issue_id'], ['serial_issue.id'], name=op.f('fk_serial_volume_issue_issue_id_serial_issue')),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_serial_volume_issue_item_id_item'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['volume_id'], ['serial_volume.id'], name=op.f('fk_serial_volume_issue_volume_id_serial_volume'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('issue_id', name=op.f('pk_serial_volume_issue'))
    )
    op.create_index('ix_serial_volume_issue_volume', 'serial_volume_issue', ['volume_id'], unique=False)


def downgrade() -> None:
    """Change them back."""
    op.drop_table('serial_volume_issue')
    op.drop_table('serial_claim_line')
    op.drop_table('serial_volume')
    op.drop_table('serial_pattern')
    op.drop_table('serial_issue')
    op.drop_table('serial_title')
    op.drop_table('serial_claim')
