"""what merged records were matched by, kept with the merge

Revision: 0149
Before it: 0144a
"""

import json

import sqlalchemy as sa
from alembic import op

revision = '0149'
down_revision = '0144a'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables; of merges that stand, keep the control numbers, which prove most."""
    made = op.create_table('record_merge_key',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('merge_id', sa.Integer(), nullable=False),
    sa.Column('rule', sa.String(length=10), nullable=False),
    sa.Column('value', sa.String(length=220), nullable=False),
    sa.Column('material', sa.String(length=20), nullable=False),
    sa.Column('isbns', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['merge_id'], ['record_merge.id'], name=op.f('fk_record_merge_key_merge_id_record_merge'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_record_merge_key'))
    )
    op.create_index('ix_record_merge_key_value', 'record_merge_key', ['value', 'rule'], unique=False)
    op.create_index('ix_record_merge_key_merge', 'record_merge_key', ['merge_id'], unique=False)
    rows = op.get_bind().execute(sa.text(
        'SELECT m.id, r.marc FROM record_merge m JOIN record r ON r.id = m.gone_id'
        ' WHERE m.undone_at IS NULL ORDER BY m.id'
    ))
    for merge_id, marc in rows.all():
        fields = (json.loads(marc) if isinstance(marc, str) else marc)['fields']
        number, source = (
            next((f[tag].strip() for f in fields if tag in f), '') for tag in ('001', '003')
        )
        value = f'{number}|{source}'
        if number and source and len(value) <= 220:
            op.get_bind().execute(made.insert().values(
                merge_id=merge_id, rule='control', value=value, material='', isbns=''
            ))


def downgrade() -> None:
    """Change them back."""
    op.drop_table('record_merge_key')
