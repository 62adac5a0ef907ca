-- Limits of the whole installation.

-- Micro-dollars that providers may bill us for what was ordered since midnight UTC. The caller holds the lock that
-- `generation_submit_v1` takes, so that two orders never both take what is left. A job counts with the most that it
-- may cost until it ends, and then with what it did.
create or replace function public.generation_spent_v1() returns bigint
language plpgsql stable security definer set search_path = ''
as $$
begin
    return (
        select coalesce(sum(j.cost), 0)::bigint
        from public.generation_job as j
        where j.cost > 0 and j.created_at >= date_trunc('day', now(), 'UTC')
    );
end
$$;

-- What a job has cost us at its end. Nothing when it was never sent or was refused; what its model's rule says of the
-- provider's own count when it succeeded; and the most that it may have cost when nobody can know.
create or replace function public.generation_final_cost_v1(p_job public.generation_job, p_end jsonb) returns bigint
language sql immutable set search_path = ''
as $$
    select case
        when p_job.cost = 0 or (p_job.submit_started_at is null and p_job.provider_ref is null) then 0
        when p_end ->> 'outcome' = 'succeeded' then
            least(p_job.cost, coalesce((p_end ->> 'cost')::bigint, p_job.cost))
        when p_end ->> 'code' in (
            'content_policy', 'invalid_input', 'provider_unavailable', 'rate_limited', 'quota_exhausted'
        ) then 0
        else p_job.cost
    end
$$;

revoke execute on function
    public.generation_spent_v1(),
    public.generation_final_cost_v1(public.generation_job, jsonb)
from public;
grant execute on function public.generation_spent_v1() to packshot_web, packshot_worker;
