-- What the operator has changed of the catalogue, by model: {"off": bool, "price": rule | null}.
create or replace function public.generation_model_settings_v1() returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
    return (
        select coalesce(jsonb_object_agg(m.model, jsonb_build_object('off', m.off, 'price', m.price)), '{}')
        from public.generation_modelsetting as m
    );
end
$$;

revoke execute on function public.generation_model_settings_v1() from public;
grant execute on function public.generation_model_settings_v1() to packshot_web, packshot_worker, packshot_member;
