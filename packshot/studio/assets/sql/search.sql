-- Finding pictures. Members may not use the indexes of words themselves (their operators could tell what a policy
-- hides), so each search is a function that asks for the claims first and filters by them.
--
-- A search as JSON, all of it optional: {"board", "terms": [{"text", "exact", "not"}], "kinds", "operations", "models",
-- "reviews", "favourite", "pinned", "tags", "colours", "ratios", "since", "until", "by", "trash", "like", "order"}.

-- The boards of an organization on which a person has not this role; those that nobody would have it on too. For
-- whoever is no member: null, which is not to be taken for none.
create or replace function public.assets_closed_boards_v1(p_organization uuid, p_user uuid, p_role text) returns uuid[]
language sql stable security definer set search_path = ''
as $$
    select case
        when exists (
            select from public.organizations_membership as o
            where o.organization_id = p_organization and o.user_id = p_user
        ) then array(
            select b.id
            from (
                select c.id from public.boards_board as c
                where c.organization_id = p_organization and (c.audience = 'invited' or c.deleted_at is not null)
                union
                select m.board_id from public.boards_member as m
                where m.organization_id = p_organization and m.user_id = p_user
            ) as b (id)
            where case app.board_role_of(p_organization, p_user, b.id)
                when 'owner' then false
                when 'editor' then false
                when 'viewer' then p_role <> 'viewer'
                else true
            end
        )
    end
$$;

-- What is looked for in the index of words, as the text of a tsquery; null where nothing is.
create or replace function public.assets_tsquery_v1(p_organization uuid, p_search jsonb) returns text
language plpgsql stable set search_path = ''
as $$
declare
    v_mark text := public.assets_mark_v1(p_organization);
    v_parts text[] := '{}';
    v_term jsonb;
    v_words text[];
    v_part text;
    v_letter text;
    v_facts text[];
