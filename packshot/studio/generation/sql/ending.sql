-- Requests when an organization is taken out, and when it ends.

-- Each request with what became of its jobs, behind the key `p_after`: for the ZIP of everything. What providers bill us
-- and which of them was asked is not in it.
create or replace function public.generation_takeout_v1(p_organization uuid, p_after text, p_limit integer)
returns table (key text, line jsonb)
language sql stable security definer set search_path = ''
as $$
    select g.id::text, jsonb_build_object(
        'id', g.id, 'board_id', g.board_id, 'created_by', g.created_by, 'created_at', g.created_at,
        'operation', g.operation, 'model', g.model, 'asked', g.asked, 'prompt', g.prompt, 'negative', g.negative,
        'ratio', g.ratio, 'size', g.size, 'seed', g.seed, 'references', g."references", 'parameters', g.parameters,
        'jobs', coalesce((
            select jsonb_agg(jsonb_build_object(
                'id', j.id, 'state', j.state, 'price', j.price, 'charged', j.charged, 'returned', j.returned,
                'created_at', j.created_at, 'finished_at', j.finished_at, 'asset_id', j.asset_id,
                'error', j.error_message, 'text', t.text) order by j.id)
            from public.generation_job as j
            left join public.generation_text as t on t.organization_id = j.organization_id and t.job_id = j.id
            where j.organization_id = g.organization_id and j.batch_id = g.id
        ), '[]'))
    from public.generation_batch as g
    where g.organization_id = p_organization
        and g.id > coalesce(nullif(p_after, '')::uuid, '00000000-0000-0000-0000-000000000000'::uuid)
    order by g.id
    limit p_limit
$$;

-- Words that are kept in an organization that ends: its snippets, and what was asked for beside any board. What was paid
-- for stays, as where a board ends. False while work is under way: call again.
create or replace function public.generation_end_organization_v1(p_organization uuid) returns boolean
language plpgsql security definer set search_path = ''
as $$
begin
    if exists (
        select from public.generation_job as j where j.organization_id = p_organization and j.finished_at is null
    ) then
        return false;
    end if;
    delete from public.generation_snippet as s where s.organization_id = p_organization;
    delete from public.generation_limit as l where l.organization_id = p_organization;
    delete from public.generation_text as t where t.organization_id = p_organization;
    update public.generation_batch as g set
        prompt = '', asked = '', negative = '', refers_to = null, "references" = '[]', styles = 0, parameters = '{}'
    where g.organization_id = p_organization;
    return true;
end
$$;

revoke execute on function
    public.generation_takeout_v1(uuid, text, integer),
    public.generation_end_organization_v1(uuid)
from public;
grant execute on function
    public.generation_takeout_v1(uuid, text, integer),
    public.generation_end_organization_v1(uuid)
to packshot_worker;
