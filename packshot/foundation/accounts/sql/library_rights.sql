-- The tables of the libraries that know people: like our own identity tables, the web login's alone.
grant select, insert, update, delete on
    public.account_emailaddress,
    public.account_emailconfirmation,
    public.usersessions_usersession,
    public.mfa_authenticator,
    public.django_session
to packshot_web;

-- The cache that all web processes share; limits on signing in count here. Unlogged: writing it waits for no
-- disk, and after a crash it is empty, which only gives everybody their tries back.
create unlogged table public.web_cache (
    cache_key varchar(255) primary key,
    value text not null,
    expires timestamptz not null
);
create index web_cache_expires on public.web_cache (expires);
grant select, insert, update, delete on public.web_cache to packshot_web;
