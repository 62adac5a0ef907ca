-- Running commands: lock, look at the clock, load, decide (credits_engine), save. All statements are set-based:
-- a call of a hundred commands costs as many of them as a call of one.

set check_function_bodies = off;  -- bodies in SQL speak of app.now(), which comes with billing

-- What time alone has decided for these wallets up to p_now, in the order in which it did.
create or replace function public.credits_due(p_wallets uuid[], p_now timestamptz) returns public.credits_step[]
language sql stable
as $$
    with due as (
        select w.id, w.anchor, w.period from public.credits_wallet as w where w.id = any(p_wallets) and w.due_at <= p_now
    ),
    boundaries as (
        select d.id, public.credits_boundary(d.anchor, k) as at
        from due as d
        cross join lateral generate_series(d.period + 1, public.credits_period(d.anchor, p_now)) as k
    ),
    events as (
        -- Before all else of the moment in which what is paid for ends: see 'keep' in the engine.
        select b.id, k.at, k.turn, k.kind, null::uuid as hold
        from boundaries as b
        join public.credits_wallet as w on w.id = b.id and w.allowance_until = b.at and w.allowance_kept > b.at
        cross join lateral (values (b.at, 0, 'keep'), (w.allowance_kept, 2, 'lapse')) as k (at, turn, kind)
        where k.at <= p_now
        union all
        select d.id, h.expires_at as at, 1 as turn, 'hold_expiry' as kind, h.id as hold
        from due as d
        join public.credits_hold as h on h.wallet_id = d.id and h.state = 'open' and h.expires_at <= p_now
        union all
        select d.id, l.expires_at, 2, 'lapse', null::uuid
        from due as d
        join public.credits_lot as l on l.wallet_id = d.id and l.live and l.expires_at <= p_now
        union
        -- A hold may give back, before now, to a lot that was empty and has run out since.
        select d.id, l.expires_at, 2, 'lapse', null::uuid
        from due as d
        join public.credits_hold as h on h.wallet_id = d.id and h.state = 'open' and h.expires_at <= p_now
        join public.credits_holdlot as a on a.organization_id = h.organization_id and a.hold_id = h.id
        join public.credits_lot as l
            on l.organization_id = a.organization_id and l.id = a.lot_id and l.expires_at <= p_now
        union all
        select b.id, b.at, 3, 'reset', null::uuid from boundaries as b
    )
    select array_agg((
        0, e.kind, e.id, e.at, e.hold, null, null, null, null, null, null, null, null
    )::public.credits_step order by e.id, e.at, e.turn, e.hold)
    from events as e
$$;

-- All that the engine needs for these steps, in one statement and so of one moment.
create or replace function public.credits_load(
    p_steps public.credits_step[],
    p_now timestamptz,
    out o_wallets public.credits_wallet[],
    out o_lots public.credits_lot[],
    out o_holds public.credits_hold[],
    out o_lineage public.credits_holdlot[]
)
language plpgsql stable set search_path = ''
as $$
declare
    v_wallets uuid[];
    v_holds uuid[];
    v_reserved uuid[] := '{}';
    v_lots uuid[];
    v_refs text[];
    v_resets uuid[];
    v_reset_at timestamptz;                     -- the first of them
    s public.credits_step;
