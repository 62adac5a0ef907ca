-- What billing does for an organization that ends: its plan is not renewed, and its papers are taken along.

-- Subscriptions that would be renewed although an owner has asked for the organization's deletion, and the day of that.
create or replace function public.billing_leaving_v1(p_provider text)
returns table (organization_id uuid, ref text, erase_at timestamptz)
language sql stable security definer set search_path = ''
as $$
    select r.organization_id, r.ref::text, o.erase_at
    from public.organizations_organization as o
    join public.billing_record as r on r.organization_id = o.id
    where o.erase_at is not null and o.erased_at is null
        and r.provider = p_provider and r.kind = 'subscription'
        and r.state ->> 'status' not in ('cancelled', 'incomplete_expired') and r.state ->> 'cancel_at' is null
$$;

-- Orders, and what the provider said last of everything, in the ZIP of everything, behind the key `p_after`; for the worker.
create or replace function public.billing_takeout_v1(p_organization uuid, p_after text, p_limit integer)
returns table (key text, line jsonb)
language sql stable security definer set search_path = ''
as $$
    select found.key, found.line
    from (
        select 'order:' || o.id as key, jsonb_build_object(
            'kind', 'order', 'id', o.id, 'order', o.kind, 'price', o.price, 'quantity', o.quantity,
            'credits', o.credits, 'status', o.status, 'created_by', o.created_by, 'created_at', o.created_at) as line
        from public.billing_order as o
        where o.organization_id = p_organization
        union all
        select r.kind || ':' || r.provider || ':' || r.ref,
            r.state || jsonb_build_object('kind', r.kind, 'provider', r.provider, 'as_of', r.as_of)
        from public.billing_record as r
        where r.organization_id = p_organization
    ) as found
    where found.key collate "C" > p_after collate "C"
    order by found.key collate "C"
    limit p_limit
$$;

revoke execute on function
    public.billing_leaving_v1(text),
    public.billing_takeout_v1(uuid, text, integer)
from public;
grant execute on function public.billing_leaving_v1(text) to packshot_web, packshot_worker;
grant execute on function public.billing_takeout_v1(uuid, text, integer) to packshot_worker;
