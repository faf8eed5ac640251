"""targets of copy cataloguing

Revision: 0133
Before it: 0136
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0133'
down_revision = '0136'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table('target_search',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('words', sa.String(length=200), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('author', sa.String(length=200), nullable=False),
    sa.Column('record_id', sa.Integer(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_target_search'))
    )
    with op.batch_alter_table('target_search', schema=None) as batch_op:
        batch_op.create_index('ix_target_search_made_at', ['made_at'], unique=False)

    op.create_table('target',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('protocol', sa.String(length=6), nullable=False),
    sa.Column('address', sa.String(length=300), nullable=False),
    sa.Column('port', sa.Integer(), nullable=False),
    sa.Column('database', sa.String(length=80), nullable=False),
    sa.Column('version', sa.String(length=4), nullable=False),
    sa.Column('syntax', sa.String(length=10), nullable=False),
    sa.Column('encoding', sa.String(length=20), nullable=False),
    sa.Column('seconds', sa.Integer(), nullable=False),
    sa.Column('indexes', sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql'), nullable=False),
    sa.Column('inside', sa.Boolean(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('order', sa.Integer(), nullable=False),
    sa.Column('known', sa.String(length=20), nullable=False),
    sa.Column('spoken', sa.String(length=4), nullable=False),
    sa.Column('tested_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('tested', sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql'), nullable=False),
    sa.CheckConstraint("protocol IN ('sru', 'z3950')", name=op.f('ck_target_protocol_known')),
    sa.CheckConstraint("syntax IN ('marcxml', 'usmarc')", name=op.f('ck_target_syntax_known')),
    sa.CheckConstraint("version IN ('auto', '1.1', '1.2', '2.0')", name=op.f('ck_target_version_known')),
    sa.CheckConstraint('port BETWEEN 1 AND 65535', name=op.f('ck_target_port_known')),
    sa.CheckConstraint('seconds BETWEEN 1 AND 30', name=op.f('ck_target_seconds_bounded')),
    sa.ForeignKeyConstraint(['unit_id'], ['org_unit.id'], name=op.f('fk_target_unit_id_org_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_target')),
    sa.UniqueConstraint('unit_id', 'name', name=op.f('uq_target_unit_id_name'))
    )
    op.create_table('target_answer',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('search_id', sa.Integer(), nullable=False),
    sa.Column('target_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('hits', sa.Integer(), nullable=False),
    sa.Column('milliseconds', sa.Integer(), nullable=False),
    sa.Column('problem', sa.String(length=40), nullable=False),
    sa.Column('detail', sa.String(length=400), nullable=False),
    sa.Column('unread', sa.Integer(), nullable=False),
    sa.CheckConstraint("state IN ('asking', 'answered', 'failed')", name=op.f('ck_target_answer_state_known')),
    sa.ForeignKeyConstraint(['search_id'], ['target_search.id'], name=op.f('fk_target_answer_search_id_target_search'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['target_id'], ['target.id'], name=op.f('fk_target_answer_target_id_target'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_target_answer')),
    sa.UniqueConstraint('search_id', 'target_id', name=op.f('uq_target_answer_search_id_target_id'))
    )
    op.create_table('target_found',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('answer_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('marc', sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql'), nullable=False),
    sa.Column('repairs', sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql'), nullable=False),
    sa.Column('taken_as', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['answer_id'], ['target_answer.id'], name=op.f('fk_target_found_answer_id_target_answer'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_target_found')),
    sa.UniqueConstraint('answer_id', 'position', name=op.f('uq_target_found_answer_id_position'))
    )


def downgrade() -> None:
    """Change them back."""
    op.drop_table('target_found')
    op.drop_table('target_answer')
    op.drop_table('target')
    with op.batch_alter_table('target_search', schema=None) as batch_op:
        batch_op.drop_index('ix_target_search_made_at')

    op.drop_table('target_search')
