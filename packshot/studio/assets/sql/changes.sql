-- What people do to pictures: to one by its words, to many by a change that can be taken back.
--
-- A change of at most a thousand pictures is done in the transaction that asks for it. A larger one is worked off by
-- a worker in steps, each a transaction that moves the change's cursor with the pictures: a worker that dies between
-- two steps leaves nothing to mend. Pictures are always locked from the newest to the oldest, so that two changes of
-- the same ones wait for each other and never in a circle.

-- Give a picture its words: those of "title", "alt", "tags" and "product" that are there. Returns what these were.
create or replace function public.assets_describe_v1(p_id uuid, p jsonb) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_old public.assets_asset;
    v_tags text[];
begin
    select * into v_old from public.assets_asset as a
    where a.organization_id = v_organization and a.id = p_id and a.deleted_at is null
    for no key update;
    if not found or v_old.board_id = any (app.hidden_boards()) then
        raise exception 'There is no such picture.' using errcode = 'PX404';
    end if;
    perform app.require_board(v_old.board_id, 'editor');
    v_tags := array(
        select t.tag from (
            select btrim(lower(e.value)) as tag, min(e.at) as at
            from jsonb_array_elements_text(coalesce(p -> 'tags', '[]')) with ordinality as e (value, at)
            group by 1
        ) as t
        where t.tag <> '' order by t.at
    );
    if not public.assets_tags_fine_v1(v_tags) then
        raise exception 'A picture has at most 50 tags, each of 1 to 40 characters.' using errcode = 'PX422';
    elsif length(p ->> 'title') > 200 or length(p ->> 'product') > 200 then
        raise exception 'A title and a product''s name have at most 200 characters.' using errcode = 'PX422';
    elsif length(p ->> 'alt') > 2000 then
        raise exception 'An alternative text has at most 2,000 characters.' using errcode = 'PX422';
    end if;
    update public.assets_asset as a set
        title = coalesce(btrim(p ->> 'title'), a.title),
        alt = coalesce(btrim(p ->> 'alt'), a.alt),
        product = coalesce(btrim(p ->> 'product'), a.product),
        tags = case when p ? 'tags' then v_tags else a.tags end
    where a.organization_id = v_organization and a.id = p_id;
    perform app.notify(v_organization, 'gallery', p_id);
    return (
        select coalesce(jsonb_object_agg(f.key, f.value), '{}')
        from jsonb_each(jsonb_build_object(
            'title', v_old.title, 'alt', v_old.alt, 'tags', v_old.tags, 'product', v_old.product
        )) as f (key, value)
        where p ? f.key
    );
end
$$;

-- Begin a change: {"id", "action", "value", "selection": {"ids"} or {"search", "upto", "but"}}. The same id again
-- changes nothing more. Pictures that were picked one by one must all be there and the person's to change; of those
-- that a search finds, only these are taken.
create or replace function public.assets_change_v1(p jsonb) returns uuid
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_id uuid := (p ->> 'id')::uuid;
    v_action text := p ->> 'action';
    v_value text := p ->> 'value';
    v_selection jsonb := p -> 'selection';
    v_closed uuid[] := public.assets_closed_boards_v1(v_organization, app.user_id(), 'editor');
    v_total integer;
begin
    if v_action not in (
        'move', 'copy', 'tag', 'untag', 'favourite', 'unfavourite', 'approve', 'reject', 'undecide', 'pin', 'unpin',
        'trash', 'restore', 'erase'
    ) then
        raise exception 'There is no such action.' using errcode = 'PX422';
    elsif v_action in ('move', 'copy') then
        perform app.require_board(v_value::uuid, 'editor');
    elsif v_action in ('tag', 'untag') then
        v_value := btrim(lower(coalesce(v_value, '')));
        if length(v_value) not between 1 and 40 then
            raise exception 'A tag has 1 to 40 characters.' using errcode = 'PX422';
        end if;
    else
        v_value := null;
    end if;
    if jsonb_typeof(v_selection -> 'ids') = 'array' and jsonb_array_length(v_selection -> 'ids') > 0 then
        perform public.assets_require_v1(v_organization, v_selection -> 'ids', v_closed);
    end if;
    v_total := (
        select count(*) from public.assets_selected_v1(v_organization, v_selection, v_closed, null, 1001) as s
    );
    insert into public.assets_change (
        organization_id, id, created_by, action, value, state, selection, total, counted
    ) values (
        v_organization, v_id, app.user_id(), v_action, v_value, 'working', v_selection, v_total, v_total <= 1000
    )
    on conflict (organization_id, id) do nothing;
    if not found then
        perform public.assets_own_change_v1(v_organization, v_id);
        return v_id;
    end if;
    if v_total <= 1000 then
        perform public.assets_change_step_v1(v_organization, v_id, 1001);
    else
        perform public.assets_enqueue_v1('change', v_organization, array[v_id], 'change:working');
    end if;
    return v_id;
