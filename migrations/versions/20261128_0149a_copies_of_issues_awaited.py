"""copies of an issue that are still awaited, and how many a claim asks for

Revision: 0149a
Before it: 0149
"""

from alembic import op

revision = '0149a'
down_revision = '0149'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables: of what came before, nothing is awaited."""
    op.execute('ALTER TABLE serial_issue ADD COLUMN awaited INTEGER')
    op.execute('ALTER TABLE serial_claim_line ADD COLUMN copies INTEGER')


def downgrade() -> None:
    """Change them back."""
    op.execute('ALTER TABLE serial_claim_line DROP COLUMN copies')
    op.execute('ALTER TABLE serial_issue DROP COLUMN awaited')
