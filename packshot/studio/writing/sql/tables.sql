-- Who may read what was decided: whoever sees the job that wrote the reply.

alter table public.writing_declined
    add constraint writing_declined_job foreign key (organization_id, job_id)
        references public.generation_job (organization_id, id);

alter table public.writing_declined enable row level security;
create policy member_reads on public.writing_declined for select to packshot_member
    using (
        organization_id = (select app.organization_id())
        and exists (
            select from public.generation_job as j
            where j.organization_id = writing_declined.organization_id and j.id = writing_declined.job_id
        )
    );
grant select on public.writing_declined to packshot_member;
