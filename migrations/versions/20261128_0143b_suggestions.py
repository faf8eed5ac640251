"""suggestions of readers and staff

Revision: 0143b
Before it: 0142
"""

import sqlalchemy as sa
from alembic import op


revision = '0143b'
down_revision = '0142'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table('suggestion',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('library_id', sa.Integer(), nullable=False),
    sa.Column('patron_id', sa.Integer(), nullable=True),
    sa.Column('staff_id', sa.Integer(), nullable=True),
    sa.Column('title', sa.String(length=300), nullable=False),
    sa.Column('authors', sa.String(length=200), nullable=False),
    sa.Column('publisher', sa.String(length=200), nullable=False),
    sa.Column('year', sa.String(length=10), nullable=False),
    sa.Column('isbn', sa.String(length=20), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('match', sa.String(length=120), nullable=False),
    sa.Column('record_id', sa.Integer(), nullable=True),
    sa.Column('order_line_id', sa.Integer(), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('answer', sa.Text(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answered_by', sa.Integer(), nullable=True),
    sa.CheckConstraint("state = 'new' OR answered_at IS NOT NULL", name=op.f('ck_suggestion_answered_when')),
    sa.CheckConstraint("state IN ('new', 'accepted', 'declined')", name=op.f('ck_suggestion_state_known')),
    sa.CheckConstraint("title <> ''", name=op.f('ck_suggestion_title_given')),
    sa.ForeignKeyConstraint(['library_id'], ['org_unit.id'], name=op.f('fk_suggestion_library_id_org_unit')),
    sa.ForeignKeyConstraint(['order_line_id'], ['order_line.id'], name=op.f('fk_suggestion_order_line_id_order_line'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['patron_id'], ['patron.id'], name=op.f('fk_suggestion_patron_id_patron')),
    sa.ForeignKeyConstraint(['record_id'], ['record.id'], name=op.f('fk_suggestion_record_id_record')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_suggestion'))
    )
    op.create_index('ix_suggestion_match', 'suggestion', ['library_id', 'match'], unique=False)
    op.create_index('ix_suggestion_order_line', 'suggestion', ['order_line_id'], unique=False)
    op.create_index('ix_suggestion_patron', 'suggestion', ['patron_id'], unique=False)
    op.create_index('ix_suggestion_record', 'suggestion', ['record_id'], unique=False)
    op.create_index('ix_suggestion_state', 'suggestion', ['library_id', 'state'], unique=False)


def downgrade() -> None:
    """Change them back."""
    op.drop_index('ix_suggestion_state', 'suggestion')
    op.drop_index('ix_suggestion_record', 'suggestion')
    op.drop_index('ix_suggestion_patron', 'suggestion')
    op.drop_index('ix_suggestion_order_line', 'suggestion')
    op.drop_index('ix_suggestion_match', 'suggestion')
    op.drop_table('suggestion')
