-- What billing's listeners ask of the ledger: which lots a payment brought, and what of them can still be taken back.

-- The lots of one source: the one of that ref, or the allowances of the months that begin at these moments. What came back
-- of a lot counts with it.
create or replace function public.credits_lots_of_v1(p_wallet uuid, p_ref text, p_months jsonb)
returns table (
    id uuid, granted bigint, clawed bigint, expired bigint, frozen boolean, expires_at timestamptz, restored bigint,
    debt bigint
)
language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
    select
        l.id, l.granted, l.clawed,
        coalesce((
            select sum(-e.amount) from public.credits_entry as e
            where e.organization_id = l.organization_id and e.wallet_id = l.wallet_id and e.kind = 'expire' and e.lot_id in (
                select x.id from public.credits_lot as x
                where x.wallet_id = l.wallet_id and (x.id = l.id or x.ref like 'restored:' || l.id || ':%')
            )
        ), 0)::bigint,
        l.frozen_at is not null,
        l.expires_at,
        -- What came back after a claw, as lots of their own: see credits/billing.py.
        coalesce((
            select sum(r.granted - r.clawed) from public.credits_lot as r
            where r.wallet_id = l.wallet_id and r.ref like 'restored:' || l.id || ':%'
        ), 0)::bigint,
        w.debt
    from public.credits_lot as l
    join public.credits_wallet as w on w.organization_id = l.organization_id and w.id = l.wallet_id
    where l.wallet_id = p_wallet and (
        l.ref = p_ref
        or l.source = 'included' and l.ref like 'allowance:%' and l.effective_at in (
            select m::timestamptz from jsonb_array_elements_text(p_months) as m
        )
    )
    order by l.effective_at, l.id;
end
$$;

-- What the month from p_start to p_end included and other terms have ended before its time: its allowance, and what came on
-- top of it. What staff has ended stays so.
create or replace function public.credits_ended_early_v1(p_wallet uuid, p_start timestamptz, p_end timestamptz)
returns table (id uuid)
language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
    select l.id
    from public.credits_lot as l
    where l.wallet_id = p_wallet and l.source = 'included' and l.expires_at < p_end and l.expires_at <= app.now()
        and (l.effective_at = p_start or l.effective_at > p_start and l.effective_at < p_end and l.ref not like 'allowance:%')
        and not exists (
            select from public.credits_entry as e
            join public.credits_command as c
                on c.organization_id = e.organization_id and c.wallet_id = e.wallet_id and c.key = e.command
            where e.organization_id = l.organization_id and e.wallet_id = l.wallet_id and e.lot_id = l.id
                and e.kind = 'expire' and c.answer ? 'expired'
        )
    order by l.effective_at, l.id;
end
$$;

-- Lots in which credits came back to this one.
create or replace function public.credits_restored_v1(p_wallet uuid, p_lot uuid)
returns table (id uuid, left_over bigint, frozen boolean)
language plpgsql stable security definer set search_path = ''
as $$
begin
    return query
    select
        r.id,
        r.granted - r.clawed - coalesce((
            select sum(-e.amount) from public.credits_entry as e
            where e.organization_id = r.organization_id and e.wallet_id = r.wallet_id and e.lot_id = r.id and e.kind = 'expire'
        ), 0)::bigint,
        r.frozen_at is not null
    from public.credits_lot as r
    where r.wallet_id = p_wallet and r.ref like 'restored:' || p_lot || ':%'
    order by r.effective_at, r.id;
end
$$;

revoke execute on function
    public.credits_lots_of_v1(uuid, text, jsonb), public.credits_restored_v1(uuid, uuid),
    public.credits_ended_early_v1(uuid, timestamptz, timestamptz)
from public;
grant execute on function
    public.credits_lots_of_v1(uuid, text, jsonb), public.credits_restored_v1(uuid, uuid),
    public.credits_ended_early_v1(uuid, timestamptz, timestamptz)
to packshot_web, packshot_worker;
