-- What pages read of boards where rows alone do not say it: the acting person's role, numbers, covers, and what was done.

-- The board at an address as the acting person sees it; no row where there is none to be seen.
create or replace function public.boards_find_v1(p_slug text)
returns table (
    id uuid, slug text, title text, kind text, audience text, description text, updated_at timestamptz,
    archived_at timestamptz, cover_asset_id uuid, role text
)
language sql stable security definer set search_path = ''
as $$
    select
        b.id, b.slug::text, b.title::text, b.kind::text, b.audience::text, b.description, b.updated_at,
        b.archived_at, b.cover_asset_id, r.role
    from public.boards_board as b
    cross join lateral app.board_role_of(b.organization_id, app.user_id(), b.id) as r (role)
    where b.organization_id = app.require_organization() and b.slug = p_slug and r.role is not null
$$;

-- A page of the boards on a shelf (active, archived, trash) but for the inbox, by `recent` or `name`, those with all
-- the words of a text in title or description. `p_after_key` and `p_after` are the last row's key and id of the page
-- before. Pictures are counted up to 1,001. The cover is the chosen picture while it is there, else one of the latest,
-- a made one before an uploaded one.
create or replace function public.boards_list_v1(
    p_shelf text, p_text text, p_sort text, p_after_key text, p_after uuid, p_limit integer
)
returns table (
    id uuid, slug text, title text, kind text, audience text, description text, updated_at timestamptz,
    archived_at timestamptz, cover_asset_id uuid, role text,
    deleted_at timestamptz, deleted_by uuid, days_left integer, key text, pictures integer, running integer, cover uuid
)
language plpgsql stable security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_words text[] := string_to_array(regexp_replace(btrim(lower(p_text)), '\s+', ' ', 'g'), ' ');
    v_shelf text := case p_shelf
        when 'active' then 'b.deleted_at is null and b.archived_at is null and b.id <> all ($6)'
        when 'archived' then 'b.deleted_at is null and b.archived_at is not null and b.id <> all ($6)'
        when 'trash' then 'b.deleted_at is not null and public.boards_may_restore_v1(b)'
    end;
    v_after text := case
        when p_after is null then 'true'
        when p_sort = 'name' then '(lower(b.title), b.id) > ($3, $4)'
        else '(b.updated_at, b.id) < ($3::timestamptz, $4)'
    end;
    v_order text := case when p_sort = 'name' then 'lower(b.title), b.id' else 'b.updated_at desc, b.id desc' end;
    v_key text := case when p_sort = 'name' then 'lower(b.title)' else 'b.updated_at::text' end;
begin
    return query execute format(
        $q$
        select
            p.id, p.slug::text, p.title::text, p.kind::text, p.audience::text, p.description, p.updated_at,
            p.archived_at, p.cover_asset_id, app.board_role_of(p.organization_id, app.user_id(), p.id),
            p.deleted_at, p.deleted_by,
            greatest(1, ceil(extract(epoch from p.deleted_at + interval '30 days' - now()) / 86400))::integer,
            p.key, c.pictures, c.running, c.cover
        from (
            select b.*, %4$s as key from public.boards_board as b
            where b.organization_id = $1 and b.kind = 'board' and %1$s and %2$s
                and not exists (
                    select from unnest($2) as w (word)
                    where position(w.word in lower(b.title || ' ' || b.description)) = 0
                )
            order by %3$s
            limit $5
        ) as p
        cross join lateral public.boards_numbers_v1(p.organization_id, p.id, p.cover_asset_id) as c
        order by %5$s
        $q$,
        v_shelf, v_after, v_order, v_key, replace(v_order, 'b.', 'p.')
    )
    using v_organization, coalesce(v_words, '{}'), p_after_key, p_after, p_limit, app.hidden_boards();
end
$$;

