-- Webhooks when they have had their time, when an organization is taken out, and when it ends.

-- Let go of what is older than thirty days; how many deliveries is returned.
create or replace function public.webhooks_forget_v1() returns integer
language plpgsql security definer set search_path = ''
as $$
declare
    v_before timestamptz := app.now() - interval '30 days';
    v_count integer;
begin
    delete from public.webhooks_delivery as d
    using public.webhooks_event as v
    where v.created_at < v_before and d.organization_id = v.organization_id and d.event_id = v.id;
    get diagnostics v_count = row_count;
    -- Also what is left of endpoints that were deleted.
    delete from public.webhooks_event as v where v.created_at < v_before;
    return v_count;
end
$$;

-- Endpoints without their secrets, and deliveries with their tries, behind the key `p_after`; for the worker.
create or replace function public.webhooks_takeout_v1(p_organization uuid, p_after text, p_limit integer)
returns table (key text, line jsonb)
language sql stable security definer set search_path = ''
as $$
    select found.key, found.line
    from (
        select 'endpoint:' || e.id as key, jsonb_build_object(
            'kind', 'endpoint', 'id', e.id, 'url', e.url, 'description', e.description, 'types', e.types,
            'state', e.state, 'reason', e.reason, 'created_by', e.created_by, 'created_at', e.created_at) as line
        from public.webhooks_endpoint as e
        where e.organization_id = p_organization
        union all
        select 'delivery:' || d.id, jsonb_build_object(
            'kind', 'delivery', 'id', d.id, 'endpoint', d.endpoint_id, 'state', d.state, 'body', v.body,
            'created_at', d.created_at, 'ended_at', d.ended_at, 'attempts', coalesce((
                select jsonb_agg(jsonb_build_object(
                    'at', a.at, 'status', a.status, 'ms', a.ms, 'excerpt', a.excerpt, 'error', a.error) order by a.id)
                from public.webhooks_attempt as a
                where a.organization_id = d.organization_id and a.delivery_id = d.id
            ), '[]'))
        from public.webhooks_delivery as d
        join public.webhooks_event as v on v.organization_id = d.organization_id and v.id = d.event_id
        where d.organization_id = p_organization
    ) as found
    where found.key collate "C" > p_after collate "C"
    order by found.key collate "C"
    limit p_limit
$$;

-- The end of an organization: nobody is told any more. True once nothing is left.
create or replace function public.webhooks_end_organization_v1(p_organization uuid) returns boolean
language plpgsql security definer set search_path = ''
as $$
begin
    delete from public.webhooks_endpoint as e where e.organization_id = p_organization;
    delete from public.webhooks_event as v where v.organization_id = p_organization;
    return true;
end
$$;

revoke execute on function
    public.webhooks_forget_v1(),
    public.webhooks_takeout_v1(uuid, text, integer),
    public.webhooks_end_organization_v1(uuid)
from public;
grant execute on function
    public.webhooks_forget_v1(),
    public.webhooks_takeout_v1(uuid, text, integer),
    public.webhooks_end_organization_v1(uuid)
to packshot_worker;
