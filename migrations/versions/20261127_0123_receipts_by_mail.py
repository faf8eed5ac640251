"""receipts by mail, answers to registrations

Revision: 0123
Before it: 0122a
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0123'
down_revision = '0122a'
branch_labels = None
depends_on = None

OLD_KINDS = (
    'due_soon', 'overdue', 'hold_ready', 'hold_expired', 'hold_cancelled', 'hold_unfilled',
    'hold_hopeless', 'card_expiring', 'apology',
)
NEW_KINDS = (*OLD_KINDS, 'registered', 'declined', 'loan_receipt', 'money_receipt')
CHANNELS = ('email', 'zalo', 'sms', 'phone', 'letter')
MESSAGE_STATES = ('waiting', 'sending', 'sent', 'unsure', 'failed', 'dropped')
NOTICE_STATES = ('planned', 'sent', 'dropped', 'failed', 'unsure')
RESULTS = ('reached', 'no_answer', 'wrong_number', 'promised')
RECEIPT_WAYS = ('', 'print', 'email', 'none')
TABLES = ('notice', 'notice_call', 'notice_message', 'notice_wish')  # who points first
JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), 'postgresql'
)
WAITS = "state = 'planned' AND message_id IS NULL"


def upgrade() -> None:
    """Change the tables."""
    _rebuild(new=True)


def downgrade() -> None:
    """Change them back: receipts by mail and answers to registrations go."""
    _rebuild(new=False)


def _rebuild(*, new: bool) -> None:
    """Make the tables anew, for constraints change on both databases; their rows are kept."""
    there = sa.inspect(op.get_bind())
    columns = {table: [c['name'] for c in there.get_columns(table)] for table in TABLES}
    for table in TABLES:
        op.execute(f'CREATE TABLE old_{table} AS SELECT * FROM {table}')
    for table in TABLES:
        op.drop_table(table)
    _message(new=new)
    _call()
    _notice(new=new)
    _wish(new=new)
    fits = {
        'notice': '' if new else f' WHERE what IN {OLD_KINDS!r}',
        'notice_message': '' if new else ' WHERE NOT alone',
    }
    added = {'notice': ('registration_id', 'receipt_id'), 'notice_message': ('alone',)}
    for table in reversed(TABLES):
        names = [n for n in columns[table] if new or n not in (*added.get(table, ()), 'receipt')]
        listed = ', '.join(f'"{name}"' for name in names)
        into, values = listed, listed
        if new and table == 'notice_message':
            into, values = f'{listed}, alone', f'{listed}, false'
        op.execute(
            f'INSERT INTO {table} ({into}) SELECT {values} FROM old_{table}{fits.get(table, "")}'
        )
        op.drop_table(f'old_{table}')
        if op.get_bind().dialect.name == 'postgresql':
            op.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'),"
                f" COALESCE((SELECT max(id) FROM {table}), 0) + 1, false)"
            )


def _to(table: str, name: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [name], [f'{other}.id'], name=op.f(f'fk_{table}_{name}_{other}')
    )


def _message(*, new: bool) -> None:
    name = 'notice_message'
    extra = [sa.Column('alone', sa.Boolean(), nullable=False)] if new else []
    rules = (
        [
            sa.CheckConstraint(
                'alone OR patron_id IS NOT NULL', name=op.f('ck_notice_message_to_whom')
            )
        ]
        if new
        else []
    )
    op.create_table(
        name,
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('once', sa.String(length=60), nullable=False),
        *extra,
        sa.Column('patron_id', sa.Integer(), nullable=new),
        sa.Column('branch_id', sa.Integer(), nullable=False),
        sa.Column('library_id', sa.Integer(), nullable=False),
        sa.Column('channel', sa.String(length=10), nullable=False),
        sa.Column('day', sa.Date(), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('reference', sa.String(length=120), nullable=False),
        sa.Column('address', sa.String(length=200), nullable=False),
        sa.Column('language', sa.String(length=5), nullable=False),
        sa.Column('subject', sa.String(length=250), nullable=False),
        sa.Column('body', sa.Text(), nullable=False),
        sa.Column('paper', JSON, nullable=False),
        sa.Column('parts', sa.Integer(), nullable=False),
        sa.Column('tries', sa.Integer(), nullable=False),
        sa.Column('next_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('claimed_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('problem', sa.String(length=300), nullable=False),
        sa.Column('batch_id', sa.Integer(), nullable=True),
        sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f'channel IN {CHANNELS!r}', name=op.f(f'ck_{name}_channel_known')),
        sa.CheckConstraint(f'state IN {MESSAGE_STATES!r}', name=op.f(f'ck_{name}_state_known')),
        *rules,
        _to(name, 'batch_id', 'notice_letters'),
        _to(name, 'branch_id', 'org_unit'),
        _to(name, 'library_id', 'org_unit'),
        _to(name, 'patron_id', 'patron'),
        sa.PrimaryKeyConstraint('id', name=op.f(f'pk_{name}')),
        sa.UniqueConstraint('once', name=op.f(f'uq_{name}_once')),
    )
    op.create_index('ix_notice_message_batch', name, ['batch_id'])
    op.create_index('ix_notice_message_library', name, ['library_id', 'channel', 'state'])
    op.create_index('ix_notice_message_patron', name, ['patron_id', 'id'])
    op.create_index('ix_notice_message_state', name, ['state', 'channel', 'next_at'])


def _call() -> None:
    name = 'notice_call'
    op.create_table(
        name,
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('message_id', sa.Integer(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('by', sa.Integer(), nullable=True),
        sa.Column('result', sa.String(length=15), nullable=False),
        sa.Column('promised_on', sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(result = 'promised') = (promised_on IS NOT NULL)",
            name=op.f('ck_notice_call_promise_dated'),
        ),
        sa.CheckConstraint(f'result IN {RESULTS!r}', name=op.f('ck_notice_call_result_known')),
        _to(name, 'message_id', 'notice_message'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_notice_call')),
    )
    op.create_index('ix_notice_call_message', name, ['message_id'])


def _notice(*, new: bool) -> None:
    name = 'notice'
    extra: list[sa.schema.SchemaItem] = []
    rules: list[sa.schema.SchemaItem] = []
    if new:
        extra = [
            sa.Column('registration_id', sa.Integer(), nullable=True),
            sa.Column('receipt_id', sa.Integer(), nullable=True),
        ]
        rules = [
            sa.CheckConstraint(
                "(patron_id IS NULL) = (what = 'declined')", name=op.f('ck_notice_to_whom')
            ),
            sa.CheckConstraint(
                "what <> 'declined' OR registration_id IS NOT NULL",
                name=op.f('ck_notice_who_declined'),
            ),
            sa.CheckConstraint(
                "(what = 'money_receipt') = (receipt_id IS NOT NULL)",
                name=op.f('ck_notice_of_receipt'),
            ),
            _to(name, 'registration_id', 'registration'),
            _to(name, 'receipt_id', 'receipt'),
        ]
    op.create_table(
        name,
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('key', sa.String(length=80), nullable=False),
        sa.Column('what', sa.String(length=20), nullable=False),
        sa.Column('step', sa.Integer(), nullable=False),
        sa.Column('last_step', sa.Boolean(), nullable=False),
        sa.Column('patron_id', sa.Integer(), nullable=new),
        sa.Column('branch_id', sa.Integer(), nullable=False),
        sa.Column('library_id', sa.Integer(), nullable=False),
        *extra,
        sa.Column('loan_id', sa.Integer(), nullable=True),
        sa.Column('hold_id', sa.Integer(), nullable=True),
        sa.Column('card_id', sa.Integer(), nullable=True),
        sa.Column('about_on', sa.Date(), nullable=True),
        sa.Column('planned_on', sa.Date(), nullable=False),
        sa.Column('planned_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('state', sa.String(length=10), nullable=False),
        sa.Column('reason', sa.String(length=30), nullable=False),
        sa.Column('tried', sa.String(length=60), nullable=False),
        sa.Column('message_id', sa.Integer(), nullable=True),
        sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'planned') = (ended_at IS NULL)", name=op.f('ck_notice_ends_once')
        ),
        sa.CheckConstraint(f'state IN {NOTICE_STATES!r}', name=op.f('ck_notice_state_known')),
        sa.CheckConstraint(
            f'what IN {(NEW_KINDS if new else OLD_KINDS)!r}', name=op.f('ck_notice_what_known')
        ),
        *rules,
        _to(name, 'branch_id', 'org_unit'),
        _to(name, 'card_id', 'patron_card'),
        _to(name, 'hold_id', 'hold'),
        _to(name, 'library_id', 'org_unit'),
        _to(name, 'loan_id', 'loan'),
        _to(name, 'message_id', 'notice_message'),
        _to(name, 'patron_id', 'patron'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_notice')),
        sa.UniqueConstraint('key', name=op.f('uq_notice_key')),
    )
    op.create_index('ix_notice_hold', name, ['hold_id'])
    op.create_index('ix_notice_library', name, ['library_id', 'state', 'planned_on'])
    op.create_index('ix_notice_loan', name, ['loan_id'])
    op.create_index('ix_notice_message', name, ['message_id'])
    op.create_index('ix_notice_patron', name, ['patron_id', 'id'])
    op.create_index(
        'ix_notice_waiting',
        name,
        ['patron_id'],
        sqlite_where=sa.text(WAITS),
        postgresql_where=sa.text(WAITS),
    )


def _wish(*, new: bool) -> None:
    name = 'notice_wish'
    extra: list[sa.schema.SchemaItem] = []
    if new:
        extra = [
            sa.Column('receipt', sa.String(length=10), server_default='', nullable=False),
            sa.CheckConstraint(
                f'receipt IN {RECEIPT_WAYS!r}', name=op.f('ck_notice_wish_receipt_known')
            ),
        ]
    op.create_table(
        name,
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('patron_id', sa.Integer(), nullable=False),
        sa.Column('channel', sa.String(length=10), nullable=False),
        sa.Column('courtesies', sa.Boolean(), nullable=False),
        *extra,
        sa.Column('bad_email', sa.String(length=120), nullable=False),
        sa.Column('bad_phone', sa.String(length=20), nullable=False),
        sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('changed_by', sa.Integer(), nullable=True),
        sa.CheckConstraint(
            f'channel IN {("", *CHANNELS)!r}', name=op.f('ck_notice_wish_channel_known')
        ),
        _to(name, 'patron_id', 'patron'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_notice_wish')),
        sa.UniqueConstraint('patron_id', name=op.f('uq_notice_wish_patron_id')),
    )
