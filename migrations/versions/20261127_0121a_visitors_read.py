"""a visitor of a day may ask for a copy of the closed stack

Revision: 0121a
Before it: 0123
"""

import sqlalchemy as sa
from alembic import op

revision = '0121a'
down_revision = '0123'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.add_column('patron', sa.Column('visitor_on', sa.Date(), nullable=True))
    op.execute(
        'ALTER TABLE day_visitor ADD COLUMN patron_id INTEGER'
        ' CONSTRAINT fk_day_visitor_patron_id_patron REFERENCES patron (id)'
    )


def downgrade() -> None:
    """Change them back. What stood for visitors stays as nameless records set aside."""
    op.execute('ALTER TABLE day_visitor DROP COLUMN patron_id')
    op.execute('ALTER TABLE patron DROP COLUMN visitor_on')
