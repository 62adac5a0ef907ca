-- The audit log in a takeout: a line an event, behind the key `p_after`; for the worker.
create or replace function public.audit_takeout_v1(p_organization uuid, p_after text, p_limit integer)
returns table (key text, line jsonb)
language sql stable security definer set search_path = ''
as $$
    select e.id::text, jsonb_build_object(
        'id', e.id, 'at', e.at, 'actor_id', e.actor_id, 'actor', e.actor, 'action', e.action, 'target', e.target,
        'details', e.details, 'address', e.address, 'user_agent', e.user_agent, 'request_id', e.request_id)
    from public.audit_event as e
    where e.organization_id = p_organization and e.id > coalesce(nullif(p_after, '')::uuid, '00000000-0000-0000-0000-000000000000'::uuid)
    order by e.id
    limit p_limit
$$;

revoke execute on function public.audit_takeout_v1(uuid, text, integer) from public;
grant execute on function public.audit_takeout_v1(uuid, text, integer) to packshot_worker;
