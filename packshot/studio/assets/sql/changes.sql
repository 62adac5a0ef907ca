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
        perform public.assets_ask_change_v1(v_organization, v_id, 'working');
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
        perform public.assets_ask_change_v1(v_organization, p_id, 'undoing');
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

-- Put "go on with this change" into the workers' queue; a message that waits there already is not doubled.
create or replace function public.assets_ask_change_v1(p_organization uuid, p_id uuid, p_state text) returns void
language plpgsql set search_path = ''
as $$
begin
    insert into pgq.pgqueuer (priority, entrypoint, payload, execute_after, dedupe_key, status)
    values (
        0, 'change', convert_to(p_organization || '/' || p_id, 'UTF8'), now(), 'change:' || p_state || ':' || p_id, 'queued'
    )
    on conflict (dedupe_key)
        where status = any (array['queued'::pgq.pgqueuer_status, 'picked'::pgq.pgqueuer_status])
            and dedupe_key is not null
        do nothing;
end
$$;

-- One step of a change that is under way, forwards or back, of at most `p_limit` pictures; returns the state after it.
create or replace function public.assets_change_step_v1(p_organization uuid, p_id uuid, p_limit integer) returns text
language plpgsql security definer set search_path = '' set timezone = 'UTC'
as $$
declare
    v_change public.assets_change;
    v_closed uuid[];
    v_ids uuid[];
    v_number integer;
    v_state text;
begin
    select * into v_change from public.assets_change as c
    where c.organization_id = p_organization and c.id = p_id
    for update;
    if not found or v_change.state not in ('working', 'undoing') then
        return v_change.state;
    end if;
    -- Rights are those of now: whoever lost a board, or the organization, changes nothing there any more.
    v_closed := public.assets_closed_boards_v1(p_organization, v_change.created_by, 'editor');
    if v_closed is null or (v_change.action in ('move', 'copy') and v_change.value::uuid = any (v_closed)) then
        v_state := case v_change.state when 'working' then 'cancelled' else 'undone' end;
        update public.assets_change as c
        set state = v_state, total = c.done, kept = case c.state when 'undoing' then c.total - c.done else 0 end
        where c.organization_id = p_organization and c.id = p_id;
        perform app.notify(p_organization, 'change', p_id);
        return v_state;
    end if;
    if not v_change.counted then
        v_change.total := (
            select count(*) from public.assets_selected_v1(p_organization, v_change.selection, v_closed, null, null) as s
        );
    end if;
    if v_change.state = 'working' then
        v_ids := array(
            select s.id from public.assets_selected_v1(
                p_organization, v_change.selection, v_closed, v_change.cursor, p_limit) as s
        );
        v_number := public.assets_apply_v1(v_change, v_ids);
        v_state := case when cardinality(v_ids) < p_limit then 'done' else 'working' end;
    else
        v_ids := array(
            select r.asset_id from public.assets_changerow as r
            where r.organization_id = p_organization and r.change_id = p_id
                and (v_change.cursor is null or r.asset_id < v_change.cursor)
            order by r.asset_id desc limit p_limit
        );
        v_number := public.assets_take_back_v1(v_change, v_ids, v_closed);
        v_state := case when cardinality(v_ids) < p_limit then 'undone' else 'undoing' end;
    end if;
    update public.assets_change as c set
        state = v_state,
        cursor = coalesce(v_ids[cardinality(v_ids)], c.cursor),
        done = c.done + v_number,
        kept = c.kept + case c.state when 'undoing' then cardinality(v_ids) - v_number else 0 end,
        total = case when v_state in ('done', 'undone') then c.done + v_number else greatest(v_change.total, c.done + v_number) end,
        counted = true,
        moved_at = clock_timestamp()
    where c.organization_id = p_organization and c.id = p_id;
    if v_state in ('done', 'undone') then
        perform public.assets_log_change_v1(p_organization, p_id);
    end if;
    perform app.notify(p_organization, 'gallery', p_id);
    perform app.notify(p_organization, 'change', p_id);
    return v_state;
end
$$;

