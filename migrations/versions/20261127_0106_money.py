"""tills, card fees, exemptions, prices, amnesties; what a receipt is for

Revision: 0106
Before it: 0114
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0106'
down_revision = '0114'
branch_labels = None
depends_on = None

RECEIPT_KINDS = "('payment', 'sale', 'payout', 'deposit_in', 'deposit_out', 'deposit_to_debt')"
# Written so that both databases take them; SQLite knows no other way to add a checked column.
NEW_COLUMNS = (
    ('ledger_entry', 'till_id', 'INTEGER CONSTRAINT fk_ledger_entry_till_id_till REFERENCES till (id)'),
    ('receipt', 'kind', "VARCHAR(20) DEFAULT 'payment' NOT NULL"
     f' CONSTRAINT ck_receipt_kind_known CHECK (kind IN {RECEIPT_KINDS})'),
    ('receipt', 'method', "VARCHAR(10) DEFAULT 'cash' NOT NULL"
     " CONSTRAINT ck_receipt_method_known CHECK (method IN ('cash', 'transfer'))"),
    ('receipt', 'branch_id', 'INTEGER CONSTRAINT fk_receipt_branch_id_org_unit REFERENCES org_unit (id)'),
    ('receipt', 'till_id', 'INTEGER CONSTRAINT fk_receipt_till_id_till REFERENCES till (id)'),
    ('receipt', 'payer', "VARCHAR(120) DEFAULT '' NOT NULL"),
    ('patron_card', 'kind', "VARCHAR(20) DEFAULT 'lending' NOT NULL CONSTRAINT ck_patron_card_kind_known"
     " CHECK (kind IN ('lending', 'reading', 'children', 'special'))"),
)
GUARDS = {
    'sqlite': tuple(
        f"CREATE TRIGGER till_closed_{act} BEFORE {act} ON till WHEN OLD.closed_at IS NOT NULL"
        " BEGIN SELECT RAISE(ABORT, 'a closed till is never changed'); END"
        for act in ('UPDATE', 'DELETE')
    ),
    'postgresql': (
        "CREATE OR REPLACE FUNCTION till_is_closed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'a closed till is never changed' USING ERRCODE = 'restrict_violation';"
        " END $$",
        "CREATE TRIGGER till_closed BEFORE UPDATE OR DELETE ON till FOR EACH ROW"
        " WHEN (OLD.closed_at IS NOT NULL) EXECUTE FUNCTION till_is_closed()",
    ),
}


def upgrade() -> None:
    """Change the tables."""
    _rates()
    _tills()
    for table, column, words in NEW_COLUMNS:
        op.execute(f'ALTER TABLE {table} ADD COLUMN {column} {words}')
    op.create_index('ix_ledger_entry_receipt', 'ledger_entry', ['receipt_id'])
    op.create_index('ix_ledger_entry_till', 'ledger_entry', ['till_id'])
    op.create_index('ix_receipt_till', 'receipt', ['till_id'])
    for kind in ('deposit_in', 'deposit_out', 'deposit_to_debt'):
        op.execute(
            f"UPDATE receipt SET kind = '{kind}' WHERE EXISTS (SELECT 1 FROM ledger_entry"
            f" WHERE ledger_entry.receipt_id = receipt.id AND ledger_entry.kind = '{kind}')"
        )
    op.execute(
        'UPDATE receipt SET branch_id = (SELECT min(ledger_entry.branch_id) FROM ledger_entry'
        ' WHERE ledger_entry.receipt_id = receipt.id)'
    )


def _rates() -> None:
    op.create_table('card_fee',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('card_kind', sa.String(length=20), nullable=False),
    sa.Column('category', sa.String(length=30), nullable=False),
    sa.Column('occasion', sa.String(length=12), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('resolution', sa.String(length=120), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.CheckConstraint('amount >= 0', name=op.f('ck_card_fee_amount_not_negative')),
    sa.CheckConstraint("occasion IN ('annual', 'replacement')", name=op.f('ck_card_fee_occasion_known')),
    sa.CheckConstraint('valid_to IS NULL OR valid_to >= valid_from', name=op.f('ck_card_fee_days_in_order')),
    sa.ForeignKeyConstraint(['unit_id'], ['org_unit.id'], name=op.f('fk_card_fee_unit_id_org_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_card_fee'))
    )
    op.create_index('ix_card_fee_unit', 'card_fee', ['unit_id'])
    op.create_table('fee_exemption',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('resolution', sa.String(length=120), nullable=False),
    sa.Column('age_below', sa.Integer(), nullable=True),
    sa.Column('age_from', sa.Integer(), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.CheckConstraint('valid_to IS NULL OR valid_to >= valid_from', name=op.f('ck_fee_exemption_days_in_order')),
    sa.ForeignKeyConstraint(['unit_id'], ['org_unit.id'], name=op.f('fk_fee_exemption_unit_id_org_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_fee_exemption'))
    )
    op.create_index('ix_fee_exemption_unit', 'fee_exemption', ['unit_id'])
    op.create_table('exempt_card',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('patron_id', sa.Integer(), nullable=False),
    sa.Column('library_id', sa.Integer(), nullable=False),
    sa.Column('exemption_id', sa.Integer(), nullable=False),
    sa.Column('fee_id', sa.Integer(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('on', sa.Date(), nullable=False),
    sa.Column('actor_id', sa.Integer(), nullable=True),
    sa.CheckConstraint('amount > 0', name=op.f('ck_exempt_card_amount_positive')),
    sa.ForeignKeyConstraint(['patron_id'], ['patron.id'], name=op.f('fk_exempt_card_patron_id_patron')),
    sa.ForeignKeyConstraint(['library_id'], ['org_unit.id'], name=op.f('fk_exempt_card_library_id_org_unit')),
    sa.ForeignKeyConstraint(['exemption_id'], ['fee_exemption.id'], name=op.f('fk_exempt_card_exemption_id_fee_exemption')),
    sa.ForeignKeyConstraint(['fee_id'], ['card_fee.id'], name=op.f('fk_exempt_card_fee_id_card_fee')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_exempt_card'))
    )
    op.create_index('ix_exempt_card_patron', 'exempt_card', ['patron_id'])
    op.create_index('ix_exempt_card_library_day', 'exempt_card', ['library_id', 'on'])
    op.create_table('price',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('measure', sa.String(length=20), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('decision', sa.String(length=120), nullable=False),
    sa.Column('order', sa.Integer(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.CheckConstraint('amount > 0', name=op.f('ck_price_amount_positive')),
    sa.CheckConstraint('valid_to IS NULL OR valid_to >= valid_from', name=op.f('ck_price_days_in_order')),
    sa.ForeignKeyConstraint(['unit_id'], ['org_unit.id'], name=op.f('fk_price_unit_id_org_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_price'))
    )
    op.create_index('ix_price_unit', 'price', ['unit_id'])
    op.create_table('amnesty',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('decision', sa.String(length=120), nullable=False),
    sa.Column('decided_on', sa.Date(), nullable=False),
    sa.Column('from_on', sa.Date(), nullable=False),
    sa.Column('to_on', sa.Date(), nullable=False),
    sa.Column('children_only', sa.Boolean(), nullable=False),
    sa.CheckConstraint('to_on >= from_on', name=op.f('ck_amnesty_days_in_order')),
    sa.CheckConstraint("decision <> ''", name=op.f('ck_amnesty_decision_named')),
    sa.ForeignKeyConstraint(['unit_id'], ['org_unit.id'], name=op.f('fk_amnesty_unit_id_org_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_amnesty'))
    )
    op.create_index('ix_amnesty_unit', 'amnesty', ['unit_id'])


def _tills() -> None:
    op.create_table('till',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('library_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('clerk_id', sa.Integer(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('opened_on', sa.Date(), nullable=False),
    sa.Column('float_amount', sa.BigInteger(), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_by', sa.Integer(), nullable=True),
    sa.Column('counted', sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql'), nullable=False),
    sa.Column('counted_amount', sa.BigInteger(), nullable=True),
    sa.Column('expected_amount', sa.BigInteger(), nullable=True),
    sa.Column('difference', sa.BigInteger(), nullable=True),
    sa.Column('reason', sa.String(length=250), nullable=False),
    sa.CheckConstraint('float_amount >= 0', name=op.f('ck_till_float_not_negative')),
    sa.CheckConstraint(
        '(closed_at IS NULL AND counted_amount IS NULL AND expected_amount IS NULL'
        ' AND difference IS NULL) OR (closed_at IS NOT NULL AND counted_amount IS NOT NULL'
        ' AND expected_amount IS NOT NULL'
        ' AND difference = counted_amount - expected_amount)',
        name=op.f('ck_till_closed_whole'),
    ),
    sa.CheckConstraint("difference IS NULL OR difference = 0 OR reason <> ''", name=op.f('ck_till_explained')),
    sa.ForeignKeyConstraint(['branch_id'], ['org_unit.id'], name=op.f('fk_till_branch_id_org_unit')),
    sa.ForeignKeyConstraint(['library_id'], ['org_unit.id'], name=op.f('fk_till_library_id_org_unit')),
    sa.ForeignKeyConstraint(['clerk_id'], ['staff.id'], name=op.f('fk_till_clerk_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_till'))
    )
    for name, columns in (
        ('uq_till_open_clerk', ['clerk_id', 'branch_id']),
        ('uq_till_open_name', ['branch_id', 'name']),
    ):
        op.create_index(
            name, 'till', columns, unique=True,
            sqlite_where=sa.text('closed_at IS NULL'),
            postgresql_where=sa.text('closed_at IS NULL'),
        )
    op.create_index('ix_till_library_day', 'till', ['library_id', 'opened_on'])
    op.create_table('till_movement',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('till_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.String(length=250), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor_id', sa.Integer(), nullable=True),
    sa.CheckConstraint('amount > 0', name=op.f('ck_till_movement_amount_positive')),
    sa.CheckConstraint("kind IN ('added', 'handed_over')", name=op.f('ck_till_movement_kind_known')),
    sa.ForeignKeyConstraint(['till_id'], ['till.id'], name=op.f('fk_till_movement_till_id_till')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_till_movement'))
    )
    op.create_index('ix_till_movement_till', 'till_movement', ['till_id'])
    for statement in GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Change them back."""
    op.drop_index('ix_receipt_till', table_name='receipt')
    op.drop_index('ix_ledger_entry_till', table_name='ledger_entry')
    op.drop_index('ix_ledger_entry_receipt', table_name='ledger_entry')
    for table, column, _words in reversed(NEW_COLUMNS):
        op.execute(f'ALTER TABLE {table} DROP COLUMN {column}')
    for table in ('till_movement', 'till', 'amnesty', 'price', 'exempt_card', 'fee_exemption', 'card_fee'):
        op.drop_table(table)
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('DROP FUNCTION till_is_closed()')
