-- Functions of the database, made anew at every migration; so they are edited in place.

-- An id that grows with the time it is given: milliseconds since 1970, above 16 bits of a sequence.
create or replace function next_id(at timestamptz) returns bigint language sql volatile as $$
    select (extract(epoch from at) * 1000)::bigint << 16 | (nextval('id_tail') & 65535)
$$;

-- However a token ends (revoked, with its app, with its account), every process hears of it and closes
-- what it had opened: see storage/events.py.
create or replace function token_ended() returns trigger language plpgsql as $$
begin
    perform pg_notify('beckon_events', format('["revoked",%s,[],""]', old.id));
    return null;
end
$$;
create or replace trigger token_ended after delete on tokens
    for each row execute function token_ended();

-- Kilometres between two places in degrees, along the surface (haversine; a sphere of the mean radius of
-- IUGG, which is wrong by 0.5 % at most). least(): rounding may pass 1 at the other side of the globe.
create or replace function distance_km(
    lat1 double precision, lon1 double precision, lat2 double precision, lon2 double precision
) returns double precision language sql immutable parallel safe as $$
    select 2 * 6371.0088 * asin(least(1, sqrt(
        power(sin(radians(lat2 - lat1) / 2), 2)
        + cos(radians(lat1)) * cos(radians(lat2)) * power(sin(radians(lon2 - lon1) / 2), 2))))
$$;
