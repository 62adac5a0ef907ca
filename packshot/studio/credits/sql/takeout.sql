-- The ledger's entries in the ZIP of everything, in micro-credits, behind the key `p_after`; for the worker.
create or replace function public.credits_takeout_v1(p_organization uuid, p_after text, p_limit integer)
returns table (key text, line jsonb)
language sql stable security definer set search_path = ''
as $$
    select e.seq::text, jsonb_build_object(
        'seq', e.seq, 'kind', e.kind, 'amount', e.amount, 'lot_id', e.lot_id, 'hold_id', e.hold_id,
        'available_after', e.available_after, 'held_after', e.held_after, 'debt_after', e.debt_after, 'at', e.at,
        'actor', e.actor)
    from public.credits_entry as e
    where e.organization_id = p_organization and e.wallet_id = p_organization
        and e.seq > coalesce(nullif(p_after, '')::bigint, 0)
    order by e.seq
    limit p_limit
$$;

revoke execute on function public.credits_takeout_v1(uuid, text, integer) from public;
grant execute on function public.credits_takeout_v1(uuid, text, integer) to packshot_worker;
