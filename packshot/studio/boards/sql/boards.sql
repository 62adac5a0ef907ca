-- Boards: rights, the policy and the commands of members.

alter table public.boards_board
    add constraint boards_board_slug check (slug ~ '^[A-Za-z0-9_-]{12,24}$'),
    add constraint boards_board_title check (length(btrim(title)) between 1 and 120);

alter table public.boards_board enable row level security;
create policy member_reads on public.boards_board for select to packshot_member
    using (organization_id = (select app.organization_id()));
grant select on public.boards_board to packshot_member;

-- Open a board under an id of the caller's choice, so that a request sent twice opens one board.
-- The slug is 66 random bits: an address that is not guessed, though no secret either.
create or replace function public.boards_create_v1(p_id uuid, p_title text) returns text
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_slug text;
begin
    insert into public.boards_board (organization_id, id, slug, title, created_by)
    values (
        v_organization,
        p_id,
        translate(encode(substring(uuid_send(gen_random_uuid()) from 1 for 9), 'base64'), '+/', '-_'),
        left(coalesce(nullif(btrim(p_title), ''), 'Untitled'), 120),
        app.user_id()
    )
    on conflict (organization_id, id) do nothing
    returning slug into v_slug;
    if v_slug is null then
        select b.slug into strict v_slug
        from public.boards_board as b
        where b.organization_id = v_organization and b.id = p_id;
    end if;
    return v_slug;
end
$$;

-- Give a board another title; the one it had is returned, so that the change can be undone.
create or replace function public.boards_rename_v1(p_slug text, p_title text) returns text
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_before text;
    v_id uuid;
begin
    if length(btrim(coalesce(p_title, ''))) not between 1 and 120 then
        raise exception 'A title has 1 to 120 characters.' using errcode = 'PX422';
    end if;
    select b.id, b.title into v_id, v_before
    from public.boards_board as b
    where b.organization_id = v_organization and b.slug = p_slug
    for no key update;
    if not found then
        raise exception 'There is no such board.' using errcode = 'PX404';
    end if;
    update public.boards_board
    set title = btrim(p_title)
    where organization_id = v_organization and id = v_id;
    perform app.notify(v_organization, 'board', v_id);
    return v_before;
end
$$;

-- Work was done on a board: it moves to the front of its list.
create or replace function public.boards_touch_v1(p_slug text) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
begin
    update public.boards_board
    set updated_at = now()
    where organization_id = v_organization and slug = p_slug;
    if not found then
        raise exception 'There is no such board.' using errcode = 'PX404';
    end if;
end
$$;

-- Choose the picture a board is known by.
create or replace function public.boards_cover_v1(p_slug text, p_asset uuid) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
begin
    update public.boards_board
    set cover_asset_id = p_asset
    where organization_id = v_organization and slug = p_slug;
    if not found then
        raise exception 'There is no such board.' using errcode = 'PX404';
    end if;
end
$$;

grant execute on function
public.boards_create_v1(uuid, text),
public.boards_rename_v1(text, text),
public.boards_touch_v1(text),
public.boards_cover_v1(text, uuid)
to packshot_member;
