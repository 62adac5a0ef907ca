-- Whose job a callback is about: callbacks know the first word of a reference, the provider's name for the job.
drop index public.generation_job_ref;
create unique index generation_job_ref on public.generation_job (provider, split_part(provider_ref, ' ', 1))
    where provider_ref is not null;
