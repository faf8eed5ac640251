"""drafts, who has a record open, entry forms and habits of the editor

Revision: 0131
Before it: 0132
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0131'
down_revision = '0132'
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql')


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        'entry_form',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('unit_id', sa.Integer(), nullable=False),
        sa.Column('material', sa.String(length=20), nullable=False),
        sa.Column('layout', JSON, nullable=False),
        sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('changed_by', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ['unit_id'], ['org_unit.id'], name=op.f('fk_entry_form_unit_id_org_unit')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_entry_form')),
        sa.UniqueConstraint('unit_id', 'material', name=op.f('uq_entry_form_unit_id_material')),
    )
    op.create_table(
        'entry_habit',
        sa.Column('staff_id', sa.Integer(), nullable=False),
        sa.Column('material', sa.String(length=20), nullable=False),
        sa.Column('pinned', JSON, nullable=False),
        sa.Column('last', JSON, nullable=True),
        sa.Column('copies', JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ['staff_id'], ['staff.id'], name=op.f('fk_entry_habit_staff_id_staff')
        ),
        sa.PrimaryKeyConstraint('staff_id', name=op.f('pk_entry_habit')),
    )
    op.create_table(
        'record_draft',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('staff_id', sa.Integer(), nullable=False),
        sa.Column('record_id', sa.Integer(), nullable=True),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('title', sa.String(length=300), nullable=False),
        sa.Column('marc', JSON, nullable=False),
        sa.Column('beside', JSON, nullable=False),
        sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('kept_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['record_id'],
            ['record.id'],
            name=op.f('fk_record_draft_record_id_record'),
            ondelete='CASCADE',
        ),
        sa.ForeignKeyConstraint(
            ['staff_id'], ['staff.id'], name=op.f('fk_record_draft_staff_id_staff')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_record_draft')),
    )
    op.create_index('ix_record_draft_record', 'record_draft', ['record_id'])
    op.create_index('ix_record_draft_staff', 'record_draft', ['staff_id', 'kept_at'])
    op.create_index(
        'uq_record_draft_record',
        'record_draft',
        ['staff_id', 'record_id'],
        unique=True,
        sqlite_where=sa.text('record_id IS NOT NULL'),
        postgresql_where=sa.text('record_id IS NOT NULL'),
    )
    op.create_table(
        'record_open',
        sa.Column('record_id', sa.Integer(), nullable=False),
        sa.Column('staff_id', sa.Integer(), nullable=False),
        sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['record_id'],
            ['record.id'],
            name=op.f('fk_record_open_record_id_record'),
            ondelete='CASCADE',
        ),
        sa.ForeignKeyConstraint(
            ['staff_id'], ['staff.id'], name=op.f('fk_record_open_staff_id_staff')
        ),
        sa.PrimaryKeyConstraint('record_id', 'staff_id', name=op.f('pk_record_open')),
    )
    op.create_index('ix_record_open_staff', 'record_open', ['staff_id'])


def downgrade() -> None:
    """Change them back."""
    for table in ('record_open', 'record_draft', 'entry_habit', 'entry_form'):
        op.drop_table(table)