-- Do a change's action to these pictures, as far as they are not so already; returns to how many it was done.
create or replace function public.assets_apply_v1(p_change public.assets_change, p_ids uuid[]) returns integer
language plpgsql set search_path = '' set timezone = 'UTC'
as $$
declare
    v_number integer;
    -- Which pictures it is news for, what is set, and the fields that are remembered.
    v_if text;
    v_set text;
    v_fields text[];
begin
    if p_change.action = 'copy' then
        return public.assets_copy_v1(p_change, p_ids);
    elsif p_change.action = 'erase' then
        return public.assets_erase_rows_v1(p_change.organization_id, p_ids);
    end if;
    select s.news, s.set, s.fields into v_if, v_set, v_fields
    from (values
        ('move', 'a.board_id <> $3::uuid', 'board_id = $3::uuid, pinned_at = null', array['board_id', 'pinned_at']),
        ('tag', '$3 <> all (a.tags) and cardinality(a.tags) < 50', 'tags = a.tags || $3', array['tags']),
        ('untag', '$3 = any (a.tags)', 'tags = array_remove(a.tags, $3)', array['tags']),
        ('favourite', 'not a.favourite', 'favourite = true', array['favourite']),
        ('unfavourite', 'a.favourite', 'favourite = false', array['favourite']),
        ('approve', 'a.review is distinct from ''approved''',
            'review = ''approved'', review_by = $4, review_at = $5', array['review', 'review_by', 'review_at']),
        ('reject', 'a.review is distinct from ''rejected''',
            'review = ''rejected'', review_by = $4, review_at = $5', array['review', 'review_by', 'review_at']),
        ('undecide', 'a.review is not null',
            'review = null, review_by = null, review_at = null', array['review', 'review_by', 'review_at']),
        ('pin', 'a.pinned_at is null', 'pinned_at = $5', array['pinned_at']),
        ('unpin', 'a.pinned_at is not null', 'pinned_at = null', array['pinned_at']),
        ('trash', 'true', 'deleted_at = $5, deleted_by = $4', array['deleted_at', 'deleted_by']),
        ('restore', 'true', 'deleted_at = null, deleted_by = null', array['deleted_at', 'deleted_by'])
    ) as s (action, news, set, fields)
    where s.action = p_change.action;
    execute format(
        'with old as materialized ('
        '    select a.* from public.assets_asset as a'
        '    where a.organization_id = $1 and a.id = any ($2) and a.deleted_at is %s null and %s'
        '    order by a.id desc for no key update'
        '), changed as ('
        '    update public.assets_asset as a set %s from old as o'
        '    where a.organization_id = o.organization_id and a.id = o.id'
        '    returning a.id, o.board_id, %s as before, %s as after'
        ')'
        ' insert into public.assets_changerow (organization_id, change_id, asset_id, board_id, before, after)'
        ' select $1, $6, c.id, c.board_id, c.before, c.after from changed as c',
        case p_change.action when 'restore' then 'not' else '' end, v_if, v_set,
        public.assets_fields_v1('o', v_fields), public.assets_fields_v1('a', v_fields)
    ) using p_change.organization_id, p_ids, p_change.value, p_change.created_by, clock_timestamp(), p_change.id;
    get diagnostics v_number = row_count;
    return v_number;
end
$$;

-- An expression that makes an object of these columns of `p_alias`.
create or replace function public.assets_fields_v1(p_alias text, p_fields text[]) returns text
language sql immutable set search_path = ''
as $$
    select 'jsonb_build_object(' || string_agg(format('%L, %I.%I', f.name, p_alias, f.name), ', ') || ')'
    from unnest(p_fields) as f (name)
$$;

-- Copies of these pictures on another board: the same bytes, words and descent, an id and a day of their own.
create or replace function public.assets_copy_v1(p_change public.assets_change, p_ids uuid[]) returns integer
language plpgsql set search_path = ''
as $$
declare
    v_number integer;
