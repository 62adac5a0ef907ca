-- Bytes in the store that no row speaks of: found by walking the store, proven here, given up under the eraser's locks.

set local check_function_bodies = off; -- it speaks of takeouts, whose table comes later

-- Which of these names nobody has a claim to: [{"organization_id", "kind", "name"}]. A name is its organization's: the hash
-- of some content, or of an export's, a takeout's or an arrival's id. What belongs to an organization that is not here
-- is another installation's: not `ours`.
create or replace function public.assets_unclaimed_v1(p jsonb)
returns table (organization_id uuid, kind text, name text, ours boolean)
language sql stable security definer set search_path = ''
as $$
    select n.organization_id, n.kind, n.name, o.id is not null
    from jsonb_to_recordset(p) as n (organization_id uuid, kind text, name text)
    left join public.organizations_organization as o on o.id = n.organization_id
    where case n.kind
        when 'content' then not exists (
            select from public.assets_asset as a
            where a.organization_id = n.organization_id and a.sha256 = n.name
        ) and not exists (
            select from public.assets_doomed as d
            where d.organization_id = n.organization_id and d.sha256 = n.name and d.due_at > now()
        )
        when 'export' then not exists (
            select from public.assets_export as e
            where e.organization_id = n.organization_id and e.state in ('working', 'ready')
                and encode(sha256(convert_to('export:' || e.id, 'UTF8')), 'hex') = n.name
        ) and not exists (
            select from public.organizations_takeout as t
            where t.organization_id = n.organization_id and t.state in ('working', 'ready')
                and encode(sha256(convert_to('export:' || t.id, 'UTF8')), 'hex') = n.name
        )
        when 'incoming' then not exists (
            select from public.assets_arrival as r
            where r.organization_id = n.organization_id
                and encode(sha256(convert_to('incoming:' || r.id, 'UTF8')), 'hex') = n.name
        )
    end
$$;

-- Whether these bytes belong to no picture and are held for none, as assets_give_up_blob_v1 says it and with its locks.
create or replace function public.assets_give_up_orphan_v1(p_organization uuid, p_sha256 text) returns boolean
language plpgsql security definer set search_path = ''
as $$
begin
    -- Waits for whoever is about to hold them, or has them in hand.
    insert into public.assets_doomed (organization_id, sha256, due_at)
    values (p_organization, p_sha256, now())
    on conflict do nothing;
    perform from public.assets_doomed as d
    where d.organization_id = p_organization and d.sha256 = p_sha256 and d.due_at <= now()
    for update;
    return found and public.assets_give_up_blob_v1(p_organization, p_sha256);
end
$$;

-- What the store must hold, from behind this place on, in the order of its keys: originals with their sizes.
create or replace function public.assets_stored_v1(p_organization uuid, p_sha256 text, p_limit integer)
returns table (organization_id uuid, sha256 text, size bigint)
language sql stable security definer set search_path = ''
as $$
    select b.organization_id, b.sha256::text, b.size from public.assets_blob as b
    where (b.organization_id, b.sha256) > (p_organization, p_sha256)
    order by b.organization_id, b.sha256
    limit p_limit
$$;

-- Whether the round of a day is the caller's to make now.
create or replace function public.assets_begin_round_v1(p_name text) returns boolean
language plpgsql security definer set search_path = ''
as $$
begin
    update public.assets_round as r set begun_at = now()
    where r.name = p_name and r.begun_at < now() - interval '1 day';
    return found;
end
$$;

revoke execute on function
    public.assets_unclaimed_v1(jsonb),
    public.assets_give_up_orphan_v1(uuid, text),
    public.assets_stored_v1(uuid, text, integer),
    public.assets_begin_round_v1(text)
from public;
grant execute on function
    public.assets_unclaimed_v1(jsonb),
    public.assets_give_up_orphan_v1(uuid, text),
    public.assets_stored_v1(uuid, text, integer),
    public.assets_begin_round_v1(text)
to packshot_worker;