end
$$;

-- Each of these pictures is there and lies where its person may change it; else an error.
create or replace function public.assets_require_v1(p_organization uuid, p_ids jsonb, p_closed uuid[]) returns void
language plpgsql stable set search_path = ''
as $$
declare
    v_ids uuid[] := public.assets_texts_v1(p_ids);
    v_hidden uuid[] := app.hidden_boards();
    v_there integer;
    v_closed boolean;
begin
    if cardinality(v_ids) > 10000 then
        raise exception 'At most 10,000 pictures can be picked one by one.' using errcode = 'PX422';
    end if;
    select count(*), coalesce(bool_or(a.board_id = any (p_closed)), false) into v_there, v_closed
    from public.assets_asset as a
    where a.organization_id = p_organization and a.id = any (v_ids) and a.board_id <> all (v_hidden);
    if v_there < (select count(distinct i.id) from unnest(v_ids) as i (id)) then
        raise exception 'One of the pictures is not there any more.' using errcode = 'PX404';
    elsif v_closed then
        raise exception 'You can look at this board, not change it.' using errcode = 'PX403';
    end if;
end
$$;

-- The acting person's own change, locked; or an error.
create or replace function public.assets_own_change_v1(p_organization uuid, p_id uuid) returns public.assets_change
language plpgsql set search_path = ''
as $$
declare
    v_change public.assets_change;
begin
    select * into v_change from public.assets_change as c
    where c.organization_id = p_organization and c.id = p_id and c.created_by = app.user_id()
    for update;
    if not found then
        raise exception 'There is no such change.' using errcode = 'PX404';
    end if;
    return v_change;
end
$$;

-- Take a change back: what nobody has changed since is as it was. Asked for twice, it is done once.
create or replace function public.assets_undo_v1(p_id uuid) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_change public.assets_change := public.assets_own_change_v1(v_organization, p_id);
begin
    if v_change.state in ('undoing', 'undone') then
        return;
    elsif v_change.action = 'erase' then
        raise exception 'What was deleted for good does not come back.' using errcode = 'PX409';
    elsif v_change.state = 'working' then
        raise exception 'This is still under way. Cancel it first.' using errcode = 'PX409';
    end if;
    update public.assets_change as c
    set state = 'undoing', total = c.done, done = 0, cursor = null, counted = true, moved_at = clock_timestamp()
    where c.organization_id = v_organization and c.id = p_id;
    if v_change.done <= 1000 then
        perform public.assets_change_step_v1(v_organization, p_id, 1001);
    else
        perform public.assets_enqueue_v1('change', v_organization, array[p_id], 'change:undoing');
    end if;
end
$$;

-- Stop a change that is under way; what it has done stays, and can be undone.
create or replace function public.assets_cancel_change_v1(p_id uuid) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_change public.assets_change := public.assets_own_change_v1(v_organization, p_id);
begin
    if v_change.state <> 'working' then
        return;
    end if;
    update public.assets_change as c set state = 'cancelled', total = c.done, moved_at = clock_timestamp()
    where c.organization_id = v_organization and c.id = p_id;
    perform public.assets_log_change_v1(v_organization, p_id);
    perform app.notify(v_organization, 'change', p_id);
end
$$;

revoke execute on function
    public.assets_describe_v1(uuid, jsonb),
    public.assets_change_v1(jsonb),
    public.assets_require_v1(uuid, jsonb, uuid[]),
    public.assets_own_change_v1(uuid, uuid),
    public.assets_undo_v1(uuid),
    public.assets_cancel_change_v1(uuid)
from public;
grant execute on function
    public.assets_describe_v1(uuid, jsonb),
    public.assets_change_v1(jsonb),
    public.assets_undo_v1(uuid),
    public.assets_cancel_change_v1(uuid)
to packshot_member;