begin
    with old as materialized (
        select a.*, app.uuid7() as copy_id from public.assets_asset as a
        where a.organization_id = p_change.organization_id and a.id = any (p_ids)
            and a.deleted_at is null and a.state = 'ready'
        order by a.id desc for key share
    ), copied as (
        insert into public.assets_asset (
            organization_id, id, board_id, job_id, parent_id, origin, operation, state, name, sha256, media_type, bytes,
            width, height, placeholder, source_type, confidence, note, prompt, seed, created_by,
            title, alt, tags, product, model, kind, colours, phash, likeness, duration_s
        )
        select
            o.organization_id, o.copy_id, p_change.value::uuid, o.job_id, o.parent_id, o.origin, o.operation, o.state,
            o.name, o.sha256, o.media_type, o.bytes, o.width, o.height, o.placeholder, o.source_type, o.confidence,
            o.note, o.prompt, o.seed, o.created_by, o.title, o.alt, o.tags, o.product, o.model, o.kind, o.colours,
            o.phash, o.likeness, o.duration_s
        from old as o
    )
    insert into public.assets_changerow (organization_id, change_id, asset_id, board_id, before, after)
    select o.organization_id, p_change.id, o.id, o.board_id, '{}', jsonb_build_object('id', o.copy_id) from old as o;
    get diagnostics v_number = row_count;
    return v_number;
end
$$;

-- Take back what a change did to these pictures, where nobody has changed it since; returns to how many it was done.
create or replace function public.assets_take_back_v1(
    p_change public.assets_change, p_ids uuid[], p_closed uuid[]
) returns integer
language plpgsql set search_path = '' set timezone = 'UTC'
as $$
declare
    v_number integer;
    v_if text;
    v_set text;
begin
    if p_change.action = 'copy' then
        v_if := 'a.id = (r.after ->> ''id'')::uuid and a.deleted_at is null and a.board_id = $5::uuid';
        v_set := 'deleted_at = $6, deleted_by = $7';
    elsif p_change.action = 'tag' then
        v_if := 'a.id = r.asset_id and $5 = any (a.tags)';
        v_set := 'tags = array_remove(a.tags, $5)';
    elsif p_change.action = 'untag' then
        v_if := 'a.id = r.asset_id and $5 <> all (a.tags) and cardinality(a.tags) < 50';
        v_set := 'tags = a.tags || $5';
    else
        select
            'a.id = r.asset_id and ' || public.assets_fields_v1('a', s.fields) || ' = r.after' || s.also,
            (select string_agg(format('%I = (r.before ->> %L)::%s', f.name, f.name, f.type), ', ')
                from unnest(s.fields, s.types) as f (name, type))
        into v_if, v_set
        from (values
            -- Nothing goes back to a board that its person may not change any more.
            ('move', array['board_id', 'pinned_at'], array['uuid', 'timestamptz'], ' and r.board_id <> all ($4)'),
            ('favourite', array['favourite'], array['boolean'], ''),
            ('unfavourite', array['favourite'], array['boolean'], ''),
            ('approve', array['review', 'review_by', 'review_at'], array['text', 'uuid', 'timestamptz'], ''),
            ('reject', array['review', 'review_by', 'review_at'], array['text', 'uuid', 'timestamptz'], ''),
            ('undecide', array['review', 'review_by', 'review_at'], array['text', 'uuid', 'timestamptz'], ''),
            ('pin', array['pinned_at'], array['timestamptz'], ''),
            ('unpin', array['pinned_at'], array['timestamptz'], ''),
            ('trash', array['deleted_at', 'deleted_by'], array['timestamptz', 'uuid'], ''),
            ('restore', array['deleted_at', 'deleted_by'], array['timestamptz', 'uuid'], '')
        ) as s (action, fields, types, also)
        where s.action = p_change.action;
    end if;
    execute format(
        'with old as materialized ('
        '    select a.organization_id, a.id, r.before'
        '    from public.assets_changerow as r'
        '    join public.assets_asset as a on a.organization_id = r.organization_id and %s'
        '    where r.organization_id = $1 and r.change_id = $2 and r.asset_id = any ($3) and a.board_id <> all ($4)'
        '    order by a.id desc for no key update of a'
        ')'
        ' update public.assets_asset as a set %s from old as r'
        ' where a.organization_id = r.organization_id and a.id = r.id',
        v_if, v_set
    ) using p_change.organization_id, p_change.id, p_ids, p_closed, p_change.value, clock_timestamp(),
        p_change.created_by;
    get diagnostics v_number = row_count;
    return v_number;
