"""hundredths of a per cent beside discounts

Revision: 0149b
Before it: 0149a
"""

from alembic import op

revision = '0149b'
down_revision = '0149a'
branch_labels = None
depends_on = None

TABLES = ('purchase_order', 'order_line')


def upgrade() -> None:
    """Change the tables in place: SQLite would make them anew, and with it lose what hangs on them."""
    for table in TABLES:
        op.execute(
            f'ALTER TABLE {table} ADD COLUMN discount_part INTEGER DEFAULT 0 NOT NULL'
            f' CONSTRAINT ck_{table}_discount_part_possible CHECK'
            ' (discount_part BETWEEN 0 AND 99 AND (discount < 100 OR discount_part = 0))'
        )


def downgrade() -> None:
    """Change them back."""
    for table in TABLES:
        op.execute(f'ALTER TABLE {table} DROP COLUMN discount_part')
