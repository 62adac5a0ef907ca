-- What a conversation needs beside its batches: words used again, and how long models take here.

alter table public.generation_snippet
    add constraint generation_snippet_name check (length(btrim(name)) between 1 and 80),
    add constraint generation_snippet_text check (length(btrim(text)) between 1 and 2000);
alter table public.generation_batch
    add constraint generation_batch_styles check (styles between 0 and jsonb_array_length("references"));

-- A person's own prompts, newest first.
create index generation_batch_of_person on public.generation_batch (organization_id, created_by, id desc);
-- The last work of a model, whoever ordered it.
create index generation_batch_of_model on public.generation_batch (model, created_at desc);

alter table public.generation_snippet enable row level security;
create policy member_reads on public.generation_snippet for select to packshot_member
    using (organization_id = (select app.organization_id()));
grant select on public.generation_snippet to packshot_member;

-- What was sent was what had been asked for.
update public.generation_batch set asked = prompt;
