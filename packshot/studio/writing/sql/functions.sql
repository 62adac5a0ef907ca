-- The commands of members on what a model has written.

-- Say no to what this job's reply proposes, or take that back. What is being made is not declined any more.
create or replace function public.writing_decline_v1(p_job uuid, p_declined boolean) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_batch uuid;
begin
    select j.batch_id into v_batch
    from public.generation_job as j
    where j.organization_id = v_organization and j.id = p_job;
    perform public.generation_require_editor_v1(v_batch);
    if not p_declined then
        delete from public.writing_declined as d where d.organization_id = v_organization and d.job_id = p_job;
    elsif exists (
        select from public.generation_batch as b
        where b.organization_id = v_organization and b.key = 'proposal:' || p_job
    ) then
        raise exception 'This was ordered already. Cancel it where it is made.' using errcode = 'PX409';
    else
        insert into public.writing_declined (organization_id, job_id, declined_by)
        select j.organization_id, j.id, app.user_id()
        from public.generation_job as j
        join public.generation_batch as b on b.organization_id = j.organization_id and b.id = j.batch_id
        where j.organization_id = v_organization and j.id = p_job and b.operation = 'reply'
        on conflict (organization_id, job_id) do nothing;
    end if;
    perform public.generation_tell_v1(array[v_organization], array[v_batch]);
end
$$;

revoke execute on function public.writing_decline_v1(uuid, boolean) from public;
grant execute on function public.writing_decline_v1(uuid, boolean) to packshot_member;
