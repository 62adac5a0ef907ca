-- Keys in a takeout: a line a key, behind the key `p_after`; for the worker. What opens something is not in it.
create or replace function public.apikeys_takeout_v1(p_organization uuid, p_after text, p_limit integer)
returns table (key text, line jsonb)
language sql stable security definer set search_path = ''
as $$
    select k.id::text, jsonb_build_object(
        'id', k.id, 'name', k.name, 'shown', k.shown, 'made_by', k.made_by, 'scopes', k.scopes,
        'networks', k.networks, 'created_at', k.created_at, 'expires_at', k.expires_at,
        'revoked_at', k.revoked_at, 'last_used_at', k.last_used_at)
    from public.apikeys_key as k
    where k.organization_id = p_organization and k.id::text > p_after
    order by k.id::text
    limit p_limit
$$;

revoke execute on function public.apikeys_takeout_v1(uuid, text, integer) from public;
grant execute on function public.apikeys_takeout_v1(uuid, text, integer) to packshot_worker;
