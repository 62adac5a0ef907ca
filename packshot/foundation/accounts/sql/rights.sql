-- Identity belongs to no organization: the web login itself reads and writes it, the worker never does.
grant select, insert, update, delete on public.accounts_user to packshot_web;
grant select (id, email, name, is_active) on public.accounts_user to packshot_worker;
