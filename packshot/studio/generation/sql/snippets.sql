-- The commands of members on snippets: they are the whole organization's.

-- Keep words under a name. The same id again changes nothing, so that a form sent twice keeps one snippet and an undo
-- puts back what was deleted.
create or replace function public.generation_snippet_save_v1(p_id uuid, p_name text, p_text text) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_most constant integer := 200;
begin
    if length(btrim(coalesce(p_name, ''))) not between 1 and 80 then
        raise exception 'A name has 1 to 80 characters.' using errcode = 'PX422';
    elsif length(btrim(coalesce(p_text, ''))) not between 1 and 2000 then
        raise exception 'A snippet has 1 to 2,000 characters.' using errcode = 'PX422';
    elsif (select count(*) from public.generation_snippet as s where s.organization_id = v_organization) >= v_most then
        raise exception 'There are 200 snippets already. Delete one first.' using errcode = 'PX409';
    end if;
    insert into public.generation_snippet (organization_id, id, name, text, created_by)
    values (v_organization, p_id, btrim(p_name), btrim(p_text), app.user_id())
    on conflict (organization_id, id) do nothing;
end
$$;

-- Give a snippet another name; the one it had is returned, so that the change can be undone.
create or replace function public.generation_snippet_rename_v1(p_id uuid, p_name text) returns text
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_before text;
begin
    select s.name into v_before from public.generation_snippet as s
    where s.organization_id = v_organization and s.id = p_id
    for no key update;
    if not found then
        raise exception 'There is no such snippet.' using errcode = 'PX404';
    elsif length(btrim(coalesce(p_name, ''))) not between 1 and 80 then
        raise exception 'A name has 1 to 80 characters.' using errcode = 'PX422';
    end if;
    update public.generation_snippet set name = btrim(p_name)
    where organization_id = v_organization and id = p_id;
    return v_before;
end
$$;

-- Delete a snippet; what it was is returned: {"name", "text"}.
create or replace function public.generation_snippet_delete_v1(p_id uuid) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_gone jsonb;
begin
    delete from public.generation_snippet as s
    where s.organization_id = v_organization and s.id = p_id
    returning jsonb_build_object('name', s.name, 'text', s.text) into v_gone;
    if v_gone is null then
        raise exception 'There is no such snippet.' using errcode = 'PX404';
    end if;
    return v_gone;
end
$$;

-- How long one picture of each model takes here: {model: {"p20", "p80"}} in seconds, over the last 50 that were made,
-- for models of which there are at least five. Figures of the whole installation; they tell nothing of anybody's work.
create or replace function public.generation_typical_v1() returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
    perform app.require_organization();
    return (
        with recursive model (id) as (
            (select b.model from public.generation_batch as b order by b.model limit 1)
            union all
            select (
                select b.model from public.generation_batch as b where b.model > m.id order by b.model limit 1
            )
            from model as m
            where m.id is not null
        )
        select coalesce(jsonb_object_agg(m.id, jsonb_build_object('p20', t.p20, 'p80', t.p80)), '{}')
        from model as m
        cross join lateral (
            select
                count(*) as n,
                percentile_cont(0.2) within group (order by l.took_s) as p20,
                percentile_cont(0.8) within group (order by l.took_s) as p80
            from (
                select extract(epoch from j.finished_at - j.started_at)::double precision as took_s
                from (
                    select b.organization_id, b.id from public.generation_batch as b
                    where b.model = m.id
                    order by b.created_at desc
                    limit 100
                ) as b
                join public.generation_job as j on j.organization_id = b.organization_id and j.batch_id = b.id
                where j.state = 'succeeded' and not j.late
                order by j.finished_at desc
                limit 50
            ) as l
        ) as t
        where m.id is not null and t.n >= 5
    );
end
$$;

revoke execute on function
    public.generation_snippet_save_v1(uuid, text, text),
    public.generation_snippet_rename_v1(uuid, text),
    public.generation_snippet_delete_v1(uuid),
    public.generation_typical_v1()
from public;
grant execute on function
    public.generation_snippet_save_v1(uuid, text, text),
    public.generation_snippet_rename_v1(uuid, text),
    public.generation_snippet_delete_v1(uuid),
    public.generation_typical_v1()
to packshot_member;
