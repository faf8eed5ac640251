"""consents, notices, registrations, looks, requests; a number for each patron in the event log

Revision: 0108b
Before it: 0104
"""

import hashlib
import json
import secrets

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0108b'
down_revision = '0104'
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), 'postgresql')
AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Change the tables."""
    _make_tables()
    op.execute('ALTER TABLE patron ADD COLUMN photo_id INTEGER'
               ' CONSTRAINT fk_patron_photo_id_kept_file REFERENCES kept_file (id)')
    op.execute('ALTER TABLE patron ADD COLUMN event_ref BIGINT')
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('ALTER TABLE event ALTER COLUMN patron_ref TYPE BIGINT')
    _number_patrons()
    _move_consents()
    op.execute('ALTER TABLE patron DROP COLUMN consent_facts')
    op.create_index('ix_patron_guardian', 'patron', ['guardian_id'])
    op.create_index('uq_patron_event_ref', 'patron', ['event_ref'], unique=True)


def _make_tables() -> None:
    op.create_table('privacy_notice',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('body_en', sa.Text(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('written_by', sa.Integer(), nullable=True),
    sa.Column('written_at', AT, nullable=False),
    sa.ForeignKeyConstraint(['unit_id'], ['org_unit.id'], name=op.f('fk_privacy_notice_unit_id_org_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_privacy_notice')),
    sa.UniqueConstraint('unit_id', 'version', name=op.f('uq_privacy_notice_unit_id_version'))
    )
    op.create_table('consent',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('patron_id', sa.Integer(), nullable=False),
    sa.Column('given_by', sa.String(length=10), nullable=False),
    sa.Column('giver_name', sa.String(length=120), nullable=False),
    sa.Column('notice_id', sa.Integer(), nullable=True),
    sa.Column('text_sha256', sa.String(length=64), nullable=False),
    sa.Column('purposes', JSON, nullable=False),
    sa.Column('channel', sa.String(length=10), nullable=False),
    sa.Column('given_at', AT, nullable=False),
    sa.Column('recorded_by', sa.Integer(), nullable=True),
    sa.Column('withdrawn_at', AT, nullable=True),
    sa.Column('withdrawn_channel', sa.String(length=10), nullable=True),
    sa.Column('withdrawn_by', sa.Integer(), nullable=True),
    sa.CheckConstraint("given_by IN ('self', 'guardian')", name=op.f('ck_consent_giver_known')),
    sa.ForeignKeyConstraint(['notice_id'], ['privacy_notice.id'], name=op.f('fk_consent_notice_id_privacy_notice')),
    sa.ForeignKeyConstraint(['patron_id'], ['patron.id'], name=op.f('fk_consent_patron_id_patron')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consent'))
    )
    op.create_index('ix_consent_patron', 'consent', ['patron_id'])
    op.create_index('uq_consent_standing', 'consent', ['patron_id', 'given_by'], unique=True,
                    sqlite_where=sa.text('withdrawn_at IS NULL'), postgresql_where=sa.text('withdrawn_at IS NULL'))
    op.create_table('registration',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('reference', sa.String(length=12), nullable=False),
    sa.Column('library_id', sa.Integer(), nullable=False),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('facts', JSON, nullable=False),
    sa.Column('sent_at', AT, nullable=False),
    sa.Column('expires_on', sa.Date(), nullable=False),
    sa.Column('decided_at', AT, nullable=True),
    sa.Column('decided_by', sa.Integer(), nullable=True),
    sa.Column('reason', sa.String(length=250), nullable=False),
    sa.Column('patron_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("state IN ('waiting', 'confirmed', 'declined', 'expired')", name=op.f('ck_registration_state_known')),
    sa.ForeignKeyConstraint(['branch_id'], ['org_unit.id'], name=op.f('fk_registration_branch_id_org_unit')),
    sa.ForeignKeyConstraint(['library_id'], ['org_unit.id'], name=op.f('fk_registration_library_id_org_unit')),
    sa.ForeignKeyConstraint(['patron_id'], ['patron.id'], name=op.f('fk_registration_patron_id_patron')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_registration')),
    sa.UniqueConstraint('reference', name=op.f('uq_registration_reference'))
    )
    op.create_index('ix_registration_library_state', 'registration', ['library_id', 'state', 'id'])
    op.create_index('ix_registration_patron', 'registration', ['patron_id'])
    op.create_table('patron_look',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('at', AT, nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=True),
    sa.Column('patron_id', sa.Integer(), nullable=False),
    sa.Column('why', sa.String(length=20), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_patron_look'))
    )
    op.create_index('ix_patron_look_patron', 'patron_look', ['patron_id', 'at'])
    op.create_index('ix_patron_look_at', 'patron_look', ['at'])
    op.create_table('person_request',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('patron_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('channel', sa.String(length=10), nullable=False),
    sa.Column('asked_at', AT, nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('answer', sa.Text(), nullable=False),
    sa.Column('decided_at', AT, nullable=True),
    sa.Column('decided_by', sa.Integer(), nullable=True),
    sa.CheckConstraint("kind IN ('correct', 'erase', 'restrict', 'object', 'other')", name=op.f('ck_person_request_kind_known')),
    sa.CheckConstraint("state IN ('open', 'done', 'refused')", name=op.f('ck_person_request_state_known')),
    sa.ForeignKeyConstraint(['patron_id'], ['patron.id'], name=op.f('fk_person_request_patron_id_patron')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_person_request'))
    )
    op.create_index(op.f('ix_person_request_patron_id'), 'person_request', ['patron_id'])


def _number_patrons() -> None:
    """Give every patron the number that stands for them in the log, and write it there."""
    bind = op.get_bind()
    ids = [row[0] for row in bind.execute(sa.text('SELECT id FROM patron'))]
    taken = set()
    while len(taken) < len(ids):
        taken.add(-1 - secrets.randbits(52))
    if ids:
        pairs = [{'i': i, 'r': r} for i, r in zip(ids, taken, strict=True)]
        bind.execute(sa.text('UPDATE patron SET event_ref = :r WHERE id = :i'), pairs)
        bind.execute(sa.text(
            'UPDATE event SET patron_ref = COALESCE((SELECT p.event_ref FROM patron p'
            ' WHERE p.id = event.patron_ref), patron_ref) WHERE patron_ref IS NOT NULL'))


def _move_consents() -> None:
    """Make a record of each consent that was only a mark on the patron."""
    bind = op.get_bind()
    patron = sa.table('patron', sa.column('id', sa.Integer), sa.column('consent_at', AT),
                      sa.column('consent_facts', JSON), sa.column('guardian_name', sa.String))
    consent = sa.table('consent', sa.column('patron_id', sa.Integer), sa.column('given_by', sa.String),
                       sa.column('giver_name', sa.String), sa.column('text_sha256', sa.String),
                       sa.column('purposes', JSON), sa.column('channel', sa.String),
                       sa.column('given_at', AT))
    digest = hashlib.sha256(b'2026-01').hexdigest()  # the sentence of the first form
    rows = []
    for id_, at, facts, guardian in bind.execute(
        sa.select(patron).where(patron.c.consent_at.is_not(None))
    ).all():
        facts = json.loads(facts) if isinstance(facts, str) else facts or {}
        rows.append({'patron_id': id_, 'given_at': at, 'text_sha256': digest, 'purposes': ['lending'],
                     'channel': facts.get('channel', 'desk'), 'giver_name': guardian if facts.get('guardian') else '',
                     'given_by': 'guardian' if facts.get('guardian') else 'self'})
    if rows:
        bind.execute(sa.insert(consent), rows)


def downgrade() -> None:
    """Change them back."""
    bind = op.get_bind()
    op.drop_index('uq_patron_event_ref', 'patron')
    op.drop_index('ix_patron_guardian', 'patron')
    bind.execute(sa.text(
        'UPDATE event SET patron_ref = (SELECT p.id FROM patron p'
        ' WHERE p.event_ref = event.patron_ref) WHERE patron_ref < 0'))
    if bind.dialect.name == 'postgresql':
        op.execute('ALTER TABLE event ALTER COLUMN patron_ref TYPE INTEGER')
    kind = 'JSONB' if bind.dialect.name == 'postgresql' else 'JSON'
    op.execute(f"ALTER TABLE patron ADD COLUMN consent_facts {kind} NOT NULL DEFAULT '{{}}'")
    if bind.dialect.name == 'postgresql':
        op.execute('ALTER TABLE patron ALTER COLUMN consent_facts DROP DEFAULT')
    op.execute('ALTER TABLE patron DROP COLUMN event_ref')
    op.execute('ALTER TABLE patron DROP COLUMN photo_id')
    for table in ('person_request', 'patron_look', 'registration', 'consent', 'privacy_notice'):
        op.drop_table(table)
