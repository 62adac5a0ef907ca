-- What jobs have written: one text a job, read by those who see the job. Written by sql/settle.sql alone.

alter table public.generation_text
    add constraint generation_text_job foreign key (organization_id, job_id)
        references public.generation_job (organization_id, id),
    add constraint generation_text_size check (octet_length(text) between 1 and 20000);

-- The words that were written for a picture, the latest first.
create index generation_batch_words on public.generation_batch (organization_id, refers_to, id desc)
    where operation = 'describe';

alter table public.generation_text enable row level security;
create policy member_reads on public.generation_text for select to packshot_member
    using (
        organization_id = (select app.organization_id())
        and exists (
            select from public.generation_job as j
            where j.organization_id = generation_text.organization_id and j.id = generation_text.job_id
        )
    );
grant select on public.generation_text to packshot_member;
