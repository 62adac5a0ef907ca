-- What becomes of a board: its words, the archive, the trash, and its end.

-- Give a board another title and description; null leaves one as it is. {"title", "description"} before is returned.
create or replace function public.boards_edit_v1(p_slug text, p_title text, p_description text) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_id uuid := public.boards_at_v1(p_slug, 'editor');
    v_title text := btrim(p_title);
    v_description text := btrim(p_description);
    v_before record;
begin
    if length(v_title) not between 1 and 120 then
        raise exception 'A title has 1 to 120 characters.' using errcode = 'PX422';
    elsif length(v_description) > 2000 then
        raise exception 'A description has at most 2,000 characters.' using errcode = 'PX422';
    end if;
    select b.title, b.description, b.kind into v_before
    from public.boards_board as b
    where b.organization_id = v_organization and b.id = v_id
    for no key update;
    if v_before.kind = 'inbox' then
        raise exception 'The inbox keeps its name.' using errcode = 'PX422';
    end if;
    update public.boards_board
    set title = coalesce(v_title, title), description = coalesce(v_description, description)
    where organization_id = v_organization and id = v_id;
    if v_title <> v_before.title then
        perform public.boards_log_v1(
            v_organization, v_id, app.user_id(), 'renamed',
            jsonb_build_object('from', v_before.title, 'to', v_title));
    end if;
    if v_description <> v_before.description then
        perform public.boards_log_v1(v_organization, v_id, app.user_id(), 'described', '{}');
    end if;
    perform app.notify(v_organization, 'board', v_id);
    return jsonb_build_object('title', v_before.title, 'description', v_before.description);
end
$$;

-- Put a board out of the list, or back into it. It stays as readable as it was.
create or replace function public.boards_archive_v1(p_slug text, p_archived boolean) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_id uuid := public.boards_at_v1(p_slug, 'editor');
begin
    if exists (
        select from public.boards_board as b
        where b.organization_id = v_organization and b.id = v_id and b.kind = 'inbox'
    ) then
        raise exception 'The inbox stays where it is.' using errcode = 'PX422';
    end if;
    update public.boards_board as b set archived_at = case when p_archived then now() end
    where b.organization_id = v_organization and b.id = v_id and (b.archived_at is null) = p_archived;
    if found then
        perform public.boards_log_v1(
            v_organization, v_id, app.user_id(), case when p_archived then 'archived' else 'unarchived' end, '{}');
        perform app.notify(v_organization, 'board', v_id);
    end if;
end
$$;

-- Put a board with all that lies on it into the trash. What is under way goes on: its pictures are there when the
-- board comes back.
create or replace function public.boards_delete_v1(p_slug text) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_id uuid := public.boards_at_v1(p_slug, 'owner');
begin
    if exists (
        select from public.boards_board as b
        where b.organization_id = v_organization and b.id = v_id and b.kind = 'inbox'
    ) then
        raise exception 'The inbox stays where it is.' using errcode = 'PX422';
    end if;
    update public.boards_board as b set deleted_at = now(), deleted_by = app.user_id()
    where b.organization_id = v_organization and b.id = v_id and b.deleted_at is null;
    if found then
        perform public.boards_log_v1(v_organization, v_id, app.user_id(), 'deleted', '{}');
        perform app.notify(v_organization, 'board', v_id);
        perform app.notify(v_organization, 'gallery', v_id);
    end if;
end
$$;

-- Whether the acting person may take a board out of the trash: its owners, the organization's, and whoever put it there.
create or replace function public.boards_may_restore_v1(p_board public.boards_board) returns boolean
language sql stable security definer set search_path = ''
as $$
    select p_board.deleted_by = app.user_id()
        or app.role() in ('owner', 'admin')
        or exists (
            select from public.boards_member as m
            where m.organization_id = p_board.organization_id and m.board_id = p_board.id
                and m.user_id = app.user_id() and m.role = 'owner'
        )
$$;

-- Take a board out of the trash; one that is not in it stays as it is. PX402 where the plan has no room for it.
create or replace function public.boards_restore_v1(p_slug text) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_room integer := public.boards_room_v1(v_organization);
    v_board public.boards_board;
begin
    select b.* into v_board from public.boards_board as b
    where b.organization_id = v_organization and b.slug = p_slug
    for no key update;
    if v_board.deleted_at is null then
        perform app.require_board(v_board.id, 'owner');
        return;
    elsif not public.boards_may_restore_v1(v_board) then
        raise exception 'There is no such board.' using errcode = 'PX404';
    elsif v_room <= 0 then
        perform public.boards_refuse_v1(v_organization);
    end if;
    update public.boards_board set deleted_at = null, deleted_by = null
    where organization_id = v_organization and id = v_board.id;
    perform public.boards_log_v1(v_organization, v_board.id, app.user_id(), 'restored', '{}');
    perform app.notify(v_organization, 'board', v_board.id);
    perform app.notify(v_organization, 'gallery', v_board.id);
end
$$;

-- End the boards that have lain in the trash for thirty days: their pictures go with their bytes, their requests lose
-- their words (what was paid stays in the ledger, and the jobs it names with it), they themselves go with their seats
-- and their activity. A board with work under way waits for it. Of several workers each takes others. Returns how many.
create or replace function public.boards_erase_v1(p_limit integer) returns integer
language plpgsql security definer set search_path = ''
as $$
declare
    v_board record;
    v_number integer := 0;
begin
    for v_board in
        select b.organization_id, b.id from public.boards_board as b
        where b.deleted_at < now() - interval '30 days'
            and not exists (
                select from public.generation_batch as g
                join public.generation_job as j on j.organization_id = g.organization_id and j.batch_id = g.id
                where g.organization_id = b.organization_id and g.board_id = b.id and j.finished_at is null
            )
        order by b.deleted_at
        limit p_limit
        for update skip locked
    loop
        if not public.assets_drop_board_v1(v_board.organization_id, v_board.id) then
            continue;  -- so many pictures that the rest is for the next time
        end if;
        delete from public.generation_text as t
        using public.generation_batch as g
        join public.generation_job as j on j.organization_id = g.organization_id and j.batch_id = g.id
        where g.organization_id = v_board.organization_id and g.board_id = v_board.id
            and t.organization_id = j.organization_id and t.job_id = j.id;
        update public.generation_batch as g set
            prompt = '', asked = '', negative = '', refers_to = null, "references" = '[]', styles = 0,
            parameters = '{}'
        where g.organization_id = v_board.organization_id and g.board_id = v_board.id;
        delete from public.boards_board as b
        where b.organization_id = v_board.organization_id and b.id = v_board.id;
        v_number := v_number + 1;
    end loop;
    return v_number;
end
$$;

revoke execute on function
    public.boards_edit_v1(text, text, text),
    public.boards_archive_v1(text, boolean),
    public.boards_delete_v1(text),
    public.boards_may_restore_v1(public.boards_board),
    public.boards_restore_v1(text),
    public.boards_erase_v1(integer)
from public;
grant execute on function
    public.boards_edit_v1(text, text, text),
    public.boards_archive_v1(text, boolean),
    public.boards_delete_v1(text),
    public.boards_restore_v1(text)
to packshot_member;
grant execute on function public.boards_erase_v1(integer) to packshot_worker;
