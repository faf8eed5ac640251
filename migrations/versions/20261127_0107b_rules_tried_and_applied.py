"""rules tried and applied

Revision: 0107b
Before it: 0108b
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0107b'
down_revision = '0108b'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table('rule_draft',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('cells', sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql'), nullable=False),
    sa.Column('result', sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql'), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('job_id', sa.Integer(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_by', sa.Integer(), nullable=True),
    sa.CheckConstraint("state IN ('draft', 'saved', 'discarded')", name=op.f('ck_rule_draft_state_known')),
    sa.ForeignKeyConstraint(['unit_id'], ['org_unit.id'], name=op.f('fk_rule_draft_unit_id_org_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rule_draft'))
    )
    with op.batch_alter_table('rule_draft', schema=None) as batch_op:
        batch_op.create_index('ix_rule_draft_unit', ['unit_id', 'made_at'], unique=False)

    op.create_table('rules_applied',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('item_type', sa.String(length=30), nullable=False),
    sa.Column('category', sa.String(length=30), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('looked_at', sa.Integer(), nullable=False),
    sa.Column('job_id', sa.Integer(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=True),
    sa.Column('applied_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_by', sa.Integer(), nullable=True),
    sa.CheckConstraint("state IN ('draft', 'moving', 'applied', 'undone', 'discarded')", name=op.f('ck_rules_applied_state_known')),
    sa.ForeignKeyConstraint(['unit_id'], ['org_unit.id'], name=op.f('fk_rules_applied_unit_id_org_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rules_applied'))
    )
    with op.batch_alter_table('rules_applied', schema=None) as batch_op:
        batch_op.create_index('ix_rules_applied_unit', ['unit_id', 'made_at'], unique=False)

    op.create_table('rules_line',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('applied_id', sa.Integer(), nullable=False),
    sa.Column('loan_id', sa.Integer(), nullable=False),
    sa.Column('old_due', sa.Date(), nullable=False),
    sa.Column('new_due', sa.Date(), nullable=False),
    sa.Column('old_policy', sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql'), nullable=False),
    sa.Column('new_policy', sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql'), nullable=False),
    sa.Column('fine_before', sa.Integer(), nullable=False),
    sa.Column('fine_after', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('planned', 'done', 'changed', 'undone', 'kept')", name=op.f('ck_rules_line_state_known')),
    sa.CheckConstraint('new_due >= old_due', name=op.f('ck_rules_line_only_forward')),
    sa.ForeignKeyConstraint(['applied_id'], ['rules_applied.id'], name=op.f('fk_rules_line_applied_id_rules_applied')),
    sa.ForeignKeyConstraint(['loan_id'], ['loan.id'], name=op.f('fk_rules_line_loan_id_loan')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rules_line'))
    )
    with op.batch_alter_table('rules_line', schema=None) as batch_op:
        batch_op.create_index('ix_rules_line_loan', ['loan_id'], unique=False)
        batch_op.create_index('ix_rules_line_state', ['applied_id', 'state'], unique=False)
        batch_op.create_index('uq_rules_line_loan', ['applied_id', 'loan_id'], unique=True)



def downgrade() -> None:
    """Change them back."""
    with op.batch_alter_table('rules_line', schema=None) as batch_op:
        batch_op.drop_index('uq_rules_line_loan')
        batch_op.drop_index('ix_rules_line_state')
        batch_op.drop_index('ix_rules_line_loan')

    op.drop_table('rules_line')
    with op.batch_alter_table('rules_applied', schema=None) as batch_op:
        batch_op.drop_index('ix_rules_applied_unit')

    op.drop_table('rules_applied')
    with op.batch_alter_table('rule_draft', schema=None) as batch_op:
        batch_op.drop_index('ix_rule_draft_unit')

    op.drop_table('rule_draft')
