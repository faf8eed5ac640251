"""planned closures and other hours

Revision: 0107
Before it: 0105
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0107'
down_revision = '0105'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table('closure_plan',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('first_on', sa.Date(), nullable=False),
    sa.Column('last_on', sa.Date(), nullable=False),
    sa.Column('reason', sa.String(length=120), nullable=False),
    sa.Column('days', sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql'), nullable=False),
    sa.Column('before', sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql'), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('pulling', sa.Integer(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=True),
    sa.Column('applied_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('applied_by', sa.Integer(), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_by', sa.Integer(), nullable=True),
    sa.Column('job_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("state IN ('draft', 'moving', 'applied', 'lifted', 'undone', 'discarded')", name=op.f('ck_closure_plan_state_known')),
    sa.CheckConstraint('last_on >= first_on', name=op.f('ck_closure_plan_forward')),
    sa.ForeignKeyConstraint(['unit_id'], ['org_unit.id'], name=op.f('fk_closure_plan_unit_id_org_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_closure_plan'))
    )
    with op.batch_alter_table('closure_plan', schema=None) as batch_op:
        batch_op.create_index('ix_closure_plan_unit', ['unit_id', 'first_on'], unique=False)

    op.create_table('closure_line',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('plan_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('loan_id', sa.Integer(), nullable=True),
    sa.Column('hold_id', sa.Integer(), nullable=True),
    sa.Column('entry_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('old_on', sa.Date(), nullable=True),
    sa.Column('new_on', sa.Date(), nullable=True),
    sa.Column('amount', sa.BigInteger(), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("kind IN ('loan', 'hold', 'fine')", name=op.f('ck_closure_line_kind_known')),
    sa.CheckConstraint("state IN ('planned', 'done', 'changed', 'no_day', 'undone', 'kept')", name=op.f('ck_closure_line_state_known')),
    sa.CheckConstraint('amount IS NULL OR amount > 0', name=op.f('ck_closure_line_amount_positive')),
    sa.CheckConstraint('new_on IS NULL OR new_on > old_on', name=op.f('ck_closure_line_only_forward')),
    sa.ForeignKeyConstraint(['branch_id'], ['org_unit.id'], name=op.f('fk_closure_line_branch_id_org_unit')),
    sa.ForeignKeyConstraint(['entry_id'], ['ledger_entry.id'], name=op.f('fk_closure_line_entry_id_ledger_entry')),
    sa.ForeignKeyConstraint(['hold_id'], ['hold.id'], name=op.f('fk_closure_line_hold_id_hold')),
    sa.ForeignKeyConstraint(['loan_id'], ['loan.id'], name=op.f('fk_closure_line_loan_id_loan')),
    sa.ForeignKeyConstraint(['plan_id'], ['closure_plan.id'], name=op.f('fk_closure_line_plan_id_closure_plan')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_closure_line'))
    )
    with op.batch_alter_table('closure_line', schema=None) as batch_op:
        batch_op.create_index('ix_closure_line_entry', ['entry_id'], unique=False)
        batch_op.create_index('ix_closure_line_hold', ['hold_id'], unique=False)
        batch_op.create_index('ix_closure_line_loan', ['loan_id'], unique=False)
        batch_op.create_index('ix_closure_line_plan', ['plan_id', 'kind', 'state'], unique=False)
        batch_op.create_index('uq_closure_line_loan', ['plan_id', 'loan_id'], unique=True, sqlite_where=sa.text("kind = 'loan'"), postgresql_where=sa.text("kind = 'loan'"))

    with op.batch_alter_table('calendar_day', schema=None) as batch_op:
        batch_op.add_column(sa.Column('opens', sa.Time(), nullable=True))
        batch_op.add_column(sa.Column('closes', sa.Time(), nullable=True))
        batch_op.add_column(sa.Column('plan_id', sa.Integer(), nullable=True))



def downgrade() -> None:
    """Change them back."""
    with op.batch_alter_table('calendar_day', schema=None) as batch_op:
        batch_op.drop_column('plan_id')
        batch_op.drop_column('closes')
        batch_op.drop_column('opens')

    with op.batch_alter_table('closure_line', schema=None) as batch_op:
        batch_op.drop_index('uq_closure_line_loan', sqlite_where=sa.text("kind = 'loan'"), postgresql_where=sa.text("kind = 'loan'"))
        batch_op.drop_index('ix_closure_line_plan')
        batch_op.drop_index('ix_closure_line_loan')
        batch_op.drop_index('ix_closure_line_hold')
        batch_op.drop_index('ix_closure_line_entry')

    op.drop_table('closure_line')
    with op.batch_alter_table('closure_plan', schema=None) as batch_op:
        batch_op.drop_index('ix_closure_plan_unit')

    op.drop_table('closure_plan')
