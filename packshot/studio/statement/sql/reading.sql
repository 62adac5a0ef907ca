-- Reading the statement. The organization and the person are the claims'. Owners and admins see everybody's lines; a
-- member sees their own, and what came in or ran out, which is everybody's balance. What lies on a board that the
-- person does not see is told by its amount alone.

-- A page of the history, newest first, below `p_before`; `p_filter` is any of
-- {"kinds": [..], "member", "board", "model", "since": date, "until": date}.
create or replace function public.statement_lines_v1(p_filter jsonb, p_before bigint, p_limit integer)
returns table (
    seq bigint, kind text, amount bigint, available_after bigint, held_after bigint, debt_after bigint, at timestamptz,
    lot_source text, note jsonb, member_id uuid, batch_id uuid, board_id uuid, board_title text, board_slug text,
    inbox boolean, model text, operation text, asked text, asset_id uuid, hidden boolean
)
language plpgsql stable security definer
set search_path = ''
set enable_seqscan = off
set jit = off
as $$
declare
    v_organization uuid := app.require_organization();
    v_me uuid := app.user_id();
    v_scopes text[] := case when app.role() in ('owner', 'admin') then array['true'] else array[
        'l.member_id = $2',
        'l.kind not in (''reserve'', ''debit'', ''release'', ''refund'') and l.member_id is distinct from $2'
    ] end;
    v_where text := 'l.organization_id = $1 and l.seq < $3';
    v_before bigint := coalesce(p_before, 9223372036854775807);
    v_since bigint := 0;
    v_until bigint;
    v_query text;
begin
    if p_filter ? 'since' then
        select min(d.first_seq) into v_since from (
            select x.first_seq from public.statement_date as x
            where x.organization_id = v_organization and x.day >= (p_filter ->> 'since')::date
            order by x.day limit 1
        ) as d;
        v_since := coalesce(v_since, v_before);
        v_where := v_where || ' and l.seq >= $4';
    end if;
    if p_filter ? 'until' then
        select x.first_seq into v_until from public.statement_date as x
        where x.organization_id = v_organization and x.day > (p_filter ->> 'until')::date
        order by x.day limit 1;
        v_before := least(v_before, coalesce(v_until, v_before));
    end if;
    if p_filter ? 'kinds' then
        -- Written into the query, so that the planner knows when the index of the rare kinds is enough.
        select v_where || format(' and l.kind in (%s)', coalesce(string_agg(quote_literal(k), ', '), 'null'))
        into v_where from jsonb_array_elements_text(p_filter -> 'kinds') as k;
    end if;
    if p_filter ? 'member' then
        v_where := v_where || ' and l.member_id = ($5 ->> ''member'')::uuid';
    end if;
    if p_filter ? 'board' then
        v_where := v_where || ' and l.board_id = ($5 ->> ''board'')::uuid';
    end if;
    if p_filter ? 'model' then
        v_where := v_where || ' and l.model = $5 ->> ''model''';
    end if;
    select string_agg(format(
        '(select l.* from public.statement_line as l where %s and %s order by l.seq desc limit $6)', v_where, s
    ), ' union all ') into v_query from unnest(v_scopes) as s;
    return query execute
        'with page as materialized (select * from (' || v_query || ') as p order by p.seq desc limit $6),
        hidden as materialized (select app.hidden_boards() as boards)
        select
            p.seq, p.kind::text, e.amount, e.available_after, e.held_after, e.debt_after, e.at, o.source::text, e.note,
            p.member_id, p.batch_id, case when h.seen then p.board_id end, b.title::text, b.slug::text,
            coalesce(b.kind = ''inbox'', false), p.model::text, p.operation::text, g.asked, j.asset_id, not h.seen
        from page as p
        join public.credits_entry as e
            on e.organization_id = $1 and e.wallet_id = $1 and e.seq = p.seq
        left join public.credits_lot as o on o.organization_id = $1 and o.id = e.lot_id
        cross join hidden as x
        cross join lateral (select p.board_id is null or p.board_id <> all (x.boards) as seen) as h
        left join public.boards_board as b
            on h.seen and b.organization_id = $1 and b.id = p.board_id and b.deleted_at is null
        left join public.generation_batch as g on h.seen and g.organization_id = $1 and g.id = p.batch_id
        left join public.generation_job as j on h.seen and j.organization_id = $1 and j.id = p.job_id
        order by p.seq desc'
    using v_organization, v_me, v_before, v_since, p_filter, p_limit;
end
$$;

-- What was charged less what was refunded, from day to day, summed in each of the five ways; the four columns that a
-- row is not about are null.
create or replace function public.statement_usage_v1(p_since date, p_until date)
returns table (day date, model text, operation text, member_id uuid, board_id uuid, spent bigint)
language plpgsql stable security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_me uuid := case when app.role() in ('owner', 'admin') then null else app.user_id() end;
begin
    return query
        select d.day, d.model::text, d.operation::text, d.member_id, d.board_id, sum(d.spent)::bigint
        from public.statement_day as d
        where d.organization_id = v_organization and d.day between p_since and p_until
            and (v_me is null or d.member_id = v_me)
        group by grouping sets ((d.day), (d.model), (d.operation), (d.member_id), (d.board_id));
end
$$;

-- What the whole organization used on each day that it used something: how fast the wallet empties is everybody's.
create or replace function public.statement_pace_v1(p_since date)
returns table (day date, spent bigint)
language sql stable security definer set search_path = ''
as $$
    select d.day, sum(d.spent)::bigint
    from public.statement_day as d
    where d.organization_id = app.require_organization() and d.day >= p_since
    group by d.day
$$;

-- The first day with an entry: nothing is to be said about the pace before it.
create or replace function public.statement_first_day_v1() returns date
language sql stable security definer set search_path = ''
as $$
    select d.day from public.statement_date as d
    where d.organization_id = app.require_organization() order by d.day limit 1
$$;

-- The boards of these ids that the person sees, with their names.
create or replace function public.statement_boards_v1(p_boards jsonb)
returns table (id uuid, title text, inbox boolean)
language sql stable security definer set search_path = ''
as $$
    select b.id, b.title::text, b.kind = 'inbox'
    from public.boards_board as b
    where b.organization_id = app.require_organization() and b.id = any(array(select jsonb_array_elements_text(p_boards)::uuid)) and b.deleted_at is null
        and b.id <> all (app.hidden_boards())
$$;

revoke execute on function
    public.statement_lines_v1(jsonb, bigint, integer), public.statement_usage_v1(date, date),
    public.statement_pace_v1(date), public.statement_first_day_v1(), public.statement_boards_v1(jsonb)
from public;
grant execute on function
    public.statement_lines_v1(jsonb, bigint, integer), public.statement_usage_v1(date, date),
    public.statement_pace_v1(date), public.statement_first_day_v1(), public.statement_boards_v1(jsonb)
to packshot_member;
