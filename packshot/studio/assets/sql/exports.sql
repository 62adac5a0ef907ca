-- Pictures leave the studio: as one file or a ZIP of many, made by a worker and kept for a day.

-- What is to be known of these pictures to pack them, in this order; those that are not ready are left out.
create or replace function public.assets_items_v1(p_organization uuid, p_ids uuid[]) returns jsonb
language sql stable set search_path = ''
as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'id', a.id, 'sha256', a.sha256, 'media_type', a.media_type, 'bytes', a.bytes, 'name', a.name,
        'origin', a.origin, 'source_type', a.source_type, 'width', a.width, 'height', a.height, 'seed', a.seed,
        'title', a.title, 'alt', a.alt, 'product', a.product, 'board', b.title,
        'created_at', to_char(a.created_at at time zone 'UTC', 'YYYY-MM-DD')
    ) order by i.at), '[]')
    from unnest(p_ids) with ordinality as i (id, at)
    join public.assets_asset as a on a.organization_id = p_organization and a.id = i.id
    left join public.boards_board as b on b.organization_id = a.organization_id and b.id = a.board_id
    where a.state = 'ready'
$$;

-- The pictures of a selection as they are packed, when there are at most `p_most` of them; else null.
create or replace function public.assets_packed_v1(p_selection jsonb, p_most integer) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_ids uuid[] := array(
        select s.id from public.assets_selected_v1(v_organization, p_selection, app.hidden_boards(), null, p_most + 1) as s
    );
begin
    if cardinality(v_ids) > p_most then
        return null;
    end if;
    return public.assets_items_v1(v_organization, v_ids);
end
$$;

-- The first pictures of a selection as they would be packed.
create or replace function public.assets_first_items_v1(p_selection jsonb, p_limit integer) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
begin
    return public.assets_items_v1(v_organization, array(
        select s.id from public.assets_selected_v1(
            v_organization, p_selection, app.hidden_boards(), null, least(p_limit, 100)) as s
    ));
end
$$;

-- Ask for a file of a selection: {"id", "selection", "spec", "name"}. The same id again is the same export. Refused
-- where nothing is there, where there are more than 5,000 pictures, and where they are larger than 4 GB.
create or replace function public.assets_export_v1(p jsonb) returns uuid
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_id uuid := (p ->> 'id')::uuid;
    v_ids uuid[];
    v_number integer;
    v_bytes bigint;
    v_row record;
begin
    if exists (
        select from public.assets_export as e
        where e.organization_id = v_organization and e.id = v_id and e.created_by = app.user_id()
    ) then
        return v_id;
    end if;
    v_ids := array(
        select s.id from public.assets_selected_v1(
            v_organization, p -> 'selection', app.hidden_boards(), null, 5001) as s
    );
    if cardinality(v_ids) > 5000 then
        raise exception 'At most 5,000 pictures can be exported at once. Pick fewer and export the rest after them.'
            using errcode = 'PX422';
    end if;
    select coalesce(array_agg(a.id order by a.id desc), '{}'), count(*), coalesce(sum(a.bytes), 0)
    into v_ids, v_number, v_bytes
    from public.assets_asset as a
    where a.organization_id = v_organization and a.id = any (v_ids) and a.state = 'ready';
    if v_number = 0 then
        raise exception 'There is no picture to export.' using errcode = 'PX404';
    elsif v_bytes > 4::bigint * 1024 * 1024 * 1024 then
        raise exception 'At most 4 GB can be exported at once. Pick fewer and export the rest after them.'
            using errcode = 'PX422';
    end if;
    insert into public.assets_export (organization_id, id, created_by, spec, ids, state, total, name)
    values (v_organization, v_id, app.user_id(), p -> 'spec', v_ids, 'working', v_number, p ->> 'name');
    for v_row in
        select a.board_id, count(*) as number from public.assets_asset as a
        where a.organization_id = v_organization and a.id = any (v_ids)
        group by a.board_id order by a.board_id
    loop
        perform public.boards_log_v1(
            v_organization, v_row.board_id, app.user_id(), 'exported', jsonb_build_object('number', v_row.number));
    end loop;
    perform public.assets_enqueue_v1('export', v_organization, array[v_id]);
    return v_id;
end
$$;

-- Nobody wants this file any more; one that is there already stays until its day is over.
create or replace function public.assets_cancel_export_v1(p_id uuid) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
begin
    if not exists (
        select from public.assets_export as e
        where e.organization_id = v_organization and e.id = p_id and e.created_by = app.user_id()
    ) then
        raise exception 'There is no such export.' using errcode = 'PX404';
    end if;
    update public.assets_export as e set state = 'cancelled', finished_at = clock_timestamp()
    where e.organization_id = v_organization and e.id = p_id and e.state = 'working';
    perform app.notify(v_organization, 'export', p_id);
end
$$;