end
$$;

-- A line for each board on which a change did something that others there want to know.
create or replace function public.assets_log_change_v1(p_organization uuid, p_id uuid) returns void
language plpgsql set search_path = ''
as $$
declare
    v_change public.assets_change;
    v_verb text;
    v_row record;
begin
    select * into v_change from public.assets_change as c where c.organization_id = p_organization and c.id = p_id;
    v_verb := case v_change.action
        when 'move' then 'moved' when 'copy' then 'copied' when 'trash' then 'trashed' when 'restore' then 'restored'
        when 'approve' then 'approved' when 'reject' then 'rejected'
    end;
    if v_verb is null then
        return;
    end if;
    for v_row in
        select r.board_id, count(*) as number from public.assets_changerow as r
        where r.organization_id = p_organization and r.change_id = p_id
        group by r.board_id order by r.board_id
    loop
        perform public.boards_log_v1(
            p_organization, v_row.board_id, v_change.created_by,
            case v_change.state when 'undone' then 'undone' else v_verb end,
            jsonb_strip_nulls(jsonb_build_object(
                'number', v_row.number, 'change', p_id, 'to', case when v_change.action in ('move', 'copy') then v_change.value end,
                'what', case v_change.state when 'undone' then v_verb end
            ))
        );
    end loop;
    if v_change.action in ('move', 'copy') and v_change.state <> 'undone' and v_change.done > 0 then
        perform public.boards_log_v1(
            p_organization, v_change.value::uuid, v_change.created_by, v_verb,
            jsonb_build_object('number', v_change.done, 'change', p_id, 'here', true)
        );
    end if;
end
$$;

-- Ask again for changes that have not moved for a minute: a message may be lost with the worker that had it. And let
-- go of changes that are a month old. Returns how many wait.
create or replace function public.assets_tend_changes_v1() returns integer
language plpgsql security definer set search_path = ''
as $$
declare
    v_row record;
    v_number integer := 0;
begin
    for v_row in
        select c.organization_id, c.id, c.state from public.assets_change as c
        where c.state in ('working', 'undoing') and c.moved_at < now() - interval '1 minute'
        order by c.moved_at limit 1000
    loop
        perform public.assets_ask_change_v1(v_row.organization_id, v_row.id, v_row.state);
        v_number := v_number + 1;
    end loop;
    delete from public.assets_change as c
    where (c.organization_id, c.id) in (
        select o.organization_id, o.id from public.assets_change as o
        where o.created_at < now() - interval '30 days' limit 100
    );
    return v_number;
end
$$;

revoke execute on function
    public.assets_describe_v1(uuid, jsonb),
    public.assets_change_v1(jsonb),
    public.assets_require_v1(uuid, jsonb, uuid[]),
    public.assets_own_change_v1(uuid, uuid),
    public.assets_undo_v1(uuid),
    public.assets_cancel_change_v1(uuid),
    public.assets_ask_change_v1(uuid, uuid, text),
    public.assets_change_step_v1(uuid, uuid, integer),
    public.assets_apply_v1(public.assets_change, uuid[]),
    public.assets_fields_v1(text, text[]),
    public.assets_copy_v1(public.assets_change, uuid[]),
    public.assets_take_back_v1(public.assets_change, uuid[], uuid[]),
    public.assets_log_change_v1(uuid, uuid),
    public.assets_tend_changes_v1()
from public;
grant execute on function
    public.assets_describe_v1(uuid, jsonb),
    public.assets_change_v1(jsonb),
    public.assets_undo_v1(uuid),
    public.assets_cancel_change_v1(uuid)
to packshot_member;
grant execute on function
    public.assets_change_step_v1(uuid, uuid, integer),
    public.assets_tend_changes_v1()
to packshot_worker;
