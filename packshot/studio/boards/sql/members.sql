-- Seats on a board: who has which role there, and that no board is ever without an owner.
--
-- Whatever takes an owner away holds the organization's row: the commands here, and the end of a membership. So of two
-- owners who leave at once the second one sees that the first is gone. The order is always the same: the organization,
-- the membership, the seats. A membership ends through public.organizations_remove_v1, which takes them so.

create or replace function public.boards_before_leaving() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    perform from public.organizations_organization as o where o.id = old.organization_id for no key update;
    return old;
end
$$;
create or replace trigger boards_before_leaving before delete on public.organizations_membership
    for each row execute function public.boards_before_leaving();

-- A board that lost its last owner goes to whoever has edited it longest, else to whoever looks at it longest, else to
-- the organization's first owner: no board is ever without one.
create or replace function public.boards_keep_owned() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    if old.role <> 'owner' then
        return null;
    end if;
    perform from public.organizations_organization as o where o.id = old.organization_id for no key update;
    if not exists (
        select from public.boards_board as b where b.organization_id = old.organization_id and b.id = old.board_id
    ) or exists (
        select from public.boards_member as m
        where m.organization_id = old.organization_id and m.board_id = old.board_id and m.role = 'owner'
    ) then
        return null;
    end if;
    update public.boards_member as m set role = 'owner'
    where (m.organization_id, m.board_id, m.user_id) = (
        select h.organization_id, h.board_id, h.user_id
        from public.boards_member as h
        join public.organizations_membership as o
            on o.organization_id = h.organization_id and o.user_id = h.user_id
        where h.organization_id = old.organization_id and h.board_id = old.board_id
        order by h.role = 'editor' desc, h.created_at, h.user_id
        limit 1
    );
    if not found then
        insert into public.boards_member (organization_id, board_id, user_id, role)
        select o.organization_id, old.board_id, o.user_id, 'owner'
        from public.organizations_membership as o
        where o.organization_id = old.organization_id
        order by o.role = 'owner' desc, o.role = 'admin' desc, o.created_at, o.user_id
        limit 1
        on conflict (organization_id, board_id, user_id) do update set role = 'owner';
    end if;
    return null;
end
$$;

-- The board at an address, its seats held still and the right to change them checked after that: whoever waited here
-- may have lost it meanwhile. `p_user` is whose seat it is about.
create or replace function public.boards_hold_seats_v1(p_slug text, p_user uuid, p_role text) returns uuid
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_id uuid;
begin
    perform from public.organizations_organization as o where o.id = v_organization for no key update;
    perform from public.organizations_membership as m
    where m.organization_id = v_organization and m.user_id = p_user
    for key share;
    v_id := public.boards_at_v1(p_slug, p_role);
    if exists (
        select from public.boards_board as b
        where b.organization_id = v_organization and b.id = v_id and b.kind = 'inbox'
    ) then
        raise exception 'The inbox belongs to everybody here.' using errcode = 'PX422';
    end if;
    return v_id;
end
$$;

-- Give a person of the organization a role on a board; with p_role null their seat is taken away, which they may do
-- themselves. The role before is returned, null where there was none.
create or replace function public.boards_seat_v1(p_slug text, p_user uuid, p_role text) returns text
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_leaves boolean := p_role is null and p_user = app.user_id();
    v_id uuid := public.boards_hold_seats_v1(p_slug, p_user, case when v_leaves then 'viewer' else 'owner' end);
    v_before text;
