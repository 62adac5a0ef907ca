-- An upload that goes straight into the store: promised, brought, received. Its picture will have its id.

-- A member is about to bring a file: {"id", "name", "bytes", "media_type", "sha256" or null, "board_id" or null}.
-- Refused where five hundred of the organization's are promised and not brought yet.
create or replace function public.assets_expect_v1(p jsonb) returns uuid
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_id uuid := (p ->> 'id')::uuid;
    v_board uuid := coalesce((p ->> 'board_id')::uuid, public.boards_inbox_v1(v_organization));
begin
    perform app.require_board(v_board, 'editor');
    if (
        select count(*) from public.assets_arrival as r
        where r.organization_id = v_organization and r.state = 'open' and r.moved_at > now() - interval '1 hour'
    ) >= 500 then
        raise exception 'Too many uploads were begun and not finished. Wait for those under way and try again.'
            using errcode = 'PX409';
    end if;
    insert into public.assets_arrival (
        organization_id, id, created_by, board_id, name, sha256, bytes, media_type, state
    ) values (
        v_organization, v_id, app.user_id(), v_board, p ->> 'name', p ->> 'sha256', (p ->> 'bytes')::bigint,
        p ->> 'media_type', 'open'
    );
    return v_id;
end
$$;

-- The file was brought, says the one who was to bring it: a worker looks at it. Twice does no harm.
create or replace function public.assets_arrived_v1(p_id uuid) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_row public.assets_arrival;
begin
    select * into v_row from public.assets_arrival as r
    where r.organization_id = v_organization and r.id = p_id and r.created_by = app.user_id()
    for update;
    if v_row.id is null then
        raise exception 'There is no such upload.' using errcode = 'PX404';
    end if;
    perform app.require_board(v_row.board_id, 'editor');
    if v_row.state = 'open' then
        update public.assets_arrival as r set state = 'arrived', moved_at = clock_timestamp()
        where r.organization_id = v_organization and r.id = p_id;
        perform public.assets_enqueue_v1('receive', v_organization, array[p_id]);
    end if;
end
$$;

-- What a worker that was told of an arrival has to find in the store; none when it is received or turned away.
create or replace function public.assets_arrival_for_work_v1(p_organization uuid, p_id uuid)
returns table (sha256 text, bytes bigint)
language sql stable security definer set search_path = ''
as $$
    select r.sha256::text, r.bytes from public.assets_arrival as r
    where r.organization_id = p_organization and r.id = p_id and r.state = 'arrived'
$$;

-- An arrival's bytes were proven and are stored under their content: {"organization_id", "id", "sha256", "bytes",
-- "media_type"}. False when it is not waiting for this (the message came twice).
create or replace function public.assets_receive_v1(p jsonb) returns boolean
language plpgsql security definer set search_path = ''
as $$
declare
    v_row public.assets_arrival;
begin
    update public.assets_arrival as r set state = 'received', moved_at = clock_timestamp()
    where r.organization_id = (p ->> 'organization_id')::uuid and r.id = (p ->> 'id')::uuid and r.state = 'arrived'
    returning * into v_row;
    if v_row.id is null then
        return false;
    end if;
    perform public.assets_take_v1(
        v_row.organization_id, v_row.id, v_row.board_id, v_row.created_by, p || jsonb_build_object('name', v_row.name));
    perform app.notify(v_row.organization_id, 'asset', v_row.id);
    return true;
end
$$;

-- An arrival is not what was promised, and why, in a sentence. False when it is not waiting for this.
create or replace function public.assets_turn_away_v1(p_organization uuid, p_id uuid, p_reason text) returns boolean
language plpgsql security definer set search_path = ''
as $$
begin
    update public.assets_arrival as r
    set state = 'rejected', reject_reason = p_reason, moved_at = clock_timestamp()
    where r.organization_id = p_organization and r.id = p_id and r.state = 'arrived';
    if found then
        perform app.notify(p_organization, 'asset', p_id);
        return true;
    end if;
    return false;
end
$$;

-- Ask again for arrivals that have waited for a minute. Returns how many wait.
create or replace function public.assets_tend_arrivals_v1() returns integer
language plpgsql security definer set search_path = ''
as $$
declare
    v_row record;
    v_number integer := 0;
begin
    for v_row in
        select r.organization_id, r.id from public.assets_arrival as r
        where r.state = 'arrived' and r.moved_at < now() - interval '1 minute'
        order by r.moved_at limit 1000
    loop
        perform public.assets_enqueue_v1('receive', v_row.organization_id, array[v_row.id]);
        v_number := v_number + 1;
    end loop;
    return v_number;
end
$$;

-- The next arrival whose bytes nobody needs under its own name any more: received, or a day after it was promised or
-- turned away, when no address leads there any more. The caller deletes the bytes in the same transaction. None: null.
create or replace function public.assets_forget_arrival_v1() returns table (organization_id uuid, id uuid)
language sql security definer set search_path = ''
as $$
    delete from public.assets_arrival as r
    where (r.organization_id, r.id) = (
        select o.organization_id, o.id from public.assets_arrival as o
        where o.state = 'received' or (o.state <> 'arrived' and o.moved_at < now() - interval '24 hours')
        order by o.moved_at limit 1
        for update skip locked
    )
    returning r.organization_id, r.id
$$;

revoke execute on function
    public.assets_expect_v1(jsonb),
    public.assets_arrived_v1(uuid),
    public.assets_arrival_for_work_v1(uuid, uuid),
    public.assets_receive_v1(jsonb),
    public.assets_turn_away_v1(uuid, uuid, text),
    public.assets_tend_arrivals_v1(),
    public.assets_forget_arrival_v1()
from public;
grant execute on function
    public.assets_expect_v1(jsonb),
    public.assets_arrived_v1(uuid)
to packshot_member;
grant execute on function
    public.assets_arrival_for_work_v1(uuid, uuid),
    public.assets_receive_v1(jsonb),
    public.assets_turn_away_v1(uuid, uuid, text),
    public.assets_tend_arrivals_v1(),
    public.assets_forget_arrival_v1()
to packshot_worker;
