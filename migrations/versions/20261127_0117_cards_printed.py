"""when a card was printed

Revision: 0117
Before it: 0116
"""

import sqlalchemy as sa
from alembic import op

revision = '0117'
down_revision = '0116'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables. Cards given before are in people's hands: they count as printed."""
    op.add_column('patron_card', sa.Column('printed_at', sa.DateTime(timezone=True), nullable=True))
    op.execute('UPDATE patron_card SET printed_at = CURRENT_TIMESTAMP')


def downgrade() -> None:
    """Change them back."""
    op.execute('ALTER TABLE patron_card DROP COLUMN printed_at')