begin
    for v_term in select e.value from jsonb_array_elements(p_search -> 'terms') as e (value) loop
        v_words := public.assets_words_v1(v_term ->> 'text');
        continue when cardinality(v_words) = 0;
        select string_agg('''' || v_mark || ':' || w.word || '''', ' <-> ' order by w.at) into v_part
        from unnest(v_words) with ordinality as w (word, at);
        if not (v_term ->> 'exact')::boolean then
            v_part := v_part || ':*';
        end if;
        v_parts := v_parts || (case when (v_term ->> 'not')::boolean then '!' else '' end || '(' || v_part || ')');
    end loop;
    foreach v_letter in array array['tags', 'colours', 'kinds', 'operations', 'models', 'ratios'] loop
        v_facts := array(
            select '''' || v_mark || '.' || left(v_letter, 1) || '.'
                || replace(replace(f.value, '\', '\\'), '''', '''''') || ''''
            from unnest(public.assets_texts_v1(p_search -> v_letter)) as f (value)
        );
        if cardinality(v_facts) > 0 then
            v_parts := v_parts
                || ('(' || array_to_string(v_facts, case v_letter when 'tags' then ' & ' else ' | ' end) || ')');
        end if;
    end loop;
    return nullif(array_to_string(v_parts, ' & '), '');
end
$$;

-- The condition of a search on `public.assets_asset as a`, for a person in an organization; every value in it is
-- quoted here. `p_closed`: the boards whose pictures are left out.
create or replace function public.assets_where_v1(p_organization uuid, p_search jsonb, p_closed uuid[]) returns text
language plpgsql stable set search_path = ''
as $$
declare
    v_where text := format('a.organization_id = %L', p_organization);
    v_query text := public.assets_tsquery_v1(p_organization, p_search);
    v_reviews text[] := public.assets_texts_v1(p_search -> 'reviews');
    v_phash bigint;
begin
    if p_closed is null then
        raise exception 'No organization to act for.' using errcode = 'PX403';
    end if;
    v_where := v_where || case when coalesce((p_search ->> 'trash')::boolean, false)
        then ' and a.deleted_at is not null' else ' and a.deleted_at is null' end;
    v_where := v_where || ' and a.state <> ''rejected''';
    if cardinality(p_closed) > 0 then
        v_where := v_where || format(' and a.board_id <> all (%L::uuid[])', p_closed);
    end if;
    if p_search ->> 'board' is not null then
        v_where := v_where || format(' and a.board_id = %L', (p_search ->> 'board')::uuid);
    end if;
    if v_query is not null then
        v_where := v_where || format(' and a.search @@ %L::tsquery', v_query);
    end if;
    if cardinality(v_reviews) > 0 then
        v_where := v_where || format(' and (a.review = any (%L::text[])%s)',
            array_remove(v_reviews, 'undecided'),
            case when 'undecided' = any (v_reviews) then ' or a.review is null' else '' end);
    end if;
    if (p_search ->> 'favourite')::boolean then
        v_where := v_where || ' and a.favourite';
    end if;
    if (p_search ->> 'pinned')::boolean then
        v_where := v_where || ' and a.pinned_at is not null';
    end if;
    if p_search ->> 'since' is not null then
        v_where := v_where
            || format(' and a.id >= %L', public.assets_first_id_v1((p_search ->> 'since')::timestamptz));
    end if;
    if p_search ->> 'until' is not null then
        v_where := v_where
            || format(' and a.id < %L', public.assets_first_id_v1((p_search ->> 'until')::timestamptz));
    end if;
    if jsonb_array_length(coalesce(p_search -> 'by', '[]')) > 0 then
        v_where := v_where
            || format(' and a.created_by = any (%L::uuid[])', public.assets_texts_v1(p_search -> 'by'));
    end if;
    if p_search ->> 'like' is not null then
        select l.phash into v_phash from public.assets_asset as l
        where l.organization_id = p_organization and l.id = (p_search ->> 'like')::uuid
            and l.board_id <> all (p_closed);
        if not found then
            raise exception 'There is no such picture.' using errcode = 'PX404';
        end if;
        v_where := v_where || case when v_phash is null then ' and false' else format(
            ' and a.phash is not null and a.id <> %L'
            ' and public.assets_bands_v1(a.organization_id, a.phash) && %L::bigint[]'
            ' and bit_count((a.phash # %L::bigint)::bit(64)) <= 10',
            p_search ->> 'like', public.assets_probes_v1(p_organization, v_phash), v_phash) end;
    end if;
    return v_where;
end
$$;

-- Whether the words of a search are common in this organization: then its pictures are walked by their ids until enough
-- is found, else the index of words is asked. The planner cannot tell: it knows how often a word is in the whole table, and
-- not that all of these are one organization's. One in ten of the newest makes a word common.
create or replace function public.assets_common_v1(p_organization uuid, p_search jsonb) returns boolean
language sql stable set search_path = '' set enable_seqscan = off set jit = off
as $$
    select count(*) >= 20
    from (
        select a.search from public.assets_asset as a
        where a.organization_id = p_organization
        order by a.id desc limit 200
    ) as newest
    where newest.search @@ public.assets_tsquery_v1(p_organization, p_search)::tsquery
$$;

-- The next pictures that a search finds, behind `p_after` in its order.
create or replace function public.assets_page_v1(p_search jsonb, p_after uuid, p_limit integer)
returns table (id uuid)
language plpgsql volatile security definer set search_path = ''
set jit = off set enable_seqscan = off set enable_bitmapscan = on set enable_sort = on
set enable_incremental_sort = on
as $$
declare
    v_organization uuid := app.require_organization();
    v_oldest boolean := coalesce(p_search ->> 'order', 'newest') = 'oldest';
begin
    if public.assets_common_v1(v_organization, p_search) then
        set local enable_bitmapscan = off;
        set local enable_sort = off;
        set local enable_incremental_sort = off;
    end if;
    -- Planned with its values: a rare word is found in the index of words, a common one on the way down the ids.
    return query execute format(
        'select a.id from public.assets_asset as a where %s%s order by a.id %s limit %s',
        public.assets_where_v1(v_organization, p_search, app.hidden_boards()),
        case when p_after is null then '' else format(' and a.id %s %L', case when v_oldest then '>' else '<' end, p_after) end,
        case when v_oldest then 'asc' else 'desc' end,
        least(greatest(p_limit, 1), 1000)
    );
end
$$;

-- How many a search finds, counted up to `p_cap`; null: all of them.
create or replace function public.assets_count_v1(p_search jsonb, p_cap integer) returns integer
language plpgsql volatile security definer set search_path = ''
set jit = off set enable_seqscan = off set enable_bitmapscan = on set enable_sort = on
set enable_incremental_sort = on
as $$
declare
    v_number integer;
begin
    if p_cap is not null and public.assets_common_v1(app.require_organization(), p_search) then
        set local enable_bitmapscan = off;
        set local enable_sort = off;
        set local enable_incremental_sort = off;
    end if;
    -- In order, so that a capped count walks an index and stops.
    execute format(
        case when p_cap is null
            then 'select count(*) from public.assets_asset as a where %s'
            else 'select count(*) from (select from public.assets_asset as a where %s order by a.id desc limit %s) as f'
        end,
        public.assets_where_v1(app.require_organization(), p_search, app.hidden_boards()), p_cap
    ) into v_number;
    return v_number;
end
$$;

-- Those of a selection that are there, from the newest: {"ids"} or {"search", "upto", "but"}. For privileged functions.
create or replace function public.assets_selected_v1(
    p_organization uuid, p_selection jsonb, p_closed uuid[], p_before uuid, p_limit integer
) returns table (id uuid)
language plpgsql volatile set search_path = ''
set jit = off set enable_seqscan = off set enable_bitmapscan = on set enable_sort = on
set enable_incremental_sort = on
as $$
declare
    v_before text := case when p_before is null then '' else format(' and a.id < %L', p_before) end;
begin
    if p_selection -> 'search' is null or jsonb_typeof(p_selection -> 'search') = 'null' then
        return query execute format(
            'select a.id from public.assets_asset as a'
            ' where a.organization_id = %L and a.id = any (%L::uuid[]) and a.board_id <> all (%L::uuid[])%s'
            ' order by a.id desc limit %s',
            p_organization, public.assets_texts_v1(p_selection -> 'ids'), p_closed, v_before,
            coalesce(p_limit::text, 'all'));
        return;
    end if;
    if p_limit is not null and public.assets_common_v1(p_organization, p_selection -> 'search') then
        set local enable_bitmapscan = off;
        set local enable_sort = off;
        set local enable_incremental_sort = off;
    end if;
    return query execute format(
        'select a.id from public.assets_asset as a where %s%s%s%s order by a.id desc limit %s',
        public.assets_where_v1(p_organization, p_selection -> 'search', p_closed),
        case when p_selection ->> 'upto' is null then '' else format(' and a.id <= %L', (p_selection ->> 'upto')::uuid) end,
        case when jsonb_array_length(coalesce(p_selection -> 'but', '[]')) = 0 then ''
            else format(' and a.id <> all (%L::uuid[])', public.assets_texts_v1(p_selection -> 'but')) end,
        v_before, coalesce(p_limit::text, 'all'));
end
$$;

-- How many pictures a person has picked, counted up to `p_cap`; null: all of them.
create or replace function public.assets_selection_count_v1(p_selection jsonb, p_cap integer) returns integer
language sql volatile security definer set search_path = ''
as $$
    select count(*)::integer
    from public.assets_selected_v1(app.require_organization(), p_selection, app.hidden_boards(), null, p_cap) as s
$$;

-- What a search can be narrowed by: {"tags": [text], "models": [text], "people": [{"id", "name"}]}. Of each there is a
-- picture that the acting person sees. Walks from value to value, not from picture to picture.
create or replace function public.assets_facets_v1() returns jsonb
language plpgsql stable security definer set search_path = '' set enable_seqscan = off set jit = off
as $$
declare
    v_organization uuid := app.require_organization();
    v_hidden uuid[] := app.hidden_boards();
    v_tags text[] := '{}';
    v_models text[] := '{}';
    v_people jsonb := '[]';
    v_tag text := '';
    v_model text := '';
    v_by uuid := '00000000-0000-0000-0000-000000000000';
begin
    loop
        select t.tag into v_tag from public.assets_tagged as t
        where t.organization_id = v_organization and t.tag > v_tag
        order by t.tag limit 1;
        exit when v_tag is null or cardinality(v_tags) >= 200;
        if exists (
            select from public.assets_tagged as t
            join public.assets_asset as a on a.organization_id = t.organization_id and a.id = t.asset_id
            where t.organization_id = v_organization and t.tag = v_tag
                and a.deleted_at is null and a.board_id <> all (v_hidden)
        ) then
            v_tags := v_tags || v_tag;
        end if;
    end loop;
    loop
        select a.model into v_model from public.assets_asset as a
        where a.organization_id = v_organization and a.model > v_model and a.deleted_at is null
        order by a.model limit 1;
        exit when v_model is null or cardinality(v_models) >= 200;
        if exists (
            select from public.assets_asset as a
            where a.organization_id = v_organization and a.model = v_model
                and a.deleted_at is null and a.board_id <> all (v_hidden)
        ) then
            v_models := v_models || v_model;
        end if;
    end loop;
    loop
        select a.created_by into v_by from public.assets_asset as a
        where a.organization_id = v_organization and a.created_by > v_by and a.deleted_at is null
        order by a.created_by limit 1;
        exit when v_by is null or jsonb_array_length(v_people) >= 200;
        if exists (
            select from public.assets_asset as a
            where a.organization_id = v_organization and a.created_by = v_by
                and a.deleted_at is null and a.board_id <> all (v_hidden)
        ) then
            v_people := v_people || jsonb_build_object('id', v_by, 'name', (
                select coalesce(nullif(u.name, ''), split_part(u.email, '@', 1))
                from public.accounts_user as u where u.id = v_by
            ));
        end if;
    end loop;
    return jsonb_build_object('tags', v_tags, 'models', v_models, 'people', v_people);
end
$$;

revoke execute on function
    public.assets_closed_boards_v1(uuid, uuid, text),
    public.assets_tsquery_v1(uuid, jsonb),
    public.assets_where_v1(uuid, jsonb, uuid[]),
    public.assets_common_v1(uuid, jsonb),
    public.assets_selected_v1(uuid, jsonb, uuid[], uuid, integer),
    public.assets_page_v1(jsonb, uuid, integer),
    public.assets_count_v1(jsonb, integer),
    public.assets_selection_count_v1(jsonb, integer),
    public.assets_facets_v1()
from public;
grant execute on function
    public.assets_page_v1(jsonb, uuid, integer),
    public.assets_count_v1(jsonb, integer),
    public.assets_selection_count_v1(jsonb, integer),
    public.assets_facets_v1()
to packshot_member;
