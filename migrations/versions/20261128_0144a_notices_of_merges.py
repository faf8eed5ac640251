"""notices of merged titles

Revision: 0144a
Before it: 0146b
"""

from alembic import op

revision = '0144a'
down_revision = '0146b'
branch_labels = None
depends_on = None

OLD = (
    'due_soon', 'overdue', 'hold_ready', 'hold_expired', 'hold_cancelled', 'hold_unfilled',
    'hold_hopeless', 'card_expiring', 'apology', 'registered', 'declined', 'loan_receipt',
    'money_receipt',
)
NEW = (*OLD, 'hold_joined', 'hold_at_home')


def _check(kinds: tuple[str, ...]) -> None:
    """Say the check anew; SQLite writes the table anew for that."""
    with op.batch_alter_table('notice', schema=None) as batch_op:
        name = op.f('ck_notice_what_known')
        batch_op.drop_constraint(name, type_='check')
        batch_op.create_check_constraint(name, f'what IN {kinds!r}')


def upgrade() -> None:
    """Change the tables."""
    _check(NEW)


def downgrade() -> None:
    """Change them back."""
    op.execute("DELETE FROM notice WHERE what IN ('hold_joined', 'hold_at_home')")
    _check(OLD)
