"""figures of days kept on paper

Revision: 0113
Before it: 0108
"""

import sqlalchemy as sa
from alembic import op

revision = '0113'
down_revision = '0108'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table('paper_figure',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('measure', sa.String(length=10), nullable=False),
    sa.Column('part', sa.String(length=30), nullable=False),
    sa.Column('typed', sa.Integer(), nullable=False),
    sa.Column('whole', sa.Boolean(), nullable=False),
    sa.Column('counted', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.BigInteger(), nullable=True),
    sa.Column('typed_by', sa.Integer(), nullable=True),
    sa.Column('typed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('replaced_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('typed >= 0 AND counted >= 0', name=op.f('ck_paper_figure_not_negative')),
    sa.CheckConstraint("measure IN ('visit', 'in_house', 'loan')", name=op.f('ck_paper_figure_measure_known')),
    sa.ForeignKeyConstraint(['unit_id'], ['org_unit.id'], name=op.f('fk_paper_figure_unit_id_org_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_paper_figure'))
    )
    op.create_index(
        'uq_paper_figure_current', 'paper_figure', ['unit_id', 'day', 'measure', 'part'],
        unique=True,
        sqlite_where=sa.text('replaced_at IS NULL'),
        postgresql_where=sa.text('replaced_at IS NULL'),
    )


def downgrade() -> None:
    """Change them back."""
    op.drop_index('uq_paper_figure_current', table_name='paper_figure')
    op.drop_table('paper_figure')
