"""visits at the door, visitors of a day, kinds of patrons with a last age

Revision: 0120b
Before it: 0120a
"""

import sqlalchemy as sa
from alembic import op

revision = '0120b'
down_revision = '0120a'
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
# What a new installation begins with; kinds that a library named otherwise are left alone.
AGES = (('child', 11, 'pupil'), ('pupil', 18, 'other'))


def upgrade() -> None:
    """Change the tables."""
    op.add_column('patron_category', sa.Column('to_age', sa.Integer(), nullable=True))
    op.add_column('patron_category', sa.Column('next_code', sa.String(length=30), nullable=True))
    kinds = sa.table(
        'patron_category',
        sa.column('code', sa.String),
        sa.column('to_age', sa.Integer),
        sa.column('next_code', sa.String),
    )
    for code, age, following in AGES:
        there = sa.select(sa.literal(1)).where(kinds.alias('k').c.code == following).exists()
        op.execute(
            kinds.update().where(kinds.c.code == code, there).values(
                to_age=age, next_code=following
            )
        )
    op.create_table(
        'day_visitor',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('library_id', sa.Integer(), nullable=False),
        sa.Column('branch_id', sa.Integer(), nullable=False),
        sa.Column('day', sa.Date(), nullable=False),
        sa.Column('number', sa.String(length=20), nullable=False),
        sa.Column('name', sa.String(length=120), nullable=False),
        sa.Column('paper', sa.String(length=40), nullable=False),
        sa.Column('purpose', sa.String(length=120), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('by', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ['branch_id'], ['org_unit.id'], name=op.f('fk_day_visitor_branch_id_org_unit')
        ),
        sa.ForeignKeyConstraint(
            ['library_id'], ['org_unit.id'], name=op.f('fk_day_visitor_library_id_org_unit')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_day_visitor')),
        sa.UniqueConstraint('library_id', 'number', name=op.f('uq_day_visitor_library_id_number')),
    )
    op.create_index('ix_day_visitor_branch', 'day_visitor', ['branch_id', 'day'])
    op.create_table(
        'door_visit',
        sa.Column('id', BIG_ID, autoincrement=True, nullable=False),
        sa.Column('branch_id', sa.Integer(), nullable=False),
        sa.Column('day', sa.Date(), nullable=False),
        sa.Column('session', sa.String(length=10), nullable=False),
        sa.Column('patron_id', sa.Integer(), nullable=True),
        sa.Column('visitor_id', sa.Integer(), nullable=True),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "session IN ('day', 'morning', 'afternoon', 'evening')",
            name=op.f('ck_door_visit_session_known'),
        ),
        sa.CheckConstraint(
            '(patron_id IS NULL) != (visitor_id IS NULL)', name=op.f('ck_door_visit_of_one')
        ),
        sa.ForeignKeyConstraint(
            ['branch_id'], ['org_unit.id'], name=op.f('fk_door_visit_branch_id_org_unit')
        ),
        sa.ForeignKeyConstraint(
            ['patron_id'], ['patron.id'], name=op.f('fk_door_visit_patron_id_patron')
        ),
        sa.ForeignKeyConstraint(
            ['visitor_id'], ['day_visitor.id'], name=op.f('fk_door_visit_visitor_id_day_visitor')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_door_visit')),
    )
    for who in ('patron', 'visitor'):
        op.create_index(
            f'uq_door_visit_{who}',
            'door_visit',
            [f'{who}_id', 'branch_id', 'day', 'session'],
            unique=True,
            sqlite_where=sa.text(f'{who}_id IS NOT NULL'),
            postgresql_where=sa.text(f'{who}_id IS NOT NULL'),
        )
    op.create_index('ix_door_visit_day', 'door_visit', ['branch_id', 'day'])


def downgrade() -> None:
    """Change them back."""
    op.drop_table('door_visit')
    op.drop_table('day_visitor')
    op.execute('ALTER TABLE patron_category DROP COLUMN next_code')
    op.execute('ALTER TABLE patron_category DROP COLUMN to_age')
