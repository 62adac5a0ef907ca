-- Which pictures belong together: by what they were made of, and by their looks.

-- What a picture was made of, and what was made of it: `depth` is negative upwards, 0 for the picture itself. At most
-- thirty steps either way, and two hundred pictures.
create or replace function public.assets_lineage_v1(p_id uuid)
returns table (id uuid, parent_id uuid, depth integer)
language plpgsql stable security definer set search_path = '' set enable_seqscan = off
as $$
declare
    v_organization uuid := app.require_organization();
    v_hidden uuid[] := app.hidden_boards();
begin
    return query
    with recursive up as (
        select a.id, a.parent_id, 0 as depth
        from public.assets_asset as a
        where a.organization_id = v_organization and a.id = p_id and a.board_id <> all (v_hidden)
        union all
        select a.id, a.parent_id, u.depth - 1
        from up as u
        join public.assets_asset as a on a.organization_id = v_organization and a.id = u.parent_id
        where u.depth > -30 and a.board_id <> all (v_hidden)
    ), down as (
        select a.id, a.parent_id, 0 as depth
        from public.assets_asset as a
        where a.organization_id = v_organization and a.id = p_id and a.board_id <> all (v_hidden)
        union all
        select a.id, a.parent_id, d.depth + 1
        from down as d
        join public.assets_asset as a on a.organization_id = v_organization and a.parent_id = d.id
        where d.depth < 30 and a.board_id <> all (v_hidden)
    )
    select f.id, f.parent_id, f.depth
    from (
        select u.id, u.parent_id, u.depth from up as u
        union all
        (select d.id, d.parent_id, d.depth from down as d where d.depth > 0 limit 169)
    ) as f
    order by f.depth, f.id;
end
$$;

-- Groups of pictures that look alike, behind the group `p_after`: at most `p_limit` groups of two and more that the
-- acting person sees, at most a hundred pictures of each.
create or replace function public.assets_duplicates_v1(p_after uuid, p_limit integer)
returns table (likeness uuid, id uuid)
language plpgsql stable security definer set search_path = '' set enable_seqscan = off
as $$
declare
    v_organization uuid := app.require_organization();
    v_hidden uuid[] := app.hidden_boards();
    v_group uuid := coalesce(p_after, '00000000-0000-0000-0000-000000000000');
    v_ids uuid[];
    v_groups integer := 0;
begin
    while v_groups < least(p_limit, 100) loop
        select a.likeness into v_group from public.assets_asset as a
        where a.organization_id = v_organization and a.likeness > v_group
            and a.likeness is not null and a.likeness <> a.id and a.deleted_at is null
        order by a.likeness limit 1;
        exit when v_group is null;
        v_ids := array(
            select a.id from public.assets_asset as a
            where a.organization_id = v_organization and a.likeness = v_group
                and a.deleted_at is null and a.board_id <> all (v_hidden)
            order by a.id desc limit 100
        );
        if cardinality(v_ids) > 1 then
            v_groups := v_groups + 1;
            return query select v_group, i.id from unnest(v_ids) as i (id);
        end if;
    end loop;
end
$$;

-- Compare pictures that nobody has compared yet with the first of each group: each joins the nearest that differs in at
-- most six bits of its hash, else it is the first of its own. (Never by way of a third: a chain of small differences
-- would join what looks nothing alike.) Any worker may call it at any time; one works and the others return at
-- once. Returns how many were compared.
create or replace function public.assets_liken_v1(p_limit integer) returns integer
language plpgsql security definer set search_path = '' set enable_seqscan = off
as $$
declare
    v_row record;
    v_found uuid;
    v_number integer := 0;
begin
    if not pg_try_advisory_xact_lock(8730005) then
        return 0;
    end if;
    for v_row in
        select a.organization_id, a.id, a.phash from public.assets_asset as a
        where a.phash is not null and a.likeness is null
        order by a.id limit p_limit
        for no key update skip locked
    loop
        -- Planned with its values: the index of bands is told by the numbers that are looked for.
        execute format(
            'select a.likeness from public.assets_asset as a'
            ' where a.organization_id = %L and a.phash is not null and a.likeness = a.id'
            ' and public.assets_bands_v1(a.organization_id, a.phash) && %L::bigint[]'
            ' and bit_count((a.phash # %L::bigint)::bit(64)) <= 6'
            ' order by bit_count((a.phash # %L::bigint)::bit(64)), a.id limit 1',
            v_row.organization_id, public.assets_probes_v1(v_row.organization_id, v_row.phash),
            v_row.phash, v_row.phash
        ) into v_found;
        update public.assets_asset as a set likeness = coalesce(v_found, v_row.id)
        where a.organization_id = v_row.organization_id and a.id = v_row.id;
        v_number := v_number + 1;
    end loop;
    return v_number;
end
$$;

revoke execute on function
    public.assets_lineage_v1(uuid),
    public.assets_duplicates_v1(uuid, integer),
    public.assets_liken_v1(integer)
from public;
grant execute on function
    public.assets_lineage_v1(uuid),
    public.assets_duplicates_v1(uuid, integer)
to packshot_member;
grant execute on function public.assets_liken_v1(integer) to packshot_worker;
