-- The types that travel between the ledger's functions.

create type public.credits_step as (
    ord integer,        -- the command's place in the call; 0: decided by time
    kind text,          -- a command's, or: keep, lapse (lots run out), hold_expiry, reset
    wallet uuid,
    at timestamptz,     -- when time decided it; null for commands, which happen now
    hold uuid,
    lot uuid,
    amount bigint,
    holds uuid[],
    amounts bigint[],
    key text,
    actor uuid,
    body jsonb,
    problem text
);

-- A change of the wallet and of one lot, of which each makes one entry.
create type public.credits_move as (
    what text,          -- an entry's kind, or a finer word for one (see the booking in credits_engine)
    slot integer,       -- the lot's place in the engine's arrays; null: debt
    amount bigint,
    hold uuid
);

create type public.credits_parsed as (
    ord integer,        -- its place in the call, from 1
    kind text,
    organization uuid,  -- null where there is no such wallet
    wallet uuid,
    key text,           -- null where it cannot be remembered
    actor uuid,
    hold uuid,
    lot uuid,
    amount bigint,
    holds uuid[],       -- of a reserve
    amounts bigint[],
    body jsonb,
    hash bytea,
    problem text        -- why it is refused unread
);
