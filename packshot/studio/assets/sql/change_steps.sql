-- How a change is carried out and taken back: step by step, the same way by whoever asked for it and by a worker.

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
        perform public.assets_enqueue_v1(
            'change', v_row.organization_id, array[v_row.id], 'change:' || v_row.state);
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
    public.assets_change_step_v1(uuid, uuid, integer),
    public.assets_apply_v1(public.assets_change, uuid[]),
    public.assets_fields_v1(text, text[]),
    public.assets_copy_v1(public.assets_change, uuid[]),
    public.assets_take_back_v1(public.assets_change, uuid[], uuid[]),
    public.assets_log_change_v1(uuid, uuid),
    public.assets_tend_changes_v1()
from public;
grant execute on function
    public.assets_change_step_v1(uuid, uuid, integer),
    public.assets_tend_changes_v1()
to packshot_worker;
