-- Who may see and change a board, and what lies on it.
--
-- A board is the whole organization's (each member is an editor) or of those who were invited; owners and admins of
-- the organization own every board of it. The inbox takes what comes without a board; each organization has one.

alter table public.boards_board
    add constraint boards_board_kind check (kind in ('board', 'inbox')),
    add constraint boards_board_audience check (audience in ('organization', 'invited')),
    add constraint boards_board_description check (length(description) <= 2000),
    add constraint boards_board_inbox
        check (kind <> 'inbox' or (audience = 'organization' and deleted_at is null and archived_at is null)),
    add constraint boards_board_deleted check ((deleted_at is null) = (deleted_by is null));
create unique index boards_board_one_inbox on public.boards_board (organization_id) where kind = 'inbox';
-- What some members do not see: few boards of many.
create index boards_board_hidden on public.boards_board (organization_id)
    where audience = 'invited' or deleted_at is not null;
create index boards_board_trash on public.boards_board (deleted_at) where deleted_at is not null;

alter table public.boards_member
    add constraint boards_member_role check (role in ('owner', 'editor', 'viewer')),
    add constraint boards_member_board foreign key (organization_id, board_id)
        references public.boards_board (organization_id, id) on delete cascade,
    -- Who leaves the organization leaves its boards.
    add constraint boards_member_membership foreign key (organization_id, user_id)
        references public.organizations_membership (organization_id, user_id) on delete cascade;
create index boards_member_of_user on public.boards_member (organization_id, user_id);

alter table public.boards_activity
    add constraint boards_activity_board foreign key (organization_id, board_id)
        references public.boards_board (organization_id, id) on delete cascade;
create index boards_activity_on_board on public.boards_activity (organization_id, board_id, id desc);

-- The role of a person on a board that is not deleted: owner, editor, viewer; null where it is not to be seen.
create or replace function app.board_role_of(p_organization uuid, p_user uuid, p_board uuid) returns text
language sql stable parallel safe security definer set search_path = ''
as $$
    select case
        when o.role in ('owner', 'admin') then 'owner'
        when m.role is not null then m.role
        when b.audience = 'organization' then 'editor'
    end
    from public.boards_board as b
    join public.organizations_membership as o on o.organization_id = b.organization_id and o.user_id = p_user
    left join public.boards_member as m
        on m.organization_id = b.organization_id and m.board_id = b.id and m.user_id = p_user
    where b.organization_id = p_organization and b.id = p_board and b.deleted_at is null
$$;

-- The boards of the acting organization that the acting person does not see; most often none. What lies on them is
-- hidden by `board_id <> all (...)`, asked once a statement.
create or replace function app.hidden_boards() returns uuid[]
language sql stable parallel safe security definer set search_path = ''
as $$
    select coalesce(array_agg(b.id), '{}')
    from public.boards_board as b
    where b.organization_id = app.organization_id()
        and (b.audience = 'invited' or b.deleted_at is not null)
        and app.board_role_of(b.organization_id, app.user_id(), b.id) is null
$$;

-- The acting person's organization, when that person has at least this role on the board; the first line of every
-- command on a board and on what lies there. What may not be seen does not exist.
create or replace function app.require_board(p_board uuid, p_role text) returns uuid
language plpgsql stable security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_role text := app.board_role_of(v_organization, app.user_id(), p_board);
begin
    if v_role is null then
        raise exception 'There is no such board.' using errcode = 'PX404';
    elsif p_role = 'owner' and v_role <> 'owner' then
        raise exception 'Only owners of the board can do this.' using errcode = 'PX403';
    elsif p_role = 'editor' and v_role = 'viewer' then
        raise exception 'You can look at this board, not change it.' using errcode = 'PX403';
    end if;
    return v_organization;
end
$$;

-- An organization's inbox, made when it is first needed. For privileged functions.
create or replace function public.boards_inbox_v1(p_organization uuid) returns uuid
language plpgsql security definer set search_path = ''
as $$
declare
    v_id uuid;
begin
    select b.id into v_id from public.boards_board as b
    where b.organization_id = p_organization and b.kind = 'inbox';
    if v_id is null then
        insert into public.boards_board (organization_id, id, slug, title, kind, created_by)
        select p_organization, app.uuid7(), public.boards_slug_v1(), 'Inbox', 'inbox', m.user_id
        from public.organizations_membership as m
        where m.organization_id = p_organization
        order by m.role = 'owner' desc, m.created_at
        limit 1
        on conflict (organization_id) where kind = 'inbox' do nothing;
        select b.id into strict v_id from public.boards_board as b
        where b.organization_id = p_organization and b.kind = 'inbox';
    end if;
    return v_id;
end
$$;

-- The slug is 66 random bits: an address that is not guessed, though no secret either.
create or replace function public.boards_slug_v1() returns text
language sql volatile set search_path = ''
as $$ select translate(encode(substring(uuid_send(gen_random_uuid()) from 1 for 9), 'base64'), '+/', '-_') $$;

-- Write down what was done on a board. `p_subject` holds what the sentence about it needs: numbers, titles, ids.
create or replace function public.boards_log_v1(
    p_organization uuid, p_board uuid, p_actor uuid, p_verb text, p_subject jsonb
) returns void
language sql volatile set search_path = ''
as $$
    insert into public.boards_activity (organization_id, id, board_id, actor_id, verb, subject)
    values (p_organization, app.uuid7(), p_board, p_actor, p_verb, p_subject)
$$;

-- Its function stands with the seats, in members.sql.
create constraint trigger boards_keep_owned after delete or update of role on public.boards_member
    deferrable initially deferred
    for each row execute function public.boards_keep_owned();

drop policy member_reads on public.boards_board;
create policy member_reads on public.boards_board for select to packshot_member
    using (
        organization_id = (select app.organization_id())
        and deleted_at is null
        and id <> all ((select app.hidden_boards())::uuid[])
    );

alter table public.boards_member enable row level security;
create policy member_reads on public.boards_member for select to packshot_member
    using (
        organization_id = (select app.organization_id())
        and board_id <> all ((select app.hidden_boards())::uuid[])
    );
grant select on public.boards_member to packshot_member;

alter table public.boards_activity enable row level security;
create policy member_reads on public.boards_activity for select to packshot_member
    using (
        organization_id = (select app.organization_id())
        and board_id <> all ((select app.hidden_boards())::uuid[])
    );
grant select on public.boards_activity to packshot_member;

revoke execute on function
    app.board_role_of(uuid, uuid, uuid),
    app.require_board(uuid, text),
    public.boards_inbox_v1(uuid),
    public.boards_slug_v1(),
    public.boards_log_v1(uuid, uuid, uuid, text, jsonb),
    public.boards_keep_owned()
from public;
grant execute on function app.hidden_boards() to packshot_member, packshot_web, packshot_worker, packshot_staff;

-- It returned nothing before.
drop function public.boards_cover_v1(text, uuid);

-- Boards that were there before members were: whoever opened one owns it, else the organization's first owner does.
insert into public.boards_member (organization_id, board_id, user_id, role)
select b.organization_id, b.id, coalesce(o.user_id, f.user_id), 'owner'
from public.boards_board as b
left join public.organizations_membership as o
    on o.organization_id = b.organization_id and o.user_id = b.created_by
left join lateral (
    select m.user_id from public.organizations_membership as m
    where m.organization_id = b.organization_id
    order by m.role = 'owner' desc, m.created_at
    limit 1
) as f on true
where coalesce(o.user_id, f.user_id) is not null;
