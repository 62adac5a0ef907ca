-- Keys: made, rotated and revoked by those who run the workspace. A key acts as its maker, so nobody is ever given one
-- of somebody else's: rotating is for the maker alone, revoking for everybody who runs it.

-- Make a key: {"id", "name", "shown", "hash", "scopes": [], "networks": [], "version", "expires_at"|null}.
create or replace function public.apikeys_make_v1(p jsonb) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.hold_organization('admin');
    v_expires timestamptz := (p ->> 'expires_at')::timestamptz;
begin
    perform app.require_staying(v_organization);
    if v_expires <= clock_timestamp() then
        raise exception 'A key ends in the future.' using errcode = 'PX422';
    elsif exists (
        select from public.apikeys_key as k where k.organization_id = v_organization and k.id = (p ->> 'id')::uuid
    ) then
        raise exception 'This key was made already, and is not shown again.' using errcode = 'PX409';
    elsif (
        select count(*) from public.apikeys_key as k
        where k.organization_id = v_organization and k.revoked_at is null
            and (k.expires_at is null or k.expires_at > clock_timestamp())
    ) >= 100 then
        raise exception 'There are 100 keys already. Revoke those that nobody uses.' using errcode = 'PX409';
    end if;
    insert into public.apikeys_key (
        organization_id, id, made_by, name, shown, hash, scopes, networks, version, expires_at
    )
    values (
        v_organization, (p ->> 'id')::uuid, app.user_id(), p ->> 'name', p ->> 'shown', p ->> 'hash',
        array(select jsonb_array_elements_text(p -> 'scopes')),
        array(select each::cidr::text from jsonb_array_elements_text(p -> 'networks') as each),
        p ->> 'version', v_expires
    );
    perform public.audit_record_v1(
        v_organization, app.user_id(), 'key.made', p ->> 'name',
        jsonb_build_object('key', p -> 'id', 'shown', p -> 'shown', 'scopes', p -> 'scopes'));
end
$$;

-- One of the acting organization's keys, held; an error where there is none that still works.
create or replace function public.apikeys_hold_v1(p_id uuid) returns public.apikeys_key
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_organization uuid := app.hold_organization('admin');
    v_found public.apikeys_key;
begin
    select k.* into v_found from public.apikeys_key as k
    where k.organization_id = v_organization and k.id = p_id
    for no key update;
    if v_found.id is null then
        raise exception 'There is no such key.' using errcode = 'PX404';
    end if;
    return v_found;
end
$$;

-- Replace a key of one's own: {"id", "shown", "hash"} of the new one, which may do the same and lives as long as the old
-- one was meant to; the old one works for `p_overlap` hours more.
create or replace function public.apikeys_rotate_v1(p_id uuid, p_new jsonb, p_overlap integer) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    v_old public.apikeys_key := public.apikeys_hold_v1(p_id);
    v_now timestamptz := clock_timestamp();
begin
    if v_old.made_by <> app.user_id() then
        raise exception 'A key acts as whoever made it, so only they can rotate it. You can revoke it, and make your own.'
            using errcode = 'PX403';
    elsif v_old.revoked_at is not null or v_old.expires_at <= v_now then
        raise exception 'This key does not work any more. Make a new one.' using errcode = 'PX409';
    elsif v_old.replaced_by is not null then
        raise exception 'This key was rotated already.' using errcode = 'PX409';
    end if;
    insert into public.apikeys_key (
        organization_id, id, made_by, name, shown, hash, scopes, networks, version, expires_at
    )
    values (
        v_old.organization_id, (p_new ->> 'id')::uuid, v_old.made_by, v_old.name, p_new ->> 'shown',
        p_new ->> 'hash', v_old.scopes, v_old.networks, v_old.version,
        v_now + (v_old.expires_at - v_old.created_at)
    );
    update public.apikeys_key as k
    set replaced_by = (p_new ->> 'id')::uuid,
        expires_at = least(k.expires_at, v_now + make_interval(hours => p_overlap))
    where k.organization_id = v_old.organization_id and k.id = p_id;
    perform public.audit_record_v1(
        v_old.organization_id, app.user_id(), 'key.rotated', v_old.name,
        jsonb_build_object('key', p_id, 'shown', v_old.shown, 'new', p_new -> 'id', 'hours', p_overlap));
end
$$;

-- Revoke a key: from the commit on it opens nothing. Again, it stays as it is.
create or replace function public.apikeys_revoke_v1(p_id uuid) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    v_found public.apikeys_key := public.apikeys_hold_v1(p_id);
begin
    if v_found.revoked_at is not null then
        return;
    end if;
    update public.apikeys_key as k set revoked_at = clock_timestamp()
    where k.organization_id = v_found.organization_id and k.id = p_id;
    perform public.audit_record_v1(
        v_found.organization_id, app.user_id(), 'key.revoked', v_found.name,
        jsonb_build_object('key', p_id, 'shown', v_found.shown));
end
$$;

revoke execute on function
    public.apikeys_make_v1(jsonb),
    public.apikeys_hold_v1(uuid),
    public.apikeys_rotate_v1(uuid, jsonb, integer),
    public.apikeys_revoke_v1(uuid)
from public;
grant execute on function
    public.apikeys_make_v1(jsonb),
    public.apikeys_rotate_v1(uuid, jsonb, integer),
    public.apikeys_revoke_v1(uuid)
to packshot_member;