begin
    if p_role not in ('owner', 'editor', 'viewer') then
        raise exception 'There is no such role.' using errcode = 'PX422';
    elsif not exists (
        select from public.organizations_membership as m
        where m.organization_id = v_organization and m.user_id = p_user
    ) then
        raise exception 'There is no such person here.' using errcode = 'PX404';
    end if;
    select m.role into v_before from public.boards_member as m
    where m.organization_id = v_organization and m.board_id = v_id and m.user_id = p_user;
    if v_before is not distinct from p_role then
        return v_before;
    elsif v_before = 'owner' and not exists (
        select from public.boards_member as m
        where m.organization_id = v_organization and m.board_id = v_id and m.role = 'owner' and m.user_id <> p_user
    ) then
        raise exception 'A board has at least one owner. Name another owner first.' using errcode = 'PX409';
    end if;
    if p_role is null then
        delete from public.boards_member as m
        where m.organization_id = v_organization and m.board_id = v_id and m.user_id = p_user;
    else
        insert into public.boards_member (organization_id, board_id, user_id, role)
        values (v_organization, v_id, p_user, p_role)
        on conflict (organization_id, board_id, user_id) do update set role = excluded.role;
    end if;
    perform public.boards_log_v1(
        v_organization, v_id, app.user_id(),
        case
            when v_leaves then 'left'
            when p_role is null then 'removed'
            when v_before is null then 'added'
            else 'role'
        end,
        jsonb_build_object('user', p_user, 'from', v_before, 'to', p_role));
    perform app.notify(v_organization, 'board', v_id);
    return v_before;
end
$$;

-- Take back that one has left a board, within a minute: with the seat as it was, unless somebody has had a say on it
-- since. The role is returned.
create or replace function public.boards_return_v1(p_slug text) returns text
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_id uuid;
    v_last record;
    v_role text;
begin
    perform from public.organizations_organization as o where o.id = v_organization for no key update;
    perform from public.organizations_membership as m
    where m.organization_id = v_organization and m.user_id = app.user_id()
    for key share;
    select b.id into v_id from public.boards_board as b
    where b.organization_id = v_organization and b.slug = p_slug and b.deleted_at is null;
    select m.role into v_role from public.boards_member as m
    where m.organization_id = v_organization and m.board_id = v_id and m.user_id = app.user_id();
    if v_role is not null then
        return v_role;
    end if;
    select a.verb, a.created_at, a.subject into v_last
    from public.boards_activity as a
    where a.organization_id = v_organization and a.board_id = v_id
        and a.verb in ('left', 'removed', 'added', 'role') and a.subject ->> 'user' = app.user_id()::text
    order by a.id desc
    limit 1;
    if v_last.verb is distinct from 'left' or v_last.created_at < now() - interval '1 minute' then
        raise exception 'There is no such board.' using errcode = 'PX404';
    end if;
    v_role := v_last.subject ->> 'from';
    insert into public.boards_member (organization_id, board_id, user_id, role)
    values (v_organization, v_id, app.user_id(), v_role);
    perform public.boards_log_v1(
        v_organization, v_id, app.user_id(), 'returned', jsonb_build_object('user', app.user_id(), 'to', v_role));
    perform app.notify(v_organization, 'board', v_id);
    return v_role;
end
$$;

-- Open a board to the whole organization, or to those alone who have a seat on it. What it was is returned.
create or replace function public.boards_audience_v1(p_slug text, p_audience text) returns text
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_id uuid := public.boards_hold_seats_v1(p_slug, app.user_id(), 'owner');
    v_before text;
begin
    if p_audience is null or p_audience not in ('organization', 'invited') then
        raise exception 'A board is open to everybody here or to those who were invited.' using errcode = 'PX422';
    end if;
    select b.audience into v_before from public.boards_board as b
    where b.organization_id = v_organization and b.id = v_id
    for no key update;
    if v_before <> p_audience then
        update public.boards_board set audience = p_audience where organization_id = v_organization and id = v_id;
        perform public.boards_log_v1(
            v_organization, v_id, app.user_id(), 'audience', jsonb_build_object('to', p_audience));
        perform app.notify(v_organization, 'board', v_id);
    end if;
    return v_before;
end
$$;

revoke execute on function
    public.boards_before_leaving(),
    public.boards_keep_owned(),
    public.boards_hold_seats_v1(text, uuid, text),
    public.boards_seat_v1(text, uuid, text),
    public.boards_return_v1(text),
    public.boards_audience_v1(text, text)
from public;
grant execute on function
    public.boards_seat_v1(text, uuid, text),
    public.boards_return_v1(text),
    public.boards_audience_v1(text, text)
to packshot_member;