begin
    select array_agg(distinct x.wallet), array_agg(x.hold) filter (where x.hold is not null),
        array_agg(x.lot) filter (where x.lot is not null),
        array_agg(x.body ->> 'ref') filter (where x.kind in ('grant', 'topup', 'monthly_reset')),
        array_agg(x.wallet) filter (where x.kind in ('reset', 'monthly_reset', 'terms')),
        min(coalesce(x.at, p_now)) filter (where x.kind in ('reset', 'monthly_reset', 'terms'))
    into v_wallets, v_holds, v_lots, v_refs, v_resets, v_reset_at
    from unnest(p_steps) as x;
    foreach s in array p_steps loop
        if s.holds is not null then
            v_reserved := v_reserved || s.holds;
        end if;
    end loop;
    with holds as materialized (
        select h.* from public.credits_hold as h where h.id = any(v_holds || v_reserved)
    ),
    lineage as materialized (
        select a.* from holds as h
        join public.credits_holdlot as a on a.organization_id = h.organization_id and a.hold_id = h.id
        where h.id = any(v_holds)
    ),
    wallets as materialized (
        select w.organization_id, w.id, w.available, w.held, w.debt, w.seq, greatest(w.touched_at, p_now) as touched_at,
            case when w.due_at > p_now then w.due_at else least(
                public.credits_boundary(w.anchor, public.credits_period(w.anchor, p_now) + 1),
                (select min(h.expires_at) from public.credits_hold as h
                where h.wallet_id = w.id and h.state = 'open' and h.expires_at > p_now),
                (select min(l.expires_at) from public.credits_lot as l
                where l.wallet_id = w.id and l.live and l.expires_at > p_now)
            ) end as due_at,
            w.allowance, w.anchor, w.period, w.allowance_until, w.allowance_kept
        from public.credits_wallet as w
        where w.id = any(v_wallets)
    ),
    lots as materialized (
        select l.* from public.credits_lot as l where l.wallet_id = any(v_wallets) and l.live
        union
        select l.* from lineage as a
        join public.credits_lot as l on l.organization_id = a.organization_id and l.id = a.lot_id
        union
        select l.* from wallets as w
        join public.credits_lot as l on l.organization_id = w.organization_id and l.id = any(v_lots)
        where v_lots is not null
        union
        select l.* from public.credits_lot as l
        where v_refs is not null and l.wallet_id = any(v_wallets) and l.ref = any(v_refs)
        union
        select l.* from public.credits_lot as l
        where v_resets is not null and l.wallet_id = any(v_resets) and l.ref is not null and l.source = 'included'
            and (l.held > 0 or l.effective_at > p_now - interval '2 months' or l.expires_at >= v_reset_at)
    )
    select
        (select array_agg(x::public.credits_wallet order by x.id) from wallets as x),
        (select array_agg(x::public.credits_lot order by
            x.wallet_id, x.priority, coalesce(x.expires_at, 'infinity'), x.source = 'purchased', x.effective_at, x.id
        ) from lots as x),
        (select array_agg(x::public.credits_hold order by x.id) from holds as x),
        (select array_agg(x::public.credits_holdlot order by x.hold_id, x.position) from lineage as x)
    into o_wallets, o_lots, o_holds, o_lineage;
end
$$;

-- Write what the engine has decided; one message to the pages of each wallet.
create or replace function public.credits_save(
    p_wallets public.credits_wallet[],
    p_lots public.credits_lot[],
    p_holds public.credits_hold[],
    p_lineage public.credits_holdlot[],
    p_entries public.credits_entry[]
) returns void
language plpgsql volatile set search_path = ''
as $$
begin
    insert into public.credits_entry select x.* from unnest(p_entries) as x;
    insert into public.credits_holdlot select x.* from unnest(p_lineage) as x;
    if cardinality(p_holds) > 0 then
        perform public.credits_count_members(p_holds);
        insert into public.credits_hold as h select x.* from unnest(p_holds) as x
        on conflict (id, organization_id) do update
        set state = excluded.state, charged = excluded.charged, refunded = excluded.refunded, late = excluded.late,
            ended_at = excluded.ended_at;
    end if;
    if cardinality(p_lots) > 0 then
        insert into public.credits_lot as l select x.* from unnest(p_lots) as x
        on conflict (organization_id, id) do update
        set remaining = excluded.remaining, held = excluded.held, frozen = excluded.frozen, clawed = excluded.clawed,
            expires_at = excluded.expires_at, frozen_at = excluded.frozen_at, live = excluded.live;
    end if;
    update public.credits_wallet as w
    set available = x.available, held = x.held, debt = x.debt, seq = x.seq, touched_at = x.touched_at,
        due_at = x.due_at, allowance = x.allowance, anchor = x.anchor, period = x.period,
        allowance_until = x.allowance_until, allowance_kept = x.allowance_kept
    from unnest(p_wallets) as x
    where w.organization_id = x.organization_id and w.id = x.id;
    if cardinality(p_entries) > 0 then
        perform public.credits_cross(p_wallets, p_wallets[1].touched_at);
        perform app.notify(x.organization_id, 'balance', x.id) from unnest(p_wallets) as x;
    end if;
