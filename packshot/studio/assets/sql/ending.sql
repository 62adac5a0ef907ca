-- Pictures when an organization is taken out, and when it ends.

-- What is known of each picture that is ready, behind the key `p_after`: for the ZIP of everything, with what names its
-- bytes. Pictures in the trash are among them.
create or replace function public.assets_takeout_v1(p_organization uuid, p_after text, p_limit integer)
returns table (key text, line jsonb)
language sql stable security definer set search_path = ''
as $$
    select a.id::text, jsonb_build_object(
        'id', a.id, 'sha256', a.sha256, 'media_type', a.media_type, 'bytes', a.bytes, 'name', a.name,
        'board_id', a.board_id, 'job_id', a.job_id, 'parent_id', a.parent_id, 'origin', a.origin,
        'width', a.width, 'height', a.height, 'source_type', a.source_type, 'title', a.title, 'alt', a.alt,
        'tags', a.tags, 'product', a.product, 'favourite', a.favourite, 'review', a.review, 'seed', a.seed,
        'prompt', a.prompt, 'model', a.model, 'created_by', a.created_by, 'created_at', a.created_at,
        'deleted_at', a.deleted_at)
    from public.assets_asset as a
    where a.organization_id = p_organization and a.state = 'ready'
        and a.id > coalesce(nullif(p_after, '')::uuid, '00000000-0000-0000-0000-000000000000'::uuid)
    order by a.id
    limit p_limit
$$;

-- What the room keeps of an organization that ends: pictures that lie on no board (the others went with theirs), changes,
-- exports, views, arrivals. Whether nothing is left; until then, call again.
create or replace function public.assets_end_organization_v1(p_organization uuid) returns boolean
language plpgsql security definer set search_path = '' set enable_seqscan = off
as $$
declare
    v_ids uuid[] := array(
        select a.id from public.assets_asset as a where a.organization_id = p_organization limit 10000
    );
begin
    -- Files of exports are found by the daily cleaning once their rows are gone.
    delete from public.assets_export as e where e.organization_id = p_organization;
    delete from public.assets_arrival as r where r.organization_id = p_organization;
    delete from public.assets_view as v where v.organization_id = p_organization;
    delete from public.assets_changerow as c where c.organization_id = p_organization;
    delete from public.assets_change as c where c.organization_id = p_organization;
    update public.assets_asset as a set deleted_at = now()
    where a.organization_id = p_organization and a.id = any (v_ids) and a.deleted_at is null;
    perform public.assets_erase_rows_v1(p_organization, v_ids);
    -- Bytes still lie in the store until a worker has proven that nothing has them.
    return cardinality(v_ids) < 10000 and not exists (
        select from public.assets_doomed as d where d.organization_id = p_organization
    );
end
$$;

revoke execute on function
    public.assets_takeout_v1(uuid, text, integer),
    public.assets_end_organization_v1(uuid)
from public;
grant execute on function
    public.assets_takeout_v1(uuid, text, integer),
    public.assets_end_organization_v1(uuid)
to packshot_worker;
