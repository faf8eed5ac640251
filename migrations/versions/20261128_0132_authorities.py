"""authorities, forms of headings, links of records to them

Revision: 0132
Before it: 0121a
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0132'
down_revision = '0121a'
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql')


def upgrade() -> None:
    """Change the tables."""
    op.create_table('authority',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('scope', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('heading', sa.String(length=300), nullable=False),
    sa.Column('filing', sa.String(length=240), nullable=False),
    sa.Column('key', sa.BigInteger(), nullable=False),
    sa.Column('marc', JSON, nullable=False),
    sa.Column('control_number', sa.String(length=80), nullable=False),
    sa.Column('control_source', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('merged_into', sa.Integer(), nullable=True),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('person', 'body', 'place', 'title', 'subject', 'genre')", name=op.f('ck_authority_kind_known')),
    sa.ForeignKeyConstraint(['merged_into'], ['authority.id'], name=op.f('fk_authority_merged_into_authority')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_authority'))
    )
    op.create_index('ix_authority_control', 'authority', ['control_number'], unique=False)
    op.create_index('ix_authority_merged', 'authority', ['merged_into'], unique=False)
    op.create_index('uq_authority_preferred', 'authority', ['key', 'scope'], unique=True, sqlite_where=sa.text('deleted_at IS NULL'), postgresql_where=sa.text('deleted_at IS NULL'))

    op.create_table('heading_pair',
    sa.Column('low', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('high', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('why', sa.String(length=8), nullable=False),
    sa.Column('filing', sa.String(length=240), nullable=False),
    sa.Column('apart', sa.Boolean(), nullable=False),
    sa.Column('found_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('low < high', name=op.f('ck_heading_pair_lower_first')),
    sa.PrimaryKeyConstraint('low', 'high', name=op.f('pk_heading_pair'))
    )
    op.create_index('ix_heading_pair_list', 'heading_pair', ['apart', 'kind', 'filing'], unique=False)

    op.create_table('authority_import',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('file_name', sa.String(length=300), nullable=False),
    sa.Column('file_path', sa.String(length=500), nullable=False),
    sa.Column('format', sa.String(length=20), nullable=False),
    sa.Column('scope', sa.Integer(), nullable=False),
    sa.Column('on_match', sa.String(length=10), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('change_set_id', sa.Integer(), nullable=True),
    sa.Column('job_id', sa.Integer(), nullable=True),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('found', sa.Integer(), nullable=False),
    sa.Column('added', sa.Integer(), nullable=False),
    sa.Column('changed', sa.Integer(), nullable=False),
    sa.Column('same', sa.Integer(), nullable=False),
    sa.Column('rejected', sa.Integer(), nullable=False),
    sa.Column('problems', JSON, nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("on_match IN ('merge', 'replace', 'skip')", name=op.f('ck_authority_import_on_match_known')),
    sa.CheckConstraint("status IN ('new', 'queued', 'running', 'done', 'stopped')", name=op.f('ck_authority_import_status_known')),
    sa.CheckConstraint('found = added + changed + same + rejected', name=op.f('ck_authority_import_counts_add_up')),
    sa.ForeignKeyConstraint(['change_set_id'], ['change_set.id'], name=op.f('fk_authority_import_change_set_id_change_set')),
    sa.ForeignKeyConstraint(['job_id'], ['job.id'], name=op.f('fk_authority_import_job_id_job'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_authority_import'))
    )
    op.create_table('authority_version',
    sa.Column('authority_id', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('marc', JSON, nullable=False),
    sa.Column('change', sa.String(length=10), nullable=False),
    sa.Column('merged_into', sa.Integer(), nullable=True),
    sa.Column('change_set_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor_id', sa.Integer(), nullable=True),
    sa.Column('why', sa.String(length=300), nullable=False),
    sa.ForeignKeyConstraint(['authority_id'], ['authority.id'], name=op.f('fk_authority_version_authority_id_authority'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['change_set_id'], ['change_set.id'], name=op.f('fk_authority_version_change_set_id_change_set')),
    sa.PrimaryKeyConstraint('authority_id', 'version', name=op.f('pk_authority_version'))
    )
    op.create_index('ix_authority_version_change_set', 'authority_version', ['change_set_id'], unique=False)

    op.create_table('heading',
    sa.Column('id', BIG_ID, autoincrement=True, nullable=False),
    sa.Column('key', sa.BigInteger(), nullable=False),
    sa.Column('scope', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('role', sa.String(length=12), nullable=False),
    sa.Column('text', sa.String(length=300), nullable=False),
    sa.Column('filing', sa.String(length=240), nullable=False),
    sa.Column('near', sa.String(length=120), nullable=False),
    sa.Column('mark', sa.String(length=8), nullable=False),
    sa.Column('authority_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("(role = 'provisional') = (authority_id IS NULL)", name=op.f('ck_heading_provisional_has_no_authority')),
    sa.CheckConstraint("kind IN ('person', 'body', 'place', 'title', 'subject', 'genre')", name=op.f('ck_heading_kind_known')),
    sa.CheckConstraint("role IN ('preferred', 'variant', 'provisional')", name=op.f('ck_heading_role_known')),
    sa.ForeignKeyConstraint(['authority_id'], ['authority.id'], name=op.f('fk_heading_authority_id_authority'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_heading')),
    sqlite_autoincrement=True,
    )
    op.create_index('ix_heading_authority', 'heading', ['authority_id'], unique=False, sqlite_where=sa.text('authority_id IS NOT NULL'), postgresql_where=sa.text('authority_id IS NOT NULL'))
    op.create_index('ix_heading_browse', 'heading', ['kind', 'filing', 'id'], unique=False)
    op.create_index('ix_heading_key', 'heading', ['key'], unique=False)
    op.create_index('ix_heading_near', 'heading', ['kind', 'near'], unique=False)
    op.create_index('uq_heading_one_meaning', 'heading', ['key', 'scope'], unique=True, sqlite_where=sa.text("role <> 'variant'"), postgresql_where=sa.text("role <> 'variant'"))

    op.create_table('heading_see_also',
    sa.Column('authority_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('text', sa.String(length=300), nullable=False),
    sa.Column('relation', sa.String(length=8), nullable=False),
    sa.ForeignKeyConstraint(['authority_id'], ['authority.id'], name=op.f('fk_heading_see_also_authority_id_authority'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('authority_id', 'key', name=op.f('pk_heading_see_also'))
    )
    op.create_index('ix_heading_see_also_key', 'heading_see_also', ['key'], unique=False)

    op.create_table('record_heading',
    sa.Column('record_id', sa.Integer(), nullable=False),
    sa.Column('place', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('tag', sa.String(length=3), nullable=False),
    sa.Column('key', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['record_id'], ['record.id'], name=op.f('fk_record_heading_record_id_record'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('record_id', 'place', name=op.f('pk_record_heading')),
    sqlite_with_rowid=False
    )
    op.create_index('ix_record_heading_key', 'record_heading', ['key', 'record_id'], unique=False)



def downgrade() -> None:
    """Change them back."""
    op.drop_table('record_heading')
    op.drop_table('heading_see_also')
    op.drop_table('heading')
    op.drop_table('authority_version')
    op.drop_table('authority_import')
    op.drop_table('heading_pair')
    op.drop_table('authority')