end
$$;

-- Run commands at a given moment (null: app.now(), looked at under the locks). Nobody's but the owner's; see
-- credits_apply_v1 for what it promises.
create or replace function public.credits_apply_at_v1(p_commands jsonb, p_now timestamptz, p_staff boolean default true)
returns jsonb
language plpgsql volatile security definer
set search_path = ''
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
    v_commands public.credits_parsed[];
    v_now timestamptz;
    v_steps public.credits_step[];
    v_due public.credits_step[];
    v_due_at timestamptz;   -- the first moment that a wallet of the call has waited for
    v_answers jsonb[];      -- of what was judged before, or cannot be judged at all
    v_first integer[];      -- where the same key stands first in this call
    v_told jsonb[] := '{}'; -- the answers of this call
    l record;               -- loaded
    limits record;          -- the caps of those who reserve
    e record;               -- decided
begin
    select array_agg(c order by c.ord) into v_commands from public.credits_parse(p_commands, p_staff) as c;
    if v_commands is null then
        return '[]';
    end if;
    -- Lock first, in one order for everybody; whatever is read after this line is true until we commit.
    select min(locked.due_at) into v_due_at
    from (
        select w.due_at from public.credits_wallet as w
        where w.id = any(array(select distinct c.wallet from unnest(v_commands) as c))
        order by w.id
        for no key update
    ) as locked;
    v_now := coalesce(p_now, app.now());

    select array_agg(t.answer order by t.ord), array_agg(t.first order by t.ord) into v_answers, v_first
    from (
        select
            c.ord,
            min(c.ord) over (partition by c.wallet, c.key) as first,
            case
                when c.key is null or c.wallet is null and c.problem is not null
                    then jsonb_build_object('ok', false, 'code', 'invalid', 'message', c.problem)
                when c.organization is null then '{"ok": false, "code": "not_found"}'
                when k.key is null then null
                when k.body_hash = c.hash then k.answer
                else '{"ok": false, "code": "key_reused"}'
            end as answer
        from unnest(v_commands) as c
        left join public.credits_command as k
            on k.organization_id = c.organization and k.wallet_id = c.wallet and k.key = c.key
    ) as t;

    select array_agg((
        c.ord, c.kind, c.wallet, null, c.hold, c.lot, c.amount, c.holds, c.amounts, c.key, c.actor, c.body, c.problem
    )::public.credits_step order by c.wallet, c.ord)
    into v_steps
    from unnest(v_commands) as c
    where v_answers[c.ord] is null and v_first[c.ord] = c.ord;

    if v_steps is not null then
        if v_due_at <= v_now then
            v_due := public.credits_due(array(select x.wallet from unnest(v_steps) as x), v_now);
        end if;
        if v_due is not null then
            select array_agg(row(
                x.ord, x.kind, x.wallet, x.at, x.hold, x.lot, x.amount, x.holds, x.amounts, x.key, x.actor, x.body, x.problem
            )::public.credits_step order by x.wallet, x.ord, x.n) into v_steps
            from unnest(v_due || v_steps) with ordinality as x (
                ord, kind, wallet, at, hold, lot, amount, holds, amounts, key, actor, body, problem, n
            );
        end if;
        select * into strict l from public.credits_load(v_steps, v_now);
        select * into strict limits from public.credits_caps(v_steps, v_now);
        select * into strict e from public.credits_engine(
            v_steps, l.o_wallets, l.o_lots, l.o_holds, l.o_lineage, limits.o_seats, limits.o_caps,
            limits.o_used
        );
        v_told := e.o_answers;
        perform public.credits_save(e.o_wallets, e.o_lots, e.o_holds, e.o_lineage, e.o_entries);
        insert into public.credits_command (organization_id, wallet_id, key, body_hash, answer, at)
        select c.organization, c.wallet, c.key, c.hash, v_told[c.ord], v_now
        from unnest(v_commands) as c
        where v_answers[c.ord] is null and v_first[c.ord] = c.ord;
    end if;
    return (
        select jsonb_agg(coalesce(
            v_answers[c.ord],
            case when v_first[c.ord] = c.ord then v_told[c.ord]
                when v_commands[v_first[c.ord]].hash = c.hash then v_told[v_first[c.ord]]
                else '{"ok": false, "code": "key_reused"}' end
        ) order by c.ord)
        from unnest(v_commands) as c
    );
