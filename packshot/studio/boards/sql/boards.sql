-- The commands of members on boards. Rights stand in access.sql.

-- How many boards more the organization's plan has room for; null: as many as one likes. Archived ones count, the inbox
-- and what lies in the trash do not. Under a limit one caller after the other is answered, each holding the answer until its commit.
create or replace function public.boards_room_v1(p_organization uuid) returns integer
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_limit integer := public.billing_limit_v1(p_organization, 'boards');
begin
    if v_limit is null then
        return null;
    end if;
    perform pg_advisory_xact_lock(hashtextextended('boards:' || p_organization, 0));
    return v_limit - (
        select count(*) from public.boards_board as b
        where b.organization_id = p_organization and b.kind <> 'inbox' and b.deleted_at is null
    );
end
$$;

-- PX402: the plan has no room for a board more.
create or replace function public.boards_refuse_v1(p_organization uuid) returns void
language plpgsql stable security definer set search_path = ''
as $$
begin
    perform public.billing_refuse_v1('boards', public.billing_limit_v1(p_organization, 'boards'));
end
$$;

-- Open a board under an id of the caller's choice, so that a request sent twice opens one board.
-- Whoever opens a board owns it. PX402 where the plan has no room for it.
create or replace function public.boards_create_v1(p_id uuid, p_title text) returns text
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_room integer := public.boards_room_v1(v_organization);
    v_slug text;
begin
    -- A statement of its own, which sees what was opened while the room was waited for.
    if v_room <= 0 and not exists (
        select from public.boards_board as b where b.organization_id = v_organization and b.id = p_id
    ) then
        perform public.boards_refuse_v1(v_organization);
    end if;
    insert into public.boards_board (organization_id, id, slug, title, created_by)
    values (
        v_organization,
        p_id,
        public.boards_slug_v1(),
        left(coalesce(nullif(btrim(p_title), ''), 'Untitled'), 120),
        app.user_id()
    )
    on conflict (organization_id, id) do nothing
    returning slug into v_slug;
    if v_slug is null then
        perform app.require_board(p_id, 'viewer');
        select b.slug into strict v_slug
        from public.boards_board as b
        where b.organization_id = v_organization and b.id = p_id;
        return v_slug;
    end if;
    insert into public.boards_member (organization_id, board_id, user_id, role)
    values (v_organization, p_id, app.user_id(), 'owner');
    perform public.boards_log_v1(v_organization, p_id, app.user_id(), 'created', '{}');
    return v_slug;
end
$$;

-- The board at an address, when the acting person has at least this role on it.
create or replace function public.boards_at_v1(p_slug text, p_role text) returns uuid
language plpgsql stable security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_id uuid;
begin
    select b.id into v_id from public.boards_board as b
    where b.organization_id = v_organization and b.slug = p_slug;
    perform app.require_board(v_id, p_role);
    return v_id;
end
$$;

-- Give a board another title; the one it had is returned, so that the change can be undone. See boards_edit_v1.
create or replace function public.boards_rename_v1(p_slug text, p_title text) returns text
language plpgsql security definer set search_path = ''
as $$
begin
    return public.boards_edit_v1(p_slug, coalesce(p_title, ''), null) ->> 'title';
end
$$;

-- Work was done on a board: it moves to the front of its list.
create or replace function public.boards_touch_v1(p_slug text) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_id uuid := public.boards_at_v1(p_slug, 'editor');
begin
    update public.boards_board
    set updated_at = now()
    where organization_id = v_organization and id = v_id;
end
$$;

-- Choose the picture a board is known by; null: the latest one on it. The one it had is returned.
create or replace function public.boards_cover_v1(p_slug text, p_asset uuid) returns uuid
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_id uuid := public.boards_at_v1(p_slug, 'editor');
    v_before uuid;
begin
    if p_asset is not null and not exists (
        select from public.assets_asset as a
        where a.organization_id = v_organization and a.id = p_asset and a.board_id = v_id and a.deleted_at is null
    ) then
        raise exception 'There is no such picture on this board.' using errcode = 'PX404';
    end if;
    select b.cover_asset_id into v_before from public.boards_board as b
    where b.organization_id = v_organization and b.id = v_id
    for no key update;
    if v_before is distinct from p_asset then
        update public.boards_board set cover_asset_id = p_asset
        where organization_id = v_organization and id = v_id;
        perform public.boards_log_v1(
            v_organization, v_id, app.user_id(), 'cover', jsonb_build_object('asset', p_asset));
    end if;
    perform app.notify(v_organization, 'board', v_id);
    return v_before;
end
$$;

revoke execute on function
    public.boards_at_v1(text, text),
    public.boards_room_v1(uuid),
    public.boards_refuse_v1(uuid)
from public;
grant execute on function
public.boards_create_v1(uuid, text),
public.boards_rename_v1(text, text),
public.boards_touch_v1(text),
public.boards_cover_v1(text, uuid)
to packshot_member;
