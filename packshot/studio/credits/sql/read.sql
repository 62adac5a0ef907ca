-- Reading a balance as of a moment: what is stored, and on top what time has decided since. The same engine
-- that would book it works it out, and nothing is written; so two readers at one moment agree, whoever came first.

set check_function_bodies = off;  -- bodies in SQL speak of app.now(), which comes with billing

-- Stable: every statement below sees the one snapshot of the query that asked.
create or replace function public.credits_balance_at_v1(p_wallet uuid, p_now timestamptz) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
    v_steps public.credits_step[] := public.credits_due(array[p_wallet], p_now);
    w public.credits_wallet;
    v_pending jsonb := '[]';
    v_changed public.credits_lot[] := '{}';
    l record;
    e record;
begin
    select x.* into w from public.credits_wallet as x where x.id = p_wallet;
    if w.id is null then
        return null;
    end if;
    if v_steps is not null then
        select * into strict l from public.credits_load(v_steps, p_now);
        select * into strict e from public.credits_engine(v_steps, l.o_wallets, l.o_lots, l.o_holds, l.o_lineage);
        w := e.o_wallets[1];
        v_changed := e.o_lots;
        select jsonb_agg(jsonb_build_object(
            'kind', x.kind, 'amount', x.amount, 'lot', x.lot_id, 'hold', x.hold_id, 'at', x.at,
            'available', x.available_after, 'held', x.held_after, 'debt', x.debt_after
        ) order by x.seq) into v_pending
        from unnest(e.o_entries) as x;
    end if;
    return jsonb_build_object(
        'wallet', w.id, 'available', w.available, 'held', w.held, 'debt', w.debt, 'seq', w.seq,
        'allowance', w.allowance, 'next_reset_at', public.credits_boundary(w.anchor, w.period + 1),
        'allowance_until', w.allowance_until,
        'lots', coalesce((
            select jsonb_agg(jsonb_build_object(
                'id', x.id, 'source', x.source, 'priority', x.priority, 'granted', x.granted,
                'remaining', x.remaining, 'held', x.held, 'frozen', x.frozen,
                'effective_at', x.effective_at, 'expires_at', x.expires_at, 'ref', x.ref
            ) order by
                x.priority, coalesce(x.expires_at, 'infinity'), x.source = 'purchased', x.effective_at, x.id)
            from (
                select c.* from unnest(v_changed) as c where c.remaining > 0
                union all
                select s.* from public.credits_lot as s
                where s.wallet_id = w.id and s.live and not exists (select from unnest(v_changed) as c where c.id = s.id)
            ) as x
        ), '[]'),
        'pending', coalesce(v_pending, '[]')
    );
end
$$;

-- The acting member's balance now.
create or replace function public.credits_balance_v1() returns jsonb
language sql stable security definer set search_path = ''
as $$ select public.credits_balance_at_v1(app.require_organization(), statement_timestamp() + app.ahead()) $$;
grant execute on function public.credits_balance_v1() to packshot_member;

reset check_function_bodies;
