"""old debts forgiven together

Revision: 0124a
Before it: 0124
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0124a'
down_revision = '0124'
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql')


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        'batch_waiver',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('unit_id', sa.Integer(), nullable=False),
        sa.Column('decision', sa.String(length=120), nullable=False),
        sa.Column('decided_on', sa.Date(), nullable=False),
        sa.Column('reason', sa.String(length=250), nullable=False),
        sa.Column('asked', JSON, nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('made_by', sa.Integer(), nullable=True),
        sa.Column('given_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('given_by', sa.Integer(), nullable=True),
        sa.Column('taken_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('taken_by', sa.Integer(), nullable=True),
        sa.Column('job_id', sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'giving', 'given', 'taking', 'taken', 'discarded')",
            name=op.f('ck_batch_waiver_state_known'),
        ),
        sa.CheckConstraint(
            "decision <> '' AND reason <> ''", name=op.f('ck_batch_waiver_said_why')
        ),
        sa.ForeignKeyConstraint(
            ['unit_id'], ['org_unit.id'], name=op.f('fk_batch_waiver_unit_id_org_unit')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_batch_waiver')),
    )
    op.create_index('ix_batch_waiver_unit', 'batch_waiver', ['unit_id', 'id'])
    op.create_table(
        'batch_waiver_line',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('batch_id', sa.Integer(), nullable=False),
        sa.Column('entry_id', BIG_ID, nullable=False),
        sa.Column('amount', sa.BigInteger(), nullable=False),
        sa.Column('waiver_id', BIG_ID, nullable=True),
        sa.Column('given', sa.BigInteger(), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.CheckConstraint(
            "state IN ('planned', 'given', 'changed', 'taken', 'kept')",
            name=op.f('ck_batch_waiver_line_state_known'),
        ),
        sa.CheckConstraint(
            'amount > 0 AND given >= 0 AND given <= amount',
            name=op.f('ck_batch_waiver_line_never_more'),
        ),
        sa.ForeignKeyConstraint(
            ['batch_id'], ['batch_waiver.id'], name=op.f('fk_batch_waiver_line_batch_id_batch_waiver')
        ),
        sa.ForeignKeyConstraint(
            ['entry_id'], ['ledger_entry.id'], name=op.f('fk_batch_waiver_line_entry_id_ledger_entry')
        ),
        sa.ForeignKeyConstraint(
            ['waiver_id'], ['ledger_entry.id'], name=op.f('fk_batch_waiver_line_waiver_id_ledger_entry')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_batch_waiver_line')),
    )
    op.create_index(
        'uq_batch_waiver_line', 'batch_waiver_line', ['batch_id', 'entry_id'], unique=True
    )
    op.create_index(
        'ix_batch_waiver_line_state', 'batch_waiver_line', ['batch_id', 'state', 'id']
    )
    for column in ('entry', 'waiver'):
        op.create_index(
            f'ix_batch_waiver_line_{column}', 'batch_waiver_line', [f'{column}_id']
        )


def downgrade() -> None:
    """Change them back."""
    op.drop_table('batch_waiver_line')
    op.drop_table('batch_waiver')