-- What a worker that was told of an export has to pack: {"spec", "asked_on", "total", "items"}; null when nobody waits
-- for it.
create or replace function public.assets_export_for_work_v1(p_organization uuid, p_id uuid) returns jsonb
language sql stable security definer set search_path = ''
as $$
    select jsonb_build_object(
        'spec', e.spec, 'total', e.total, 'items', public.assets_items_v1(e.organization_id, e.ids),
        'asked_on', to_char(e.created_at at time zone 'UTC', 'YYYY-MM-DD'))
    from public.assets_export as e
    where e.organization_id = p_organization and e.id = p_id and e.state = 'working'
$$;

-- So many of an export's pictures are packed. False when nobody waits for it any more.
create or replace function public.assets_export_progress_v1(p_organization uuid, p_id uuid, p_done integer) returns boolean
language plpgsql security definer set search_path = ''
as $$
begin
    update public.assets_export as e set done = p_done, moved_at = clock_timestamp()
    where e.organization_id = p_organization and e.id = p_id and e.state = 'working';
    if found then
        perform app.notify(p_organization, 'export', p_id);
        return true;
    end if;
    return false;
end
$$;

-- An export has ended: with a file of this name and of `p_bytes` bytes, or, where that is null, with none. False when
-- nobody waits.
create or replace function public.assets_export_ended_v1(
    p_organization uuid, p_id uuid, p_name text, p_bytes bigint, p_message text
) returns boolean
language plpgsql security definer set search_path = ''
as $$
begin
    update public.assets_export as e set
        state = case when p_bytes is null then 'failed' else 'ready' end,
        done = case when p_bytes is null then e.done else e.total end,
        name = coalesce(p_name, e.name), bytes = p_bytes, message = p_message, finished_at = clock_timestamp(), moved_at = clock_timestamp()
    where e.organization_id = p_organization and e.id = p_id and e.state = 'working';
    if found then
        perform app.notify(p_organization, 'export', p_id);
        return true;
    end if;
    return false;
end
$$;

-- Whether an export's file is there for its person.
create or replace function public.assets_export_is_ready_v1(p_organization uuid, p_id uuid) returns boolean
language sql stable security definer set search_path = ''
as $$
    select exists (
        select from public.assets_export as e
        where e.organization_id = p_organization and e.id = p_id and e.state = 'ready'
    )
$$;

-- The next file whose day is over; the caller deletes its bytes in the same transaction. None: null.
create or replace function public.assets_expire_export_v1() returns table (organization_id uuid, id uuid)
language sql security definer set search_path = ''
as $$
    update public.assets_export as e set state = 'expired'
    where (e.organization_id, e.id) = (
        select o.organization_id, o.id from public.assets_export as o
        where o.state = 'ready' and o.finished_at < now() - interval '24 hours'
        order by o.finished_at limit 1
        for update skip locked
    )
    returning e.organization_id, e.id
$$;

-- Ask again for exports that have not moved for a minute, and let go of those that are a month old. Returns how many
-- wait.
create or replace function public.assets_tend_exports_v1() returns integer
language plpgsql security definer set search_path = ''
as $$
declare
    v_row record;
    v_number integer := 0;
begin
    for v_row in
        select e.organization_id, e.id from public.assets_export as e
        where e.state = 'working' and e.moved_at < now() - interval '1 minute'
        order by e.moved_at limit 1000
    loop
        perform public.assets_enqueue_v1('export', v_row.organization_id, array[v_row.id]);
        v_number := v_number + 1;
    end loop;
    delete from public.assets_export as e
    where e.state in ('failed', 'cancelled', 'expired') and e.created_at < now() - interval '30 days';
    return v_number;
end
$$;

revoke execute on function
    public.assets_items_v1(uuid, uuid[]),
    public.assets_packed_v1(jsonb, integer),
    public.assets_first_items_v1(jsonb, integer),
    public.assets_export_v1(jsonb),
    public.assets_cancel_export_v1(uuid),
    public.assets_export_for_work_v1(uuid, uuid),
    public.assets_export_progress_v1(uuid, uuid, integer),
    public.assets_export_ended_v1(uuid, uuid, text, bigint, text),
    public.assets_export_is_ready_v1(uuid, uuid),
    public.assets_expire_export_v1(),
    public.assets_tend_exports_v1()
from public;
grant execute on function
    public.assets_packed_v1(jsonb, integer),
    public.assets_first_items_v1(jsonb, integer),
    public.assets_export_v1(jsonb),
    public.assets_cancel_export_v1(uuid)
to packshot_member;
grant execute on function
    public.assets_export_for_work_v1(uuid, uuid),
    public.assets_export_progress_v1(uuid, uuid, integer),
    public.assets_export_ended_v1(uuid, uuid, text, bigint, text),
    public.assets_export_is_ready_v1(uuid, uuid),
    public.assets_expire_export_v1(),
    public.assets_tend_exports_v1()
to packshot_worker;