end
$$;

-- Commands in, answers out, in their order. One transaction, so all of it or nothing; a refusal is an answer
-- and touches nobody else. The same key with the same body gets the same answer for ever; with another body,
-- key_reused. Wallets are locked first and by id, so calls do not deadlock with each other.
create or replace function public.credits_apply_v1(p_commands jsonb) returns jsonb
language sql volatile security definer set search_path = ''
as $$ select public.credits_apply_at_v1(p_commands, null, false) $$;
grant execute on function public.credits_apply_v1(jsonb) to packshot_web, packshot_worker;

-- The same for staff, who may also say what no page and no worker may: adjust, and expire before its time.
create or replace function public.credits_staff_apply_v1(p_commands jsonb) returns jsonb
language sql volatile security definer set search_path = ''
as $$ select public.credits_apply_at_v1(p_commands, null, true) $$;
grant execute on function public.credits_staff_apply_v1(jsonb) to packshot_staff;

-- Book what time has decided for wallets that nobody has touched since: tidiness, nothing depends on it.
-- Says how many wallets it booked; wallets that somebody else is at are left to them.
create or replace function public.credits_tidy_at_v1(p_limit integer, p_now timestamptz) returns integer
language plpgsql volatile security definer
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
declare
    v_wallets uuid[];
    v_now timestamptz := coalesce(p_now, app.now());
    v_steps public.credits_step[];
    l record;
    e record;
begin
    v_wallets := array(
        select w.id from public.credits_wallet as w
        where w.due_at <= v_now
        order by w.id
        limit p_limit
        for no key update skip locked
    );
    v_steps := public.credits_due(v_wallets, v_now);
    if v_steps is not null then
        select * into strict l from public.credits_load(v_steps, v_now);
        select * into strict e from public.credits_engine(v_steps, l.o_wallets, l.o_lots, l.o_holds, l.o_lineage);
        perform public.credits_save(e.o_wallets, e.o_lots, e.o_holds, e.o_lineage, e.o_entries);
    end if;
    return cardinality(v_wallets);
end
$$;

create or replace function public.credits_tidy_v1(p_limit integer) returns integer
language sql volatile security definer set search_path = ''
as $$ select public.credits_tidy_at_v1(p_limit, null) $$;
grant execute on function public.credits_tidy_v1(integer) to packshot_worker;

-- An organization's wallet with the free allowance: 500 credits each calendar month of UTC.
create or replace function public.credits_open_wallet_at_v1(p_organization uuid, p_now timestamptz) returns uuid
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_allowance constant bigint := 500000000;
    v_start constant timestamptz := date_trunc('month', p_now at time zone 'UTC') at time zone 'UTC';
begin
    insert into public.credits_wallet (
        organization_id, id, available, held, debt, seq, touched_at, due_at, allowance, anchor, period
    )
    values (p_organization, p_organization, 0, 0, 0, 0, p_now, public.credits_boundary(v_start, 1), v_allowance, v_start, 0)
    on conflict do nothing;
    perform public.credits_apply_at_v1(jsonb_build_array(jsonb_build_object(
        'kind', 'monthly_reset', 'wallet', p_organization, 'key', 'open', 'amount', v_allowance
    )), p_now);
    return p_organization;
end
$$;

create or replace function public.credits_open_wallet_v1(p_organization uuid) returns uuid
language sql volatile security definer set search_path = ''
as $$ select public.credits_open_wallet_at_v1(p_organization, app.now()) $$;
grant execute on function public.credits_open_wallet_v1(uuid) to packshot_web, packshot_worker;

reset check_function_bodies;