-- How many pictures lie on a board (up to 1,001), how many are being made for it, and the picture it is known by.
create or replace function public.boards_numbers_v1(p_organization uuid, p_board uuid, p_cover uuid)
returns table (pictures integer, running integer, cover uuid)
language sql stable security definer set search_path = ''
as $$
    select
        (
            select count(*)::integer from (
                select from public.assets_asset as a
                where a.organization_id = p_organization and a.board_id = p_board
                    and a.deleted_at is null and a.state = 'ready'
                limit 1001
            ) as n
        ),
        (
            select count(*)::integer
            from (
                select j.batch_id from public.generation_job as j
                where j.organization_id = p_organization and j.released and j.finished_at is null
                union all
                select j.batch_id from public.generation_job as j
                where j.organization_id = p_organization and not j.released and j.finished_at is null
            ) as l
            join public.generation_batch as g on g.organization_id = p_organization and g.id = l.batch_id
            where g.board_id = p_board and g.operation not in ('describe', 'reply')
        ),
        coalesce(
            (
                select a.id from public.assets_asset as a
                where a.organization_id = p_organization and a.id = p_cover and a.board_id = p_board
                    and a.deleted_at is null and a.state = 'ready'
            ),
            (
                select n.id from (
                    select a.id, a.origin from public.assets_asset as a
                    where a.organization_id = p_organization and a.board_id = p_board
                        and a.deleted_at is null and a.state = 'ready'
                    order by a.id desc
                    limit 100
                ) as n
                order by n.origin = 'generated' desc, n.id desc
                limit 1
            )
        )
$$;

-- The organization's inbox with its numbers; no row while nothing has ever come without a board.
create or replace function public.boards_inbox_card_v1()
returns table (
    id uuid, slug text, title text, kind text, audience text, description text, updated_at timestamptz,
    archived_at timestamptz, cover_asset_id uuid, role text,
    deleted_at timestamptz, deleted_by uuid, days_left integer, key text, pictures integer, running integer, cover uuid
)
language sql stable security definer set search_path = ''
as $$
    select
        b.id, b.slug::text, b.title::text, b.kind::text, b.audience::text, b.description, b.updated_at,
        b.archived_at, b.cover_asset_id, app.board_role_of(b.organization_id, app.user_id(), b.id),
        b.deleted_at, b.deleted_by, null::integer, '', c.pictures, c.running, c.cover
    from public.boards_board as b
    cross join lateral public.boards_numbers_v1(b.organization_id, b.id, b.cover_asset_id) as c
    where b.organization_id = app.require_organization() and b.kind = 'inbox'
$$;

-- What was done on a board, the latest first: its activity, and its requests with their pictures folded in. Both have
-- ids ordered by time; `p_before` is the last one of the page before.
create or replace function public.boards_activity_v1(p_slug text, p_before uuid, p_limit integer)
returns table (id uuid, at timestamptz, actor_id uuid, verb text, subject jsonb, pictures uuid[])
language plpgsql stable security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_id uuid := public.boards_at_v1(p_slug, 'viewer');
begin
    return query
    select l.id, l.at, l.actor_id, l.verb, l.subject, l.pictures
    from (
        (
            select
                a.id, a.created_at as at, a.actor_id, a.verb::text, a.subject,
                array_remove(array[(a.subject ->> 'asset')::uuid], null) as pictures
            from public.boards_activity as a
            where a.organization_id = v_organization and a.board_id = v_id
                and (p_before is null or a.id < p_before)
            order by a.id desc
            limit p_limit
        )
        union all
        (
            select
                g.id, g.created_at, g.created_by, 'generated',
                jsonb_build_object(
                    'operation', g.operation, 'prompt', left(g.prompt, 200), 'asked', t.asked, 'made', t.made),
                t.pictures
            from public.generation_batch as g
            cross join lateral (
                select
                    count(*) as asked,
                    count(*) filter (where j.state = 'succeeded') as made,
                    coalesce(
                        (array_agg(j.asset_id order by j.index) filter (where j.asset_id is not null))[1:4], '{}'
                    ) as pictures
                from public.generation_job as j
                where j.organization_id = g.organization_id and j.batch_id = g.id and j.current
            ) as t
            where g.organization_id = v_organization and g.board_id = v_id
                and (p_before is null or g.id < p_before)
            order by g.id desc
            limit p_limit
        )
    ) as l
    order by l.id desc
    limit p_limit;
end
$$;

revoke execute on function
    public.boards_find_v1(text),
    public.boards_list_v1(text, text, text, text, uuid, integer),
    public.boards_numbers_v1(uuid, uuid, uuid),
    public.boards_inbox_card_v1(),
    public.boards_activity_v1(text, uuid, integer)
from public;
grant execute on function
    public.boards_find_v1(text),
    public.boards_list_v1(text, text, text, text, uuid, integer),
    public.boards_inbox_card_v1(),
    public.boards_activity_v1(text, uuid, integer)
to packshot_member;
