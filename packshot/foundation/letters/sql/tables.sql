-- Letters: nobody but the functions reads or writes them. No member is granted anything; the policy stands for the day
-- when somebody is.

alter table public.letters_letter
    add constraint letters_letter_organization foreign key (organization_id)
        references public.organizations_organization (id) on delete cascade,
    add constraint letters_letter_sent check (sent_at is null or due_at is null);
create unique index letters_letter_once on public.letters_letter (organization_id, key, user_id);
create index letters_letter_due on public.letters_letter (due_at) where due_at is not null;

alter table public.letters_letter enable row level security;
create policy addressee_reads on public.letters_letter for select to packshot_member
    using (organization_id = (select app.organization_id()) and user_id = (select app.user_id()));
