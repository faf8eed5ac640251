"""two records of one person made one, and pairs that are two people

Revision: 0115
Before it: 0109
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0115'
down_revision = '0109'
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql')
AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Change the tables."""
    op.execute('ALTER TABLE patron ADD COLUMN merged_into_id INTEGER'
               ' CONSTRAINT fk_patron_merged_into_id_patron REFERENCES patron (id)')
    op.create_index('ix_patron_merged', 'patron', ['merged_into_id'])
    op.create_table('patron_merge',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('library_id', sa.Integer(), nullable=False),
    sa.Column('kept_id', sa.Integer(), nullable=False),
    sa.Column('gone_id', sa.Integer(), nullable=False),
    sa.Column('at', AT, nullable=False),
    sa.Column('by', sa.Integer(), nullable=True),
    sa.Column('until', sa.Date(), nullable=False),
    sa.Column('moved', JSON, nullable=False),
    sa.Column('ended_at', AT, nullable=True),
    sa.Column('undone_by', sa.Integer(), nullable=True),
    sa.Column('undone', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['gone_id'], ['patron.id'], name=op.f('fk_patron_merge_gone_id_patron')),
    sa.ForeignKeyConstraint(['kept_id'], ['patron.id'], name=op.f('fk_patron_merge_kept_id_patron')),
    sa.ForeignKeyConstraint(['library_id'], ['org_unit.id'], name=op.f('fk_patron_merge_library_id_org_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_patron_merge'))
    )
    op.create_index(op.f('ix_patron_merge_kept_id'), 'patron_merge', ['kept_id'])
    op.create_index('ix_patron_merge_library', 'patron_merge', ['library_id', 'ended_at', 'until'])
    op.create_index('uq_patron_merge_gone', 'patron_merge', ['gone_id'], unique=True,
                    sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
    op.create_table('patrons_distinct',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('low_id', sa.Integer(), nullable=False),
    sa.Column('high_id', sa.Integer(), nullable=False),
    sa.Column('by', sa.Integer(), nullable=True),
    sa.Column('at', AT, nullable=False),
    sa.CheckConstraint('low_id < high_id', name=op.f('ck_patrons_distinct_in_order')),
    sa.ForeignKeyConstraint(['high_id'], ['patron.id'], name=op.f('fk_patrons_distinct_high_id_patron')),
    sa.ForeignKeyConstraint(['low_id'], ['patron.id'], name=op.f('fk_patrons_distinct_low_id_patron')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_patrons_distinct')),
    sa.UniqueConstraint('low_id', 'high_id', name=op.f('uq_patrons_distinct_low_id_high_id'))
    )


def downgrade() -> None:
    """Change them back. Records that were set aside stay set aside."""
    op.drop_table('patrons_distinct')
    op.drop_table('patron_merge')
    op.drop_index('ix_patron_merged', 'patron')
    op.execute('ALTER TABLE patron DROP COLUMN merged_into_id')
