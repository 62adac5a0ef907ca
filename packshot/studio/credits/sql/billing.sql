-- What billing's listeners ask of the ledger: which lots a payment brought, and what of them can still be taken back.

-- The lots of one source. With a ref: that lot, and what was given back of it later. With a period: the allowances of the
-- months that begin in it.
create or replace function public.credits_lots_of_v1(
    p_wallet uuid, p_ref text, p_start timestamptz, p_end timestamptz
) returns table (
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
            where e.organization_id = l.organization_id and e.wallet_id = l.wallet_id and e.lot_id = l.id and e.kind = 'expire'
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
        or p_start is not null and l.source = 'included' and l.ref like 'allowance:%'
            and l.effective_at >= p_start and l.effective_at < p_end
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
    select r.id, r.granted - r.clawed, r.frozen_at is not null
    from public.credits_lot as r
    where r.wallet_id = p_wallet and r.ref like 'restored:' || p_lot || ':%'
    order by r.effective_at, r.id;
end
$$;

revoke execute on function
    public.credits_lots_of_v1(uuid, text, timestamptz, timestamptz), public.credits_restored_v1(uuid, uuid)
from public;
grant execute on function
    public.credits_lots_of_v1(uuid, text, timestamptz, timestamptz), public.credits_restored_v1(uuid, uuid)
to packshot_web, packshot_worker;
